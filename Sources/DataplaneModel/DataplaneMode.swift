/// What balances connections in the kernel.
package enum DataplaneMode: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// Virtual servers of IPVS.
    case ipvs
    /// Chains of the packet filter that stand in for virtual servers.
    case iptables

    /// As people write it: `IPVS`, `iptables`.
    package var description: String { self == .ipvs ? "IPVS" : "iptables" }
}
