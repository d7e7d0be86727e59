@testable import Netlink

/// The bytes of a number in the order of this machine.
func native(_ number: some FixedWidthInteger) -> [UInt8] {
    let number = number.littleEndian
    return (0..<number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
}

/// An attribute as it was read.
struct ReadAttribute: Equatable {
    var type: UInt16
    var content: [UInt8]
}

/// What a walk over the attributes of a payload gives.
func attributes(of payload: [UInt8]) -> [ReadAttribute] {
    var found: [ReadAttribute] = []
    forEachAttribute(in: payload.span) { type, content in
        found.append(ReadAttribute(type: type, content: copy(content)))
    }
    return found
}

func copy(_ span: Span<UInt8>) -> [UInt8] { span.indices.map { span[$0] } }

/// The bytes that a writer has after `body`.
func written(_ body: (inout AttributeWriter) -> Void) -> [UInt8] {
    var writer = AttributeWriter()
    body(&writer)
    return writer.bytes
}

/// A message as it was read.
struct ReadMessage: Equatable {
    var type: UInt16
    var flags: UInt16
    var sequence: UInt32
    var payload: [UInt8]
}

/// What a walk over the messages of one read gives.
func messages(of bytes: [UInt8]) -> [ReadMessage] {
    var found: [ReadMessage] = []
    forEachMessage(in: bytes.span) { header, payload in
        found.append(
            ReadMessage(
                type: header.type,
                flags: header.flags,
                sequence: header.sequence,
                payload: copy(payload)
            )
        )
    }
    return found
}

/// How a request ended.
struct Ending: Equatable {
    var code: Int32
    var text: String?

    init(code: Int32, text: String? = nil) {
        self.code = code
        self.text = text
    }

    /// What a message of a type and with flags says of the end; nil when it is not one.
    init?(type: UInt16, flags: UInt16 = 0, payload: [UInt8]) {
        let header = MessageHeader(type: type, flags: flags, sequence: 0)
        guard let ending = header.ending(payload.span) else { return nil }
        self.init(code: ending.code, text: ending.text)
    }
}
