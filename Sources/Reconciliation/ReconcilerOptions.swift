package import DataplaneModel
package import Planning
package import Routing

/// What a reconciler needs to know besides the cluster.
package struct ReconcilerOptions: Sendable {
    package var scheduling: SchedulingPolicy
    package var addressMode: IPVSLowering.AddressMode
    package var sources: PreferredSources
    /// Values of 0 leave the kernel's as they are.
    package var timeouts: ConnectionTimeouts
    /// Whether kernel parameters are set, or left to somebody else.
    package var managesParameters: Bool
    package var retryInitial: Duration
    package var retryMaximum: Duration
    /// How often the kernel is compared with what is wanted; zero for never.
    package var auditInterval: Duration

    package init(
        scheduling: SchedulingPolicy = SchedulingPolicy(global: SchedulerRequest(name: "rr")),
        addressMode: IPVSLowering.AddressMode = .routes,
        sources: PreferredSources = PreferredSources(),
        timeouts: ConnectionTimeouts = ConnectionTimeouts(),
        managesParameters: Bool = true,
        retryInitial: Duration = .seconds(1),
        retryMaximum: Duration = .seconds(60),
        auditInterval: Duration = .seconds(60)
    ) {
        self.scheduling = scheduling
        self.addressMode = addressMode
        self.sources = sources
        self.timeouts = timeouts
        self.managesParameters = managesParameters
        self.retryInitial = retryInitial
        self.retryMaximum = retryMaximum
        self.auditInterval = auditInterval
    }
}
