package import NIOCore
import NIOPosix
import Addressing
import SystemPackage

extension ListeningPort {
    /// Opens the port for TCP; `prepare` is given each connection on its event loop, before anything
    /// comes from it.
    ///
    /// Where there is no IPv6, all addresses of both families are those of IPv4.
    package func openStream(
        _ prepare: @escaping @Sendable (any Channel) throws -> Void
    ) async throws -> any Channel {
        guard isDualStack else { return try await bind(to: endpoint, prepare) }
        do {
            return try await bind(to: endpoint, prepare)
        } catch let error as IOError where Self.isWithoutIPv6(error) {
            return try await bind(to: SocketEndpoint(.ipv4(0), endpoint.port), prepare)
        }
    }

    private static func isWithoutIPv6(_ error: IOError) -> Bool {
        let errno = Errno(rawValue: error.errnoCode)
        return errno == .addressFamilyNotSupported || errno == .addressNotAvailable
    }

    private func bind(
        to endpoint: SocketEndpoint,
        _ prepare: @escaping @Sendable (any Channel) throws -> Void
    ) async throws -> any Channel {
        var bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // A client that has asked all it will may close its side, and is answered all the same.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try prepare(channel) }
            }
        if endpoint.address.family == .ipv6 {
            bootstrap = bootstrap.serverChannelOption(
                ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only),
                value: isDualStack ? 0 : 1
            )
        }
        return try await bootstrap.bind(to: SocketAddress(endpoint)).get()
    }
}
