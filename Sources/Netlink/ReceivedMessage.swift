/// What stands in front of each received message.
package struct MessageHeader {
    let type: UInt16
    let flags: UInt16
    let sequence: UInt32

    /// The corresponding C constant is `NLMSG_ERROR`.
    private static let error: UInt16 = 2
    /// The corresponding C constant is `NLMSG_DONE`.
    private static let done: UInt16 = 3
    /// The corresponding C constant is `NLM_F_CAPPED`.
    private static let capped: UInt16 = 0x100
    /// The corresponding C constant is `NLM_F_ACK_TLVS`.
    private static let hasAttributes: UInt16 = 0x200

    /// How the request ended: 0 or a positive errno, with the kernel's words; nil when this message
    /// is part of an answer and not its end.
    package func ending(_ payload: Span<UInt8>) -> (code: Int32, text: String?)? {
        guard type == Self.error || type == Self.done else { return nil }
        let code = 0 &- Int32(bitPattern: payload.number(as: UInt32.self))
        guard flags & Self.hasAttributes != 0, let start = attributesStart(payload),
            start <= payload.count
        else { return (code, nil) }
        var text: String?
        forEachAttribute(in: payload.extracting(start..<payload.count)) { type, content in
            // NLMSGERR_ATTR_MSG
            if type == 1 { text = content.text() }
        }
        return (code, text)
    }

    /// Where the attributes of an ending begin.
    ///
    /// At the end of a dump they follow the number. Otherwise the header of the message in question
    /// stands between, and unless the answer is capped that whole message.
    private func attributesStart(_ payload: Span<UInt8>) -> Int? {
        if type == Self.done { return 4 }
        guard payload.count >= 20 else { return nil }
        if flags & Self.capped != 0 { return 20 }
        let echoed = Int(payload.extracting(4..<8).number(as: UInt32.self))
        return 4 + (max(echoed, 16) + 3) & ~3
    }
}

/// Calls `body` with each whole message in the bytes of one read.
package func forEachMessage(
    in bytes: borrowing Span<UInt8>,
    _ body: (MessageHeader, Span<UInt8>) -> Void
) {
    var offset = 0
    while bytes.count - offset >= 16 {
        let length = Int(bytes.extracting(offset..<offset + 4).number(as: UInt32.self))
        guard length >= 16, length <= bytes.count - offset else { return }
        let header = MessageHeader(
            type: bytes.extracting(offset + 4..<offset + 6).number(),
            flags: bytes.extracting(offset + 6..<offset + 8).number(),
            sequence: bytes.extracting(offset + 8..<offset + 12).number()
        )
        body(header, bytes.extracting(offset + 16..<offset + length))
        offset += (length + 3) & ~3
    }
}
