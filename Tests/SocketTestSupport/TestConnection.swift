package import Addressing
import Glibc
import ListeningSockets
package import NIOCore
import NIOPosix

/// One end of a TCP connection, for tests: it keeps what comes and says how it ended.
package final class TestConnection: Sendable {
    package struct State: Sendable {
        package var received: [UInt8] = []
        /// The other side sent FIN.
        package var isInputOver = false
        package var isClosed = false
        /// Nothing more comes, be it by FIN or by RST.
        package var isOver: Bool { isInputOver || isClosed }
        /// The last one.
        package var error: String?

        package var text: String { String(decoding: received, as: UTF8.self) }
    }

    package let state: Observed<State>
    private let channel: any Channel

    private init(channel: any Channel, state: Observed<State>) {
        self.channel = channel
        self.state = state
    }

    package static func connect(to endpoint: SocketEndpoint) async throws -> TestConnection {
        let state = Observed(State())
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try watch(channel, state) }
            }
            .connect(to: SocketAddress(endpoint))
            .get()
        return TestConnection(channel: channel, state: state)
    }

    /// Takes a channel on its event loop, before anything can happen to it.
    ///
    /// Hands it over once it can be used.
    static func adopt(
        _ channel: any Channel,
        whenActive: @escaping @Sendable (TestConnection) -> Void
    ) throws {
        let state = Observed(State())
        let connection = TestConnection(channel: channel, state: state)
        try watch(channel, state) { whenActive(connection) }
    }

    private static func watch(
        _ channel: any Channel,
        _ state: Observed<State>,
        whenActive: @escaping @Sendable () -> Void = {}
    ) throws {
        let watcher = Watcher(state: state, whenActive: whenActive)
        try channel.pipeline.syncOperations.addHandler(watcher)
    }

    /// For the connections of a server that does not read by itself.
    package func startReading() async throws {
        try await channel.setOption(.autoRead, value: true).get()
    }

    package func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    package func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    /// Writes and does not wait for it: the promise tells when the kernel has all of it.
    package func sendLater(_ bytes: [UInt8]) -> EventLoopFuture<Void> {
        channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// Sends FIN, and goes on to receive.
    package func finish() async throws {
        try await channel.close(mode: .output).get()
    }

    package func close() async throws {
        try await channel.close().get()
    }

    /// Closes with RST.
    package func reset() async throws {
        try await (channel as? any SocketOptionProvider)?
            .setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        try await close()
    }

    /// Waits for so many bytes since the start.
    @discardableResult
    package func receive(_ count: Int) async throws -> State {
        try await state.wait { $0.received.count >= count || $0.isClosed }
    }

    private final class Watcher: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let state: Observed<State>

        private let whenActive: @Sendable () -> Void

        init(state: Observed<State>, whenActive: @escaping @Sendable () -> Void) {
            self.state = state
            self.whenActive = whenActive
        }

        func channelActive(context: ChannelHandlerContext) { whenActive() }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            state.change { $0.received.append(contentsOf: bytes.readableBytesView) }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            guard case ChannelEvent.inputClosed = event else { return }
            state.change { $0.isInputOver = true }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            state.change { $0.error = "\(error)" }
        }

        func channelInactive(context: ChannelHandlerContext) {
            state.change { $0.isClosed = true }
        }
    }
}
