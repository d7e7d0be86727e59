import Addressing
package import ListeningSockets
package import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Routing
import ServiceModel
import SystemPackage

/// Tells load balancers whether this node has endpoints of a Service.
///
/// It answers on the `healthCheckNodePort` of Services whose external traffic policy is `Local`.
package final class HealthCheckServer: Sendable {
    private let listeners: ListenerSet
    private let connections: ConnectionTable
    private let board = HealthBoard()
    private let limits: HealthCheckLimits

    package init(limits: HealthCheckLimits = HealthCheckLimits(), logger: Logger) {
        self.limits = limits
        listeners = ListenerSet(logger: logger)
        connections = ConnectionTable(limit: limits.connections)
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
        guard port.isDualStack else { return try await bind(port, to: port.endpoint) }
        do {
            return try await bind(port, to: port.endpoint)
        } catch let error as IOError where Self.isWithoutIPv6(error) {
            return try await bind(port, to: SocketEndpoint(.ipv4(0), port.endpoint.port))
        }
    }

    private static func isWithoutIPv6(_ error: IOError) -> Bool {
        let errno = Errno(rawValue: error.errnoCode)
        return errno == .addressFamilyNotSupported || errno == .addressNotAvailable
    }

    private func bind(
        _ port: ListeningPort,
        to endpoint: SocketEndpoint
    ) async throws -> any Channel {
        let (board, connections, limits) = (board, connections, limits)
        var bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard connections.admit(channel, on: port), board[endpoint.port] != nil else {
                        throw ChannelError.ioOnClosedChannel
                    }
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                    try pipeline.addHandler(
                        HealthCheckHandler(port: endpoint.port, board: board, limits: limits)
                    )
                }
            }
        if endpoint.address.family == .ipv6 {
            bootstrap = bootstrap.serverChannelOption(
                ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only),
                value: port.isDualStack ? 0 : 1
            )
        }
        return try await bootstrap.bind(to: SocketAddress(endpoint)).get()
    }
}
