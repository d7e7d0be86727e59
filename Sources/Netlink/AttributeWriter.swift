/// Writes what follows a netlink header: fixed structures, then attributes, padded as they must be.
///
/// Lengths are filled in when an attribute is closed, so offsets never appear at a call site.
package struct AttributeWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    init(reusing bytes: [UInt8]) { self.bytes = bytes }

    mutating func take() -> [UInt8] {
        var taken: [UInt8] = []
        swap(&taken, &bytes)
        return taken
    }

    /// Bytes as they are, for fixed structures.
    package mutating func raw(_ value: UInt8) { bytes.append(value) }

    /// A number in the byte order of this machine.
    package mutating func raw(_ value: UInt16) {
        #if _endian(little)
        bytes.append(UInt8(truncatingIfNeeded: value))
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        #else
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value))
        #endif
    }

    /// A number in the byte order of this machine.
    package mutating func raw(_ value: UInt32) {
        #if _endian(little)
        raw(UInt16(truncatingIfNeeded: value))
        raw(UInt16(truncatingIfNeeded: value >> 16))
        #else
        raw(UInt16(truncatingIfNeeded: value >> 16))
        raw(UInt16(truncatingIfNeeded: value))
        #endif
    }

    /// Zeros.
    package mutating func zeros(_ count: Int) {
        for _ in 0..<count { bytes.append(0) }
    }

    package mutating func attribute(_ type: UInt16, _ value: UInt8) {
        open(type, length: 1)
        raw(value)
        pad()
    }

    package mutating func attribute(_ type: UInt16, _ value: UInt16) {
        open(type, length: 2)
        raw(value)
        pad()
    }

    package mutating func attribute(_ type: UInt16, _ value: UInt32) {
        open(type, length: 4)
        raw(value)
    }

    /// A number in network byte order.
    package mutating func attribute(_ type: UInt16, networkOrder value: UInt16) {
        open(type, length: 2)
        bytes.append(UInt8(truncatingIfNeeded: value >> 8))
        bytes.append(UInt8(truncatingIfNeeded: value))
        pad()
    }

    /// A text with the NUL byte behind it that the kernel expects.
    package mutating func attribute(_ type: UInt16, _ text: String) {
        open(type, length: text.utf8.count + 1)
        bytes.append(contentsOf: text.utf8)
        bytes.append(0)
        pad()
    }

    /// An attribute with any content, of at most 65,531 bytes.
    package mutating func attribute(_ type: UInt16, _ content: (inout AttributeWriter) -> Void) {
        let start = bytes.count
        open(type, length: 0)
        content(&self)
        patch(UInt16(bytes.count - start), at: start)
        pad()
    }

    /// An attribute that holds attributes.
    package mutating func nest(_ type: UInt16, _ content: (inout AttributeWriter) -> Void) {
        attribute(type | Self.nested, content)
    }

    /// The corresponding C constant is `NLA_F_NESTED`.
    private static let nested: UInt16 = 0x8000

    private mutating func open(_ type: UInt16, length: Int) {
        raw(UInt16(4 + length))
        raw(type)
    }

    mutating func pad() {
        while bytes.count & 3 != 0 { bytes.append(0) }
    }

    mutating func patch(_ value: UInt16, at offset: Int) {
        #if _endian(little)
        bytes[offset] = UInt8(truncatingIfNeeded: value)
        bytes[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
        #else
        bytes[offset] = UInt8(truncatingIfNeeded: value >> 8)
        bytes[offset + 1] = UInt8(truncatingIfNeeded: value)
        #endif
    }

    mutating func patch(_ value: UInt32, at offset: Int) {
        #if _endian(little)
        patch(UInt16(truncatingIfNeeded: value), at: offset)
        patch(UInt16(truncatingIfNeeded: value >> 16), at: offset + 2)
        #else
        patch(UInt16(truncatingIfNeeded: value >> 16), at: offset)
        patch(UInt16(truncatingIfNeeded: value), at: offset + 2)
        #endif
    }
}
