import ListeningSockets
import Logging
import NIOCore
import NIOPosix

/// Takes UDP datagrams and sends them on to the target of their port.
final class DatagramRelay: Sendable {
    private let targets: RelayTargets
    private let limits: RelayLimits
    private let logger: Logger

    init(targets: RelayTargets, limits: RelayLimits, logger: Logger) {
        self.targets = targets
        self.limits = limits
        self.logger = logger
    }

    func open(_ port: ListeningPort) async throws -> any Channel {
        try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .wholeDatagrams()
            .channelInitializer { [targets, limits, logger] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        DatagramEntrance(
                            port: port,
                            targets: targets,
                            limits: limits,
                            logger: logger
                        )
                    )
                }
            }
            .bind(to: SocketAddress(port.endpoint))
            .get()
    }
}

extension DatagramBootstrap {
    /// The event loop's own 2048 bytes would cut larger datagrams off.
    func wholeDatagrams() -> DatagramBootstrap {
        channelOption(
            .recvAllocator,
            value: FixedSizeRecvByteBufferAllocator(capacity: 1 << 16)
        )
    }
}
