package import Addressing
package import DataplaneModel
import Iptables
import LinuxDataplane
import Planning
import Reconciliation
package import ServiceModel
package import Settings

/// What the daemon would change in this machine's kernel if it were started now.
package struct NodePlan: Sendable {
    /// The steps, and what is wrong with the objects they are for.
    package let plan: Plan
    package let problems: [ObjectProblem]
    /// Without IPVS: the inputs of `iptables-restore` that the steps for virtual servers come to.
    package let chains: [AddressFamily: String]?

    /// Finds out.
    ///
    /// The kernel is only read, but for the search for schedulers, which makes and removes a virtual
    /// server that no packet can meet.
    ///
    /// - Throws: `DataplaneError` when the kernel cannot be read, or has no IPVS.
    package static func make(
        _ configuration: FairleadConfiguration,
        nodeName: String,
        changes: [ClusterChange]
    ) throws(DataplaneError) -> NodePlan {
        let mode = try mode(configuration)
        var device = try LinuxDataplane(mode, configuration)
        let sources = device.preferredSources(configuration.addresses)
        var reconciler = Reconciler(
            device: device,
            options: ReconcilerOptions(
                configuration,
                mode,
                nodeName: nodeName,
                sources: sources
            )
        )
        try reconciler.start(now: .zero)
        reconciler.take(.changes(changes))
        let (plan, problems) = reconciler.plan()
        var chains: [AddressFamily: String]?
        if mode == .iptables {
            chains = [:]
            for family in AddressFamily.allCases {
                chains?[family] = BalancingChains.transaction(
                    family,
                    from: reconciler.applied,
                    to: reconciler.desired.state
                )
            }
        }
        return NodePlan(plan: plan, problems: problems, chains: chains)
    }

    /// What the daemon would choose, without loading modules.
    private static func mode(
        _ configuration: FairleadConfiguration
    ) throws(DataplaneError) -> DataplaneMode {
        switch configuration.mode {
        case .ipvs: .ipvs
        case .iptables: .iptables
        case .auto:
            if configuration.packetFilter == .never {
                .ipvs
            } else {
                try canUseIPVS(configuration) ? .ipvs : .iptables
            }
        }
    }

    private static func canUseIPVS(
        _ configuration: FairleadConfiguration
    ) throws(DataplaneError) -> Bool {
        guard try IPVSSocket.isAvailable() else { return false }
        if case .missing = try LinuxDataplane.probeIPVS(configuration) { return false }
        return true
    }
}
