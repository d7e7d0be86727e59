package import Addressing

/// A Service: the addresses and ports that clients use.
///
/// Only what bears on where packets go is kept; everything else of the object is dropped when it
/// is decoded.
package struct Service: Hashable, Sendable {
    /// How clients reach a Service at all.
    package enum Reachability: Hashable, Sendable {
        /// At addresses of its own. Dual-stack Services have one of each family.
        case clusterIPs([IPAddress])
        /// `clusterIP: None`: DNS answers with the endpoints, and no proxy has a part in it.
        case headless
        /// `type: ExternalName`: DNS answers with another name.
        case externalName
    }

    /// `sessionAffinity`.
    package enum SessionAffinity: Hashable, Sendable {
        case none
        /// A client address keeps its endpoint until it has been silent for `timeout` seconds
        /// (1…86,400; Kubernetes' default is 10,800).
        case clientIP(timeout: UInt32)
    }

    package let name: ObjectName
    package let reachability: Reachability
    package let ports: [ServicePort]
    package let sessionAffinity: SessionAffinity
    /// Endpoints count as ready from the moment they exist.
    package let publishNotReadyAddresses: Bool
    package let internalTrafficPolicy: TrafficPolicy
    package let external: ExternalAccess
    package let trafficDistribution: TrafficDistribution?
    /// When the object was created, in seconds since 1970; nil in manifests, which have no such
    /// time.
    ///
    /// Of two Services that claim one address and port, the older wins.
    package let creationTime: Int64?
    /// The annotations whose key starts with `Service.annotationPrefix`, without that prefix.
    package let annotations: [String: String]

    package init(
        name: ObjectName,
        reachability: Reachability,
        ports: [ServicePort],
        sessionAffinity: SessionAffinity = .none,
        publishNotReadyAddresses: Bool = false,
        internalTrafficPolicy: TrafficPolicy = .cluster,
        external: ExternalAccess = ExternalAccess(),
        trafficDistribution: TrafficDistribution? = nil,
        creationTime: Int64? = nil,
        annotations: [String: String] = [:]
    ) {
        self.name = name
        self.reachability = reachability
        self.ports = ports
        self.sessionAffinity = sessionAffinity
        self.publishNotReadyAddresses = publishNotReadyAddresses
        self.internalTrafficPolicy = internalTrafficPolicy
        self.external = external
        self.trafficDistribution = trafficDistribution
        self.creationTime = creationTime
        self.annotations = annotations
    }

    /// Annotations with this prefix are addressed to us.
    package static let annotationPrefix = "fairlead.dev/"

    /// The annotation that names a scheduler, without the prefix.
    package static let schedulerAnnotation = "scheduler"
    /// The annotation that lists scheduler flags, separated by commas, without the prefix.
    package static let schedulerFlagsAnnotation = "scheduler-flags"
    /// The annotation that says how long connections keep an endpoint that leaves, without the
    /// prefix.
    package static let drainTimeoutAnnotation = "drain-timeout"
    /// All annotations that mean something, without the prefix.
    package static let knownAnnotations = [
        schedulerAnnotation, schedulerFlagsAnnotation, drainTimeoutAnnotation,
    ]

    /// Kubernetes' default for `sessionAffinityConfig.clientIP.timeoutSeconds`: three hours.
    package static let defaultAffinityTimeout: UInt32 = 10_800
}

/// One port of a Service.
package struct ServicePort: Hashable, Sendable {
    /// Empty when the Service has a single, unnamed port.
    ///
    /// Endpoints are matched by this name and the protocol, so a named or different target port is
    /// already resolved in the EndpointSlice.
    package let name: String
    package let transport: TransportProtocol
    /// 1…65535.
    package let port: UInt16
    /// The port that every node has for it; nil when there is none (another type than NodePort and
    /// LoadBalancer, or `allocateLoadBalancerNodePorts: false`).
    package let nodePort: UInt16?

    package init(
        name: String = "",
        transport: TransportProtocol = .tcp,
        port: UInt16,
        nodePort: UInt16? = nil
    ) {
        self.name = name
        self.transport = transport
        self.port = port
        self.nodePort = nodePort
    }
}
