import Addressing
import DataplaneModel
import PacketMatrix
import Planning
import Reconciliation
import Routing
import ServiceModel
import SimulatedDataplane

/// The node under test, programmed for the whole matrix, on a simulated kernel.
struct ProgrammedNode {
    /// What the kernel holds.
    let state: IPVSState
    /// What the reconciler says of packets.
    let explainer: PacketExplainer
    /// What it has against objects.
    let problems: [ObjectProblem]

    /// Who the node is, in the world of the matrix.
    static var options: ReconcilerOptions { options(.ipvs) }

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

    init(options: ReconcilerOptions = Self.options) throws {
        var kernel = SimulatedDataplane(mode: options.mode)
        kernel.state.foreignAddresses = Set(
            AddressFamily.allCases.flatMap { World.nodeAddresses($0) }
        )
        var reconciler = Reconciler(device: kernel, options: options)
        try reconciler.start(now: .zero)
        reconciler.take(.changes(PacketMatrix.changes))
        reconciler.take(.initialSetComplete(isWhole: true))
        let report = reconciler.reconcile(now: .seconds(1))
        for failure in report.failures { throw failure.error }
        guard let explainer = reconciler.explainer else { throw NothingProgrammed() }
        self.explainer = explainer
        state = reconciler.device.state
        problems = report.newProblems
    }

    private struct NothingProgrammed: Error {}
}

/// The interface that a client's packets come in by; nil for the node's own.
extension Vantage {
    var interface: String? {
        switch self {
        case .node: nil
        case .pod, .near1: "pod1"
        case .outside, .neighbour: "outside"
        }
    }
}
