package import Addressing
package import DataplaneModel

/// How packets of pods are told from those of clients outside the cluster.
package enum PodDetection: Hashable, Sendable {
    /// Not at all: only the node's own packets count as coming from inside.
    case none
    case sources([IPPrefix])
    /// By the interface they come in at; a name that ends in `+` stands for all that begin so.
    case interface(String)

    /// One match for each way to recognise a packet of a pod.
    package func matches(_ family: AddressFamily) -> [PacketFilter.Match] {
        switch self {
        case .none: []
        case .sources(let prefixes):
            prefixes.filter { $0.address.family == family }.map { .source($0) }
        case .interface(let name): [.inputInterface(name)]
        }
    }
}
