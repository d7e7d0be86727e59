import Addressing
package import DataplaneModel
package import Planning
package import Reconciliation
import Routing
package import Settings

extension ReconcilerOptions {
    /// The part of the configuration that the reconciler acts on.
    package init(
        _ configuration: FairleadConfiguration,
        _ mode: DataplaneMode,
        nodeName: String,
        sources: PreferredSources
    ) {
        let timeouts = configuration.ipvs.timeouts
        self.init(
            routing: RoutingPolicy(configuration, nodeName: nodeName),
            mode: mode,
            addressMode: configuration.addresses.announce == .bind ? .bind : .routes,
            sources: sources,
            nodePorts: Planning.NodePortAddresses(configuration.nodePorts.addresses),
            filter: configuration.packetFilter == .never ? nil : FilterPolicy(configuration),
            detectsPodsByNode: configuration.localTraffic.mode == .nodeCIDR,
            strictARP: configuration.addresses.strictARP,
            timeouts: mode == .iptables
                ? ConnectionTimeouts()
                : ConnectionTimeouts(
                    tcp: timeouts.tcp.wholeSeconds,
                    tcpFin: timeouts.tcpFin.wholeSeconds,
                    udp: timeouts.udp.wholeSeconds
                ),
            managesParameters: configuration.ipvs.managesKernelParameters,
            excludedRanges: configuration.ipvs.excludedRanges,
            retryInitial: configuration.intervals.retryInitial,
            retryMaximum: configuration.intervals.retryMaximum,
            auditInterval: configuration.intervals.audit,
            draining: DrainingPolicy(configuration.draining)
        )
    }
}

extension DrainingPolicy {
    fileprivate init(_ settings: DrainingSettings) {
        self.init(
            timeout: settings.timeout,
            datagramTimeout: settings.datagramTimeout,
            unresponsiveTimeout: settings.unresponsiveTimeout == .zero
                ? nil : settings.unresponsiveTimeout,
            keepsConnections: settings.atTimeout == .keep
        )
    }
}

extension RoutingPolicy {
    fileprivate init(_ configuration: FairleadConfiguration, nodeName: String) {
        self.init(
            node: RoutingNode(
                name: nodeName,
                zone: configuration.zone.isEmpty ? nil : configuration.zone
            ),
            scheduling: SchedulingPolicy(
                global: SchedulerRequest(configuration.ipvs.scheduler),
                namespaces: configuration.ipvs.namespaceSchedulers.mapValues {
                    SchedulerRequest($0)
                }
            ),
            allowedExternalIPs: configuration.externalIPs.allowed,
            masqueradesAll: configuration.masquerade.all
        )
    }
}

extension FilterPolicy {
    fileprivate init(_ configuration: FairleadConfiguration) {
        let traffic = configuration.localTraffic
        let detection: PodDetection =
            switch traffic.mode {
            case .clusterCIDR:
                configuration.clusterCIDRs.isEmpty ? .none : .sources(configuration.clusterCIDRs)
            // The Node object says it, when it comes.
            case .nodeCIDR: .sources([])
            case .bridgeInterface: .interface(traffic.bridgeInterface)
            case .interfaceNamePrefix: .interface(traffic.interfaceNamePrefix + "+")
            }
        let marks = configuration.ipvs.firewallMarks
        self.init(
            detection: detection,
            masqueradeMark: 1 << UInt32(configuration.masquerade.bit),
            marks: MarkRange(base: marks.base, bits: marks.bits)
        )
    }
}

extension Planning.NodePortAddresses {
    fileprivate init(_ choice: Settings.NodePortAddresses) {
        self =
            switch choice {
            case .all: .all
            case .primary: .primary
            case .within(let prefixes): .within(prefixes)
            }
    }
}

extension SchedulerRequest {
    init(_ choice: SchedulerChoice) { self.init(name: choice.name, flags: choice.flags) }
}

extension Duration {
    fileprivate var wholeSeconds: UInt32 { UInt32(clamping: components.seconds) }
}
