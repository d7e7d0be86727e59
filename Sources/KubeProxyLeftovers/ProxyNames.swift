package import Addressing

/// What kube-proxy calls its objects, in all of its modes (`pkg/proxy/iptables`, `ipvs` and
/// `nftables` of Kubernetes).
///
/// The names are a list and no pattern: the node's agent, network plugins and kube-router use the
/// prefix `KUBE-` as well.
package enum ProxyNames {
    /// The device that the ipvs mode binds service addresses to; it leaves it down.
    package static let device = "kube-ipvs0"

    /// The table of the nftables mode, in each family.
    package static let table = "kube-proxy"

    /// The ports of which Kubernetes gives node ports, where nobody has configured others.
    package static let nodePorts: ClosedRange<UInt16> = 30_000...32_767

    /// Whether kube-proxy makes a chain of this name in this table.
    package static func isChain(
        _ chain: some StringProtocol,
        in table: some StringProtocol
    ) -> Bool {
        if chains.contains(String(chain)) { return true }
        // Made by the ipvs mode until 1.24; the one in the table filter is the node agent's.
        if table == "nat", chain == "KUBE-FIREWALL" || chain == "KUBE-FIRE-WALL" { return true }
        return chainPrefixes.contains { chain.hasPrefix($0) && chain.utf8.count > $0.utf8.count }
    }

    /// The prefix of a chain that is named by a hash, of which there may be thousands; else nil.
    package static func prefix(ofChain chain: some StringProtocol) -> String? {
        chainPrefixes.first { chain.hasPrefix($0) }
    }

    private static let chains: Set<String> = [
        "KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-NODEPORTS", "KUBE-POSTROUTING",
        "KUBE-MARK-MASQ", "KUBE-FORWARD", "KUBE-PROXY-FIREWALL", "KUBE-PROXY-CANARY",
        // Of the ipvs mode.
        "KUBE-NODE-PORT", "KUBE-LOAD-BALANCER", "KUBE-SOURCE-RANGES-FIREWALL",
        "KUBE-IPVS-FILTER", "KUBE-IPVS-OUT-FILTER",
    ]

    /// Chains of a Service port or an endpoint; `KUBE-XLB-` is what `KUBE-EXT-` was until 1.23.
    private static let chainPrefixes = [
        "KUBE-SVC-", "KUBE-SVL-", "KUBE-SEP-", "KUBE-EXT-", "KUBE-FW-", "KUBE-XLB-",
    ]

    /// The address sets of the ipvs mode, those of IPv4 first.
    package static let sets: [String] =
        setRoles.map { "KUBE-" + $0 }
        // The kernel takes 31 bytes of a name, and so kube-proxy cuts the longer ones.
        + setRoles.map { String(("KUBE-6-" + $0).prefix(31)) }

    /// The set in which kube-proxy has the node ports of a protocol.
    package static func nodePortSet(
        _ transport: TransportProtocol,
        _ family: AddressFamily
    ) -> String {
        let role =
            switch transport {
            case .tcp: "NODE-PORT-TCP"
            case .udp: "NODE-PORT-UDP"
            case .sctp: "NODE-PORT-SCTP-HASH"
            }
        return (family == .ipv4 ? "KUBE-" : "KUBE-6-") + role
    }

    private static let setRoles = [
        "LOOP-BACK", "CLUSTER-IP", "EXTERNAL-IP", "EXTERNAL-IP-LOCAL", "LOAD-BALANCER",
        "LOAD-BALANCER-LOCAL", "LOAD-BALANCER-FW", "LOAD-BALANCER-SOURCE-IP",
        "LOAD-BALANCER-SOURCE-CIDR", "NODE-PORT-TCP", "NODE-PORT-LOCAL-TCP", "NODE-PORT-UDP",
        "NODE-PORT-LOCAL-UDP", "NODE-PORT-SCTP-HASH", "NODE-PORT-LOCAL-SCTP-HASH",
        "HEALTH-CHECK-NODE-PORT", "IPVS-IPS",
    ]
}
