package import Addressing

/// Who may answer.
package enum EndpointName: String, Hashable, Sendable, CaseIterable, Comparable,
    CustomStringConvertible
{
    /// Pods of the node under test.
    case near1 = "near-1"
    case near2 = "near-2"
    /// Pods of the other node.
    case far1 = "far-1"
    case far2 = "far-2"
    /// Processes in the network of a node (`hostNetwork: true`).
    case nearHost = "near-host"
    case farHost = "far-host"

    package var isNear: Bool { self == .near1 || self == .near2 || self == .nearHost }

    package var isHostNetwork: Bool { self == .nearHost || self == .farHost }

    package var nodeName: String { isNear ? World.nodeName : World.otherNodeName }

    package var zone: String { isNear ? World.zone : World.otherZone }

    package var port: UInt16 { isHostNetwork ? World.hostNetworkPort : World.podPort }

    package func address(_ family: AddressFamily) -> IPAddress {
        switch self {
        case .near1: World.podAddress(2, ofNode: 1, family)
        case .near2: World.podAddress(3, ofNode: 1, family)
        case .far1: World.podAddress(2, ofNode: 2, family)
        case .far2: World.podAddress(3, ofNode: 2, family)
        case .nearHost: World.nodeAddress(1, family)
        case .farHost: World.nodeAddress(2, family)
        }
    }

    package var description: String { rawValue }

    package static func < (left: EndpointName, right: EndpointName) -> Bool {
        left.rawValue < right.rawValue
    }
}
