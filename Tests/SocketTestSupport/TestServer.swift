package import Addressing
import ListeningSockets
import NIOCore
import NIOPosix

/// A TCP server, for tests: it keeps its connections and leaves them to the test.
package final class TestServer: Sendable {
    private let accepted: Observed<[TestConnection]>
    private let channel: any Channel

    private init(channel: any Channel, accepted: Observed<[TestConnection]>) {
        self.channel = channel
        self.accepted = accepted
    }

    /// - Parameter isReading: false leaves what comes in the kernel until `startReading`.
    package static func listen(
        on endpoint: SocketEndpoint,
        isReading: Bool = true
    ) async throws -> TestServer {
        let accepted = Observed<[TestConnection]>([])
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.autoRead, value: isReading)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try TestConnection.adopt(channel) { connection in
                        accepted.change { $0.append(connection) }
                    }
                }
            }
            .bind(to: SocketAddress(endpoint))
            .get()
        return TestServer(channel: channel, accepted: accepted)
    }

    /// Waits for the connection of this number, from 0.
    package func connection(_ number: Int = 0) async throws -> TestConnection {
        try await accepted.wait { $0.count > number }[number]
    }

    package func close() async throws { try await channel.close().get() }
}
