import Addressing
import DataplaneModel
import LinuxDataplane
import NetworkLab
import PacketMatrix
import Planning
import Reconciliation
import Routing
import ServiceModel

/// The reconciler at work on the node of the packet matrix.
final class MatrixNode: NodeProgramming {
    private let node: NetworkNamespace
    private let name: String
    private let options: ReconcilerOptions
    private var reconciler: Reconciler<LinuxDataplane>?
    private var now = Duration.zero

    init(
        _ node: NetworkNamespace,
        name: String,
        options: ReconcilerOptions = MatrixNode.options
    ) {
        self.node = node
        self.name = name
        self.options = options
    }

    /// Who the node is, for the world of the matrix: its name and zone, its addresses, and what
    /// addresses are pods'.
    static var options: ReconcilerOptions {
        options(.ipvs)
    }

    static func options(_ mode: DataplaneMode) -> ReconcilerOptions {
        ReconcilerOptions(
            routing: RoutingPolicy(node: RoutingNode(name: World.nodeName)),
            mode: mode,
            sources: PreferredSources(
                ipv4: World.nodeAddress(1, .ipv4),
                ipv6: World.nodeAddress(1, .ipv6)
            ),
            filter: FilterPolicy(
                detection: .sources(AddressFamily.allCases.map { World.clusterCIDR($0) })
            )
        )
    }

    /// May be called again with further changes.
    func serve(changes: [ClusterChange]) throws {
        try node.perform {
            if reconciler == nil {
                var fresh = Reconciler(
                    device: try LinuxDataplane(
                        options.mode,
                        device: "kube-ipvs0",
                        stateDirectory: TestKernel.stateDirectory(name)
                    ),
                    options: options
                )
                try fresh.start(now: .zero)
                reconciler = consume fresh
            }
            guard var reconciler = reconciler.take() else { return }
            now += .seconds(1)
            reconciler.take(.changes(changes))
            reconciler.take(.initialSetComplete(isWhole: true))
            let report = reconciler.reconcile(now: now)
            self.reconciler = consume reconciler
            for failure in report.failures { throw failure.error }
        }
    }
}
