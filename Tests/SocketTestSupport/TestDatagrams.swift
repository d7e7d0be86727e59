package import Addressing
import ListeningSockets
import NIOCore
import NIOPosix

/// A UDP socket, for tests: it keeps what comes, and may answer it.
package final class TestDatagrams: Sendable {
    package struct Datagram: Hashable, Sendable {
        package let text: String
        /// Who sent it.
        package let port: Int?
    }

    package let received: Observed<[Datagram]>
    private let channel: any Channel

    private init(channel: any Channel, received: Observed<[Datagram]>) {
        self.channel = channel
        self.received = received
    }

    /// - Parameter answer: what each datagram is answered; nil answers none.
    package static func bind(
        to endpoint: SocketEndpoint,
        answer: (@Sendable (String) -> String)? = nil
    ) async throws -> TestDatagrams {
        let received = Observed<[Datagram]>([])
        let channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(
                .recvAllocator,
                value: FixedSizeRecvByteBufferAllocator(capacity: 1 << 16)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Watcher(received: received, answer: answer)
                    )
                }
            }
            .bind(to: SocketAddress(endpoint))
            .get()
        return TestDatagrams(channel: channel, received: received)
    }

    package var port: Int? { channel.localAddress?.port }

    package func send(_ text: String, to endpoint: SocketEndpoint) async throws {
        let envelope = AddressedEnvelope(
            remoteAddress: try SocketAddress(endpoint),
            data: ByteBuffer(string: text)
        )
        try await channel.writeAndFlush(envelope).get()
    }

    /// Waits for so many datagrams since the start.
    @discardableResult
    package func receive(_ count: Int) async throws -> [Datagram] {
        try await received.wait { $0.count >= count }
    }

    package func close() async throws { try await channel.close().get() }

    private final class Watcher: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        typealias OutboundOut = AddressedEnvelope<ByteBuffer>

        private let received: Observed<[Datagram]>
        private let answer: (@Sendable (String) -> String)?

        init(received: Observed<[Datagram]>, answer: (@Sendable (String) -> String)?) {
            self.received = received
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let envelope = unwrapInboundIn(data)
            let text = String(buffer: envelope.data)
            received.change {
                $0.append(Datagram(text: text, port: envelope.remoteAddress.port))
            }
            guard let answer else { return }
            let reply = AddressedEnvelope(
                remoteAddress: envelope.remoteAddress,
                data: ByteBuffer(string: answer(text))
            )
            context.writeAndFlush(wrapOutboundOut(reply), promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {}
    }
}
