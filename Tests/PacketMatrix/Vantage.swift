package import Addressing

/// Where a client is.
package enum Vantage: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// A process of the node under test.
    case node = "a process of the node"
    /// A pod of the node under test that serves nothing.
    case pod = "a pod"
    /// The pod `EndpointName.near1`, which may come out at itself.
    case near1 = "the endpoint near-1"
    /// Outside the cluster, with its route to everything through the node under test.
    case outside = "a client outside"
    /// The same with another address.
    case neighbour = "another client outside"

    /// The address that packets have when they leave the client.
    ///
    /// A process of the node leaves the choice to the kernel, which takes the address of the
    /// interface towards the destination; for an address that the node does not have itself that is
    /// this one.
    package func address(_ family: AddressFamily) -> IPAddress {
        switch self {
        case .node: World.nodeAddress(1, family)
        case .pod: World.podAddress(4, ofNode: 1, family)
        case .near1: EndpointName.near1.address(family)
        case .outside: World.outsideAddress(2, family)
        case .neighbour: World.outsideAddress(3, family)
        }
    }

    package var isOutside: Bool { self == .outside || self == .neighbour }

    package var description: String { rawValue }
}

/// Which of a Service's addresses a client uses.
package enum Door: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    case clusterIP = "the cluster IP"
    /// The node port at the node's first address.
    case nodePort = "the node port"
    /// The node port at the address that the node has towards the clients outside.
    case secondNodePort = "the node port at another address"
    case externalIP = "the external IP"
    case loadBalancerIP = "the load balancer IP"

    package var description: String { rawValue }
}
