/// An IPv4 or IPv6 address, without zone.
///
/// Two words and a family rather than an enum of two payloads: 24 bytes instead of 32, and its
/// `Optional` costs nothing more.
package struct IPAddress: Hashable, Sendable, Comparable {
    /// The upper 64 bits of an IPv6 address; 0 for IPv4.
    package let high: UInt64
    /// The lower 64 bits of an IPv6 address, or the 32 bits of an IPv4 address.
    package let low: UInt64
    package let family: AddressFamily

    private init(family: AddressFamily, high: UInt64, low: UInt64) {
        self.family = family
        self.high = high
        self.low = low
    }

    /// An IPv4 address from its number: `0x7f00_0001` is 127.0.0.1.
    package static func ipv4(_ bits: UInt32) -> IPAddress {
        IPAddress(family: .ipv4, high: 0, low: UInt64(bits))
    }

    /// An IPv6 address from its halves: `(0xfe80 << 48, 1)` is fe80::1.
    package static func ipv6(high: UInt64, low: UInt64) -> IPAddress {
        IPAddress(family: .ipv6, high: high, low: low)
    }

    /// The address of a family from bytes in network order; nil when there are too few of them.
    ///
    /// Bytes behind the address are ignored: the kernel sends IPv4 addresses of virtual servers in
    /// 16 bytes.
    package init?(family: AddressFamily, networkOrder bytes: Span<UInt8>) {
        func word(at offset: Int, count: Int) -> UInt64 {
            var value: UInt64 = 0
            for index in offset..<offset + count { value = value << 8 | UInt64(bytes[index]) }
            return value
        }
        switch family {
        case .ipv4:
            guard bytes.count >= 4 else { return nil }
            self = .ipv4(UInt32(truncatingIfNeeded: word(at: 0, count: 4)))
        case .ipv6:
            guard bytes.count >= 16 else { return nil }
            self = .ipv6(high: word(at: 0, count: 8), low: word(at: 8, count: 8))
        }
    }

    /// Calls `body` with each byte in network order: 4 for IPv4, 16 for IPv6.
    package func forEachByte(_ body: (UInt8) -> Void) {
        if family == .ipv6 {
            for shift in stride(from: 56, through: 0, by: -8) {
                body(UInt8(truncatingIfNeeded: high >> UInt64(shift)))
            }
        }
        for shift in stride(from: family == .ipv6 ? 56 : 24, through: 0, by: -8) {
            body(UInt8(truncatingIfNeeded: low >> UInt64(shift)))
        }
    }

    /// Whether this is 127.0.0.0/8 or ::1.
    package var isLoopback: Bool {
        family == .ipv4 ? low >> 24 == 127 : high == 0 && low == 1
    }

    /// Whether this is 0.0.0.0 or ::.
    package var isUnspecified: Bool { high == 0 && low == 0 }

    /// Whether this is 224.0.0.0/4 or ff00::/8.
    package var isMulticast: Bool {
        family == .ipv4 ? low >> 28 == 0xe : high >> 56 == 0xff
    }

    /// Whether this is 169.254.0.0/16 or fe80::/10.
    package var isLinkLocal: Bool {
        family == .ipv4 ? low >> 16 == 0xa9fe : high >> 54 == 0x3fa
    }

    /// IPv4 before IPv6, then by number.
    package static func < (left: IPAddress, right: IPAddress) -> Bool {
        if left.family != right.family { return left.family < right.family }
        if left.high != right.high { return left.high < right.high }
        return left.low < right.low
    }
}
