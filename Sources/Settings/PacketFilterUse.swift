/// Whether rules are kept in the kernel's packet filter (netfilter).
package enum PacketFilterUse: String, Hashable, Sendable, CaseIterable {
    /// With what the node has for it.
    case auto
    /// Not at all; whatever needs it is then missing.
    case never = "none"
}

extension ValueForm where Value == PacketFilterUse {
    static var packetFilter: Self { .oneOf("a packet filter") }
}
