import DataplaneModel
import LinuxDataplane
import Listing
import Measurements
import Planning
import Reconciliation
import Routing

/// What is served at one moment.
///
/// It shares its memory with what the task that serves goes on to change, which costs that task a
/// copy if it changes something meanwhile: whoever asked lets go of it soon.
struct ServingSnapshot: Sendable {
    private let status: NodeStatus
    private let state: IPVSState
    private let cluster: RoutedCluster

    init(_ status: NodeStatus, of reconciler: borrowing Reconciler<LinuxDataplane>) {
        self.status = status
        state = reconciler.desired.state
        cluster = reconciler.cluster
    }

    /// The numbers of what is served.
    func figures() -> ServingFigures {
        var figures = ServingFigures()
        figures.services = status.services
        figures.frontends = status.frontends
        figures.virtualServers = status.virtualServers
        figures.realServers = status.realServers
        figures.draining = status.draining
        figures.failing = status.pendingRetries
        figures.problems = status.problems.count
        for key in cluster.frontendKeys {
            if let frontend = cluster[key] { figures.withoutLocalEndpoints.count(frontend) }
        }
        return figures
    }

    /// The virtual servers that there should be.
    func ports() -> [VirtualServerKey: ServedPort] {
        var ports: [VirtualServerKey: ServedPort] = [:]
        ports.reserveCapacity(state.virtualServers.count)
        for (key, entry) in state.virtualServers {
            guard let owner = state.claims[.virtualServer(key)] else { continue }
            ports[key] = ServedPort(owner: owner, realServers: entry.realServers.count)
        }
        return ports
    }

    /// The virtual servers as they should be, with all counters at 0.
    func uncounted() -> [VirtualServerReading] {
        state.virtualServers.values.map { entry in
            VirtualServerReading(
                server: entry.server,
                netmask: 0,
                statistics: TrafficStatistics(),
                realServers: entry.realServers.map { RealServerReading(server: $0) }
            )
        }
    }
}
