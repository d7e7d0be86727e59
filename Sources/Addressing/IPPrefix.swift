/// A range of addresses: an address and the number of leading bits that are fixed.
package struct IPPrefix: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The first address of the range; all bits behind `length` are 0.
    package let address: IPAddress
    /// 0…32 for IPv4, 0…128 for IPv6.
    package let length: Int

    /// The prefix of `length` bits that holds `address`; the bits behind it are cleared.
    ///
    /// `length` is held within 0…32 or 0…128.
    package init(holding address: IPAddress, length: Int) {
        let length = min(max(length, 0), address.family.bits)
        self.length = length
        func mask(_ count: Int, of bits: Int) -> UInt64 {
            let count = min(max(count, 0), bits)
            return count == 0 ? 0 : ~UInt64(0) << UInt64(bits - count)
        }
        switch address.family {
        case .ipv4:
            self.address = .ipv4(UInt32(truncatingIfNeeded: address.low & mask(length, of: 32)))
        case .ipv6:
            self.address = .ipv6(
                high: address.high & mask(length, of: 64),
                low: address.low & mask(length - 64, of: 64)
            )
        }
    }

    /// Reads `address/length`; bits behind the prefix are an error that names the right prefix.
    package init(_ text: some StringProtocol) throws(AddressError) {
        let (address, length) = try Self.parts(of: text)
        self.init(holding: address, length: length)
        guard self.address == address else {
            throw .hostBits(String(text), prefix: description)
        }
    }

    /// Reads `address/length` and clears the bits behind the prefix, as Go's `net.ParseCIDR` does.
    package init(clearingHostBitsOf text: some StringProtocol) throws(AddressError) {
        let (address, length) = try Self.parts(of: text)
        self.init(holding: address, length: length)
    }

    private static func parts(
        of text: some StringProtocol
    ) throws(AddressError) -> (address: IPAddress, length: Int) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { throw .notAPrefix(String(text)) }
        let address = try IPAddress(parts[0])
        guard let length = Int(parts[1]), parts[1].utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else {
            throw .notAPrefix(String(text))
        }
        guard parts[1].utf8.count == 1 || !parts[1].hasPrefix("0") else {
            throw .leadingZero(String(text))
        }
        guard length <= address.family.bits else {
            throw .prefixLength(String(text), allowed: address.family.bits)
        }
        return (address, length)
    }

    /// Whether the address is inside; never for an address of the other family.
    package func contains(_ address: IPAddress) -> Bool {
        address.family == self.address.family
            && IPPrefix(holding: address, length: length).address == self.address
    }

    package var description: String { "\(address)/\(length)" }

    package static func < (left: IPPrefix, right: IPPrefix) -> Bool {
        left.address == right.address ? left.length < right.length : left.address < right.address
    }
}
