import ListeningSockets
import Logging
import NIOCore
import NIOPosix

/// The listening end of a UDP port: tells its clients apart, each with a socket of its own.
final class DatagramEntrance: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    private let port: ListeningPort
    private let targets: RelayTargets
    private let limits: RelayLimits
    private let logger: Logger
    private var clients: [SocketAddress: DatagramClient] = [:]
    /// Counts datagrams, so that the client that was silent for longest is known.
    private var now: UInt64 = 0

    init(port: ListeningPort, targets: RelayTargets, limits: RelayLimits, logger: Logger) {
        self.port = port
        self.targets = targets
        self.limits = limits
        self.logger = logger
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        var known = clients[envelope.remoteAddress]
        if let client = known, !client.isUsable {
            forget(client)
            known = nil
        }
        guard let client = known ?? connect(envelope, context: context) else { return }
        touch(client)
        client.send(envelope.data)
    }

    /// The listening socket of UDP has errors that are those of single datagrams.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("\(port): \(error)")
    }

    func channelInactive(context: ChannelHandlerContext) {
        for client in clients.values { client.close() }
        clients = [:]
        context.fireChannelInactive()
    }

    private func touch(_ client: DatagramClient) {
        now += 1
        client.lastUse = now
    }

    private func connect(
        _ envelope: AddressedEnvelope<ByteBuffer>,
        context: ChannelHandlerContext
    ) -> DatagramClient? {
        guard let target = targets[port] else { return nil }
        if clients.count >= limits.datagramClients { dropOldest() }
        let address = envelope.remoteAddress
        let entrance = context.channel
        let client = DatagramClient(address: address)
        clients[address] = client
        DatagramBootstrap(group: context.eventLoop)
            .wholeDatagrams()
            .channelInitializer { [limits] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(
                        IdleStateHandler(allTimeout: TimeAmount(limits.datagramIdleTime))
                    )
                    try pipeline.addHandler(DatagramAnswers(to: address, through: entrance))
                }
            }
            .connect(to: target)
            .assumeIsolated()
            .whenComplete { result in
                switch result {
                case .success(let channel):
                    client.start(on: channel)
                    channel.closeFuture.assumeIsolated().whenComplete { _ in self.forget(client) }
                case .failure(let error):
                    self.logger.debug("\(self.port): client \(address) not relayed: \(error)")
                    self.forget(client)
                }
            }
        return client
    }

    private func dropOldest() {
        guard let oldest = clients.values.min(by: { $0.lastUse < $1.lastUse }) else { return }
        oldest.close()
        forget(oldest)
    }

    private func forget(_ client: DatagramClient) {
        guard clients[client.address] === client else { return }
        clients[client.address] = nil
        logger.debug("\(port): client \(client.address) is forgotten")
    }
}
