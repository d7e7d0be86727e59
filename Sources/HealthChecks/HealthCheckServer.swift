import Addressing
package import ListeningSockets
package import Logging
import NIOCore
import Routing
import ServiceModel
import StatusServer

/// Tells load balancers whether this node has endpoints of a Service.
///
/// It answers on the `healthCheckNodePort` of Services whose external traffic policy is `Local`.
package final class HealthCheckServer: Sendable {
    private let listeners: ListenerSet
    private let connections: ConnectionTable
    private let board: HealthBoard
    private let limits: HealthCheckLimits

    /// `isProxyHealthy` is asked for each answer; false fails every check, as `ServedHealth` does.
    package init(
        limits: HealthCheckLimits = HealthCheckLimits(),
        logger: Logger,
        isProxyHealthy: @escaping @Sendable () -> Bool = { true }
    ) {
        self.limits = limits
        board = HealthBoard(isProxyHealthy: isProxyHealthy)
        listeners = ListenerSet(logger: logger)
        connections = ConnectionTable(
            limit: limits.connections,
            limitOfPort: limits.connectionsOfPort,
            excess: .oldestGoes
        )
    }

    /// Serves this from now on, and answers what could not be opened, which is logged as well.
    ///
    /// Ports and connections that stay are not touched: they only give another answer. Of Services
    /// that want the same port the first by name has it.
    @discardableResult
    package func update(_ served: ServedHealth) async -> [ListenProblem] {
        let services = served.services.filter { $0.port != 0 }.sorted { $0.service < $1.service }
        board.show(services, isProxyHealthy: served.isProxyHealthy)
        let wanted = services.flatMap { health in
            ports(of: health, on: served.addresses).map { port in
                Listener(port, owner: "health check of Service \(health.service)") {
                    [self] in try await open(port)
                }
            }
        }
        let problems = await listeners.update(wanted)
        let listening = Set(wanted.map(\.port))
        await connections.close { !listening.contains($0) }
        return problems
    }

    /// How many ports cannot be opened, by the last attempt.
    package var failingPorts: Int { get async { await listeners.failingPorts } }

    /// Closes all ports and connections, for good.
    package func shutdown() async {
        await listeners.shutdown()
        await connections.shutdown()
    }

    private func ports(of health: HealthCheck, on addresses: [IPAddress]?) -> [ListeningPort] {
        guard let addresses else { return [.everywhere(health.port, .tcp)] }
        return Set(addresses).map { ListeningPort(SocketEndpoint($0, health.port), .tcp) }
    }

    private func open(_ port: ListeningPort) async throws -> any Channel {
        let (board, connections, limits) = (board, connections, limits)
        let number = port.endpoint.port
        return try await port.openStream { channel in
            guard connections.admit(channel, on: port), board[number] != nil else {
                throw ChannelError.ioOnClosedChannel
            }
            // Whoever withdraws the answer is about to close the connection.
            try StatusHandler.add(to: channel, limits: limits.ofConnections) { _ in
                board[number]?.page
            }
        }
    }
}
