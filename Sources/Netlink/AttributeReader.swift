/// Calls `body` with each attribute of a payload: its type without flags, and its content.
///
/// Total: an attribute that claims more than there is, or less than its own header, ends the walk,
/// and nothing is read out of bounds. Unknown attributes are the caller's to pass over.
package func forEachAttribute(
    in payload: borrowing Span<UInt8>,
    _ body: (_ type: UInt16, _ content: Span<UInt8>) -> Void
) {
    var offset = 0
    while payload.count - offset >= 4 {
        let length = Int(payload.extracting(offset..<offset + 2).number(as: UInt16.self))
        let type = payload.extracting(offset + 2..<offset + 4).number(as: UInt16.self)
        guard length >= 4, length <= payload.count - offset else { return }
        // The two upper bits say "nested" and "network byte order".
        body(type & 0x3fff, payload.extracting(offset + 4..<offset + length))
        offset += (length + 3) & ~3
    }
}

extension Span where Element == UInt8 {
    /// The number at the start, in the byte order of this machine.
    ///
    /// A shorter attribute is an older kernel's, and is read as the number it is.
    package func number<Number: FixedWidthInteger & UnsignedInteger>(
        as type: Number.Type = Number.self
    ) -> Number {
        var value: Number = 0
        for index in 0..<Swift.min(Number.bitWidth / 8, count) {
            #if _endian(little)
            value |= Number(truncatingIfNeeded: self[index]) << Number(8 * index)
            #else
            value = value << 8 | Number(truncatingIfNeeded: self[index])
            #endif
        }
        return value
    }

    /// The 16-bit number at the start, in network byte order.
    package func networkOrderNumber() -> UInt16 {
        count < 2 ? 0 : UInt16(self[0]) << 8 | UInt16(self[1])
    }

    /// The text up to the first NUL byte.
    package func text() -> String {
        var bytes: [UInt8] = []
        for index in indices {
            if self[index] == 0 { break }
            bytes.append(self[index])
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
