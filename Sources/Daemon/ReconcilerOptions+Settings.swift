import Addressing
import DataplaneModel
import Planning
import Reconciliation
import Routing
import Settings

extension ReconcilerOptions {
    /// The part of the configuration that the reconciler acts on.
    init(_ configuration: FairleadConfiguration, sources: PreferredSources) {
        let timeouts = configuration.ipvs.timeouts
        self.init(
            scheduling: SchedulingPolicy(
                global: SchedulerRequest(configuration.ipvs.scheduler),
                namespaces: configuration.ipvs.namespaceSchedulers.mapValues {
                    SchedulerRequest($0)
                }
            ),
            addressMode: configuration.addresses.announce == .bind ? .bind : .routes,
            sources: sources,
            timeouts: DataplaneModel.ConnectionTimeouts(
                tcp: timeouts.tcp.wholeSeconds,
                tcpFin: timeouts.tcpFin.wholeSeconds,
                udp: timeouts.udp.wholeSeconds
            ),
            managesParameters: configuration.ipvs.managesKernelParameters,
            retryInitial: configuration.intervals.retryInitial,
            retryMaximum: configuration.intervals.retryMaximum,
            auditInterval: configuration.intervals.audit
        )
    }
}

extension SchedulerRequest {
    init(_ choice: SchedulerChoice) { self.init(name: choice.name, flags: choice.flags) }
}

extension Duration {
    fileprivate var wholeSeconds: UInt32 { UInt32(clamping: components.seconds) }
}
