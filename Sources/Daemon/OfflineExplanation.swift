package import Addressing
package import Planning
import DataplaneModel
import Reconciliation
import Routing
package import ServiceModel
package import Settings

/// Explanations without a daemon and without a kernel: what manifests say about a node.
package enum OfflineExplanation {
    /// What would become of a packet on a node with these objects.
    ///
    /// `nodeAddresses` are those that the Node object does not have.
    package static func explain(
        _ question: PacketQuestion,
        _ configuration: FairleadConfiguration,
        nodeName: String,
        nodeAddresses: [IPAddress],
        changes: [ClusterChange]
    ) -> PacketExplanation {
        let options = ReconcilerOptions(
            configuration,
            configuration.mode == .iptables ? .iptables : .ipvs,
            nodeName: nodeName,
            sources: PreferredSources()
        )
        var cluster = RoutedCluster(policy: options.routing)
        for change in changes { _ = cluster.apply(change) }
        _ = cluster.route()
        let own = (cluster.node?.addresses ?? []) + nodeAddresses
        let lowering = IPVSLowering(
            addressMode: options.addressMode,
            globalScheduler: options.routing.scheduling.global,
            nodeAddresses: Set(own),
            nodePortAddresses: options.nodePorts.choose(
                among: Set(own),
                node: own,
                sources: PreferredSources()
            ),
            usesFilter: options.filter != nil,
            mode: options.mode
        )
        return PacketExplainer(
            cluster: cluster,
            lowering: lowering,
            detection: options.detection(on: cluster.node)
        ).explain(question)
    }
}
