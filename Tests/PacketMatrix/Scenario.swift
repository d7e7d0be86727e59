package import Addressing
package import ServiceModel

/// A Service and its endpoints, about which promises are made.
///
/// All scenarios exist at once: `number` gives each addresses and a node port of its own.
package struct Scenario: Hashable, Sendable {
    /// The name of the Service.
    package let name: String
    /// 1…250.
    package let number: Int
    package var doors: Set<Door> = Set(Door.allCases)
    package var endpoints: [Member] = []
    package var families: [AddressFamily] = AddressFamily.allCases
    package var externalPolicy = TrafficPolicy.cluster
    package var internalPolicy = TrafficPolicy.cluster
    package var affinity = Service.SessionAffinity.none
    package var distribution: TrafficDistribution?
    package var publishesNotReady = false
    /// Whom `loadBalancerSourceRanges` lets in; nil for everybody.
    package var allowed: [IPPrefix]?

    init(_ number: Int, _ name: String, _ endpoints: [Member] = []) {
        self.name = name
        self.number = number
        self.endpoints = endpoints
    }

    /// A copy with something else about it.
    func with(_ change: (inout Scenario) -> Void) -> Scenario {
        var copy = self
        change(&copy)
        return copy
    }

    /// An endpoint as this Service's slices have it.
    package struct Member: Hashable, Sendable {
        package let name: EndpointName
        package var conditions = EndpointConditions.ready
        package var hints: EndpointHints?

        static func ready(_ name: EndpointName) -> Member { Member(name: name) }

        static func ready(_ name: EndpointName, for hints: EndpointHints) -> Member {
            Member(name: name, hints: hints)
        }

        static func notReady(_ name: EndpointName) -> Member {
            Member(name: name, conditions: .notReady)
        }

        /// On its way out, and still answering.
        static func leaving(_ name: EndpointName, for hints: EndpointHints? = nil) -> Member {
            Member(name: name, conditions: [.isServing, .isTerminating], hints: hints)
        }

        /// On its way out, and done with answering.
        static func gone(_ name: EndpointName) -> Member {
            Member(name: name, conditions: [.isTerminating])
        }
    }

    /// Where a client sends to, whether or not the Service has such an address.
    package func destination(_ door: Door, _ family: AddressFamily) -> SocketEndpoint {
        let port = World.servicePort
        return switch door {
        case .clusterIP: SocketEndpoint(World.clusterIP(number, family), port)
        case .nodePort: SocketEndpoint(World.nodeAddress(1, family), World.nodePort(number))
        case .secondNodePort:
            SocketEndpoint(World.secondNodeAddress(family), World.nodePort(number))
        case .externalIP: SocketEndpoint(World.externalIP(number, family), port)
        case .loadBalancerIP: SocketEndpoint(World.loadBalancerIP(number, family), port)
        }
    }
}
