package import Addressing
package import ServiceModel

/// What decides where packets go, besides the Services and their endpoints.
package struct RoutingPolicy: Hashable, Sendable {
    package var node: RoutingNode
    package var scheduling: SchedulingPolicy
    /// Where `externalIPs` may be; nil for anywhere.
    ///
    /// Whoever may write a Service can otherwise draw any address's traffic to it (CVE-2020-8554).
    package var allowedExternalIPs: [IPPrefix]?
    /// Whether also packets of pods get an address of this node as their source.
    package var masqueradesAll: Bool

    package init(
        node: RoutingNode = RoutingNode(name: ""),
        scheduling: SchedulingPolicy = SchedulingPolicy(global: SchedulerRequest(name: "rr")),
        allowedExternalIPs: [IPPrefix]? = nil,
        masqueradesAll: Bool = false
    ) {
        self.node = node
        self.scheduling = scheduling
        self.allowedExternalIPs = allowedExternalIPs
        self.masqueradesAll = masqueradesAll
    }
}

/// What a Service comes to on one node.
package struct RoutedService: Hashable, Sendable {
    package var frontends: [Frontend] = []
    /// What of the Service is not served as it was meant, and why.
    package var problems: [ObjectProblem] = []
    package var healthCheck: HealthCheck?

    package init() {}
}

/// A port where load balancers ask how many endpoints of a Service this node has.
package struct HealthCheck: Hashable, Sendable {
    package let service: ObjectName
    /// 1…65535.
    package let port: UInt16
    /// Those on this node that are ready, however many ports and families they have.
    package let localEndpoints: Int

    package init(service: ObjectName, port: UInt16, localEndpoints: Int) {
        self.service = service
        self.port = port
        self.localEndpoints = localEndpoints
    }
}
