import ListeningSockets
import NIOCore
import NIOPosix

/// Takes TCP connections and makes each again to the target of its port.
final class StreamRelay: Sendable {
    private let targets: RelayTargets
    private let connections: ConnectionTable

    init(targets: RelayTargets, limits: RelayLimits) {
        self.targets = targets
        connections = ConnectionTable(limit: limits.connections)
    }

    func open(_ port: ListeningPort) async throws -> any Channel {
        try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let end = RelayEnd(whenActive: { [self] in connect($0, of: channel, on: port) })
                    try channel.pipeline.syncOperations.addHandler(end)
                }
            }
            .bind(to: SocketAddress(port.endpoint))
            .get()
    }

    /// Ends all connections.
    func shutdown() async {
        await connections.shutdown()
    }

    /// On the event loop of the client, which the connection to the target shares.
    private func connect(_ client: RelayEnd, of channel: any Channel, on port: ListeningPort) {
        guard connections.admit(channel, on: port), let target = targets[port] else {
            return client.reset()
        }
        ClientBootstrap(group: channel.eventLoop)
            .channelOption(.autoRead, value: false)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(RelayEnd())
                }
            }
            .connect(to: target)
            .flatMapThrowing { try $0.pipeline.syncOperations.handler(type: RelayEnd.self) }
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success(let server): RelayEnd.join(client, server)
                case .failure: client.reset()
                }
            }
    }
}
