/// A protocol that Services and IPVS know; the raw value is its IP protocol number.
package enum TransportProtocol: UInt8, Hashable, Sendable, CaseIterable, Comparable,
    CustomStringConvertible
{
    case tcp = 6
    case udp = 17
    case sctp = 132

    /// The protocol that Kubernetes writes this way (`TCP`, `UDP`, `SCTP`); nil for any other text.
    package init?(kubernetesName text: some StringProtocol) {
        guard let found = Self.allCases.first(where: { $0.description == text }) else { return nil }
        self = found
    }

    /// The name in capitals, as Kubernetes and `ipvsadm` write it.
    package var description: String {
        switch self {
        case .tcp: "TCP"
        case .udp: "UDP"
        case .sctp: "SCTP"
        }
    }

    package static func < (left: TransportProtocol, right: TransportProtocol) -> Bool {
        left.rawValue < right.rawValue
    }
}
