package import Addressing
package import DataplaneModel
package import Planning
package import Routing
package import ServiceModel

/// What a reconciler needs to know besides the cluster.
package struct ReconcilerOptions: Sendable {
    package var routing: RoutingPolicy
    /// What the dataplane balances with.
    package var mode: DataplaneMode
    package var addressMode: IPVSLowering.AddressMode
    package var sources: PreferredSources
    package var nodePorts: NodePortAddresses
    /// Nil leaves the packet filter and the address sets alone.
    package var filter: FilterPolicy?
    /// Whether the ranges of this node's pods come from its Node object instead of from `filter`.
    package var detectsPodsByNode: Bool
    /// Whether the node answers and asks by ARP only for addresses of the interface concerned.
    package var strictARP: Bool
    /// For IPVS alone; values of 0 leave the kernel's as they are.
    package var timeouts: ConnectionTimeouts
    /// Whether kernel parameters are set, or left to somebody else.
    package var managesParameters: Bool
    /// Where virtual servers of IPVS that are not claimed are never taken over.
    package var excludedRanges: [IPPrefix]
    package var retryInitial: Duration
    package var retryMaximum: Duration
    /// How often the kernel is compared with what is wanted; zero for never.
    package var auditInterval: Duration
    /// How real servers leave; nil lets them go at once, with their connections.
    ///
    /// For IPVS alone: connections that chains have begun go on without them.
    package var draining: DrainingPolicy?

    package init(
        routing: RoutingPolicy = RoutingPolicy(),
        mode: DataplaneMode = .ipvs,
        addressMode: IPVSLowering.AddressMode = .routes,
        sources: PreferredSources = PreferredSources(),
        nodePorts: NodePortAddresses = .all,
        filter: FilterPolicy? = nil,
        detectsPodsByNode: Bool = false,
        strictARP: Bool = false,
        timeouts: ConnectionTimeouts = ConnectionTimeouts(),
        managesParameters: Bool = true,
        excludedRanges: [IPPrefix] = [],
        retryInitial: Duration = .seconds(1),
        retryMaximum: Duration = .seconds(60),
        auditInterval: Duration = .seconds(60),
        draining: DrainingPolicy? = nil
    ) {
        self.routing = routing
        self.mode = mode
        self.addressMode = addressMode
        self.sources = sources
        self.nodePorts = nodePorts
        self.filter = filter
        self.detectsPodsByNode = detectsPodsByNode
        self.strictARP = strictARP
        self.timeouts = timeouts
        self.managesParameters = managesParameters
        self.excludedRanges = excludedRanges
        self.retryInitial = retryInitial
        self.retryMaximum = retryMaximum
        self.auditInterval = auditInterval
        self.draining = draining
    }

    /// How packets of pods are told from others, with what this node's own object says.
    package func detection(on node: Node?) -> PodDetection {
        guard let filter else { return .none }
        return detectsPodsByNode ? .sources(node?.podCIDRs ?? []) : filter.detection
    }
}
