package import Addressing

/// `internalTrafficPolicy` and `externalTrafficPolicy`: which endpoints take part.
package enum TrafficPolicy: String, Hashable, Sendable, CaseIterable {
    /// All of them, on whatever node.
    case cluster = "Cluster"
    /// Those on the node that the packet came to.
    case local = "Local"
}

/// `trafficDistribution`: which endpoints are to be preferred.
///
/// It works by way of the hints that the cluster's control plane writes into EndpointSlices
/// (KEP-4444, KEP-3015); a node only follows those.
package enum TrafficDistribution: String, Hashable, Sendable, CaseIterable {
    /// The older name of `preferSameZone`.
    case preferClose = "PreferClose"
    case preferSameZone = "PreferSameZone"
    case preferSameNode = "PreferSameNode"
}

/// What a Service has for clients outside the cluster.
package struct ExternalAccess: Hashable, Sendable {
    package var policy = TrafficPolicy.cluster
    /// `externalIPs`.
    package var addresses: [IPAddress] = []
    /// The ingress addresses of a load balancer that hands packets on to the nodes unchanged
    /// (`ipMode: VIP`).
    package var loadBalancerAddresses: [IPAddress] = []
    /// `loadBalancerSourceRanges`: who may use the load balancer's addresses; nil for everybody, empty
    /// for nobody.
    package var sourceRanges: [IPPrefix]?
    /// Where a load balancer asks whether this node has an endpoint; 1…65535.
    package var healthCheckNodePort: UInt16?

    package init() {}
}
