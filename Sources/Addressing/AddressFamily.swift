/// IPv4 or IPv6.
package enum AddressFamily: UInt8, Hashable, Sendable, CaseIterable, Comparable,
    CustomStringConvertible
{
    case ipv4 = 4
    case ipv6 = 6

    /// Bits in an address of this family: 32 or 128.
    package var bits: Int { self == .ipv4 ? 32 : 128 }

    /// The name as Kubernetes writes it (`IPv4`, `IPv6`).
    package var description: String { self == .ipv4 ? "IPv4" : "IPv6" }

    package static func < (left: AddressFamily, right: AddressFamily) -> Bool {
        left.rawValue < right.rawValue
    }
}
