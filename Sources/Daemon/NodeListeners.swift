import Addressing
import HealthChecks
import LinuxDataplane
import ListeningSockets
import Logging
import LoopbackRelay
import Planning
import Reconciliation
import Routing
import ServiceModel
import Settings

/// The ports that this process itself listens on: health checks, and node ports on loopback addresses.
struct ListenerRequest: Sendable {
    var health: ServedHealth
    var relayed: [RelayedPort]

    init(_ reconciler: borrowing Reconciler<LinuxDataplane>, _ settings: NodePortSettings) {
        health = ServedHealth(
            services: reconciler.cluster.allHealthChecks,
            addresses: settings.addresses == .all ? nil : reconciler.lowering.nodePortAddresses,
            isProxyHealthy: reconciler.isHealthy
        )
        relayed = []
        guard settings.localhost else { return }
        relayed = reconciler.nodePorts.compactMap { port in
            // Relaying SCTP would need its own streams and associations.
            guard port.key.transport != .sctp else { return nil }
            let loopback: IPAddress =
                port.key.family == .ipv4 ? .ipv4(0x7f00_0001) : .ipv6(high: 0, low: 1)
            return RelayedPort(
                listen: SocketEndpoint(loopback, port.key.port),
                transport: port.key.transport,
                target: port.place,
                owner: "node port of Service \(port.service)"
            )
        }
    }
}

/// Opens and closes listening ports, apart from the task that owns the dataplane.
///
/// Only the newest request counts.
struct NodeListeners: Sendable {
    private let requests: AsyncStream<ListenerRequest>
    private let continuation: AsyncStream<ListenerRequest>.Continuation
    private let healthChecks: HealthCheckServer
    private let relay: LoopbackRelay
    private let announce: @Sendable (ObjectEvent) -> Void

    /// `isProxyHealthy` is asked for each answer to a health check, and `announce` is told which
    /// Services have none.
    init(
        logger: Logger,
        announce: @escaping @Sendable (ObjectEvent) -> Void,
        isProxyHealthy: @escaping @Sendable () -> Bool
    ) {
        (requests, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        healthChecks = HealthCheckServer(logger: logger, isProxyHealthy: isProxyHealthy)
        relay = LoopbackRelay(logger: logger)
        self.announce = announce
    }

    /// Says what to listen on from now on.
    func post(_ request: ListenerRequest) { continuation.yield(request) }

    /// How many ports cannot be opened, by what they are for.
    func failingPorts() async -> [(purpose: String, count: Int)] {
        [
            ("health-check", await healthChecks.failingPorts),
            ("loopback-node-port", await relay.failingPorts),
        ]
    }

    /// Serves until the task is cancelled; then everything is closed.
    func run() async {
        for await request in requests {
            for problem in await healthChecks.update(request.health) {
                for check in request.health.services where check.port == problem.port.endpoint.port
                {
                    announce(Self.event(of: problem, check.service))
                }
            }
            await relay.update(request.relayed)
        }
        await healthChecks.shutdown()
        await relay.shutdown()
    }

    /// With the reason that kube-proxy gives.
    private static func event(of problem: ListenProblem, _ service: ObjectName) -> ObjectEvent {
        ObjectEvent(
            ObjectReference(.service, service),
            .warning,
            reason: "FailedToStartServiceHealthcheck",
            message: "\(problem)"
        )
    }
}
