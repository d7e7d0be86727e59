package import Addressing

/// On which of the node's addresses node ports are served.
package enum NodePortAddresses: Hashable, Sendable {
    /// On all that others can reach.
    case all
    /// On the addresses that the Node object has first, of each family; without such an object on those
    /// that the node's own packets have.
    case primary
    case within([IPPrefix])

    /// The addresses that serve node ports, sorted.
    ///
    /// `candidates` are the node's addresses apart from those of Services. Loopback addresses are left
    /// out, as the kernel lets no packet from them leave (`crosses_local_route_boundary`,
    /// `net/netfilter/ipvs/ip_vs_xmit.c`), and so are link-local ones, which need an interface.
    package func choose(
        among candidates: Set<IPAddress>,
        node: [IPAddress],
        sources: PreferredSources
    ) -> [IPAddress] {
        let usable = candidates.filter {
            !$0.isLoopback && !$0.isLinkLocal && !$0.isMulticast && !$0.isUnspecified
        }
        switch self {
        case .all: return usable.sorted()
        case .within(let prefixes):
            return usable.filter { address in prefixes.contains { $0.contains(address) } }.sorted()
        case .primary:
            return AddressFamily.allCases.compactMap { family in
                node.first { $0.family == family && usable.contains($0) }
                    ?? sources[family].flatMap { usable.contains($0) ? $0 : nil }
            }
        }
    }
}
