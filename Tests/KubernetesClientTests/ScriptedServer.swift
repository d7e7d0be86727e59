import NIOCore
import NIOPosix
import NIOSSL
import SocketTestSupport

/// A server that answers requests byte by byte as a test says.
final class ScriptedServer: Sendable {
    struct Request: Sendable {
        /// Such as `GET /api HTTP/1.1`.
        let line: String
        /// With the names in lower case; several values of one name are joined with commas.
        let headers: [String: String]
        let body: String
        let clientCertificate: NIOSSLCertificate?
    }

    enum Step: Sendable {
        case send(String)
        case close
        /// Closes with RST.
        case reset
        /// Continues with TLS, as behind a proxy.
        case startTLS(NIOSSLContext)
    }

    typealias Script = @Sendable (Request) -> [Step]

    struct State: Sendable {
        var requests: [Request] = []
        /// In the order in which they came.
        var connections: [any Channel] = []
        /// Closed by whichever side.
        var closedConnections = 0
        /// How many `send` steps the kernel has taken all of.
        var sends = 0
    }

    let state: Observed<State>
    let port: Int
    private let channel: any Channel

    private init(state: Observed<State>, channel: any Channel) {
        self.state = state
        self.channel = channel
        port = channel.localAddress?.port ?? 0
    }

    static func start(
        host: String = "127.0.0.1",
        tls: NIOSSLContext? = nil,
        script: @escaping Script
    ) async throws -> ScriptedServer {
        let state = Observed(State())
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    try pipeline.addHandler(Handler(state, script))
                }
            }
            .bind(host: host, port: 0)
            .get()
        return ScriptedServer(state: state, channel: channel)
    }

    var requests: [Request] { state.value.requests }

    /// Writes on a connection, counted from 0, without being asked.
    func push(_ text: String, on connection: Int) async throws {
        let channel = state.value.connections[connection]
        try await channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    func stop() async throws { try await channel.close().get() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let state: Observed<State>
        private let script: Script
        private var received = ""

        init(_ state: Observed<State>, _ script: @escaping Script) {
            self.state = state
            self.script = script
        }

        func handlerAdded(context: ChannelHandlerContext) {
            state.change { $0.connections.append(context.channel) }
        }

        func channelInactive(context: ChannelHandlerContext) {
            state.change { $0.closedConnections += 1 }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received += String(buffer: unwrapInboundIn(data))
            while let request = takeRequest(context) {
                state.change { $0.requests.append(request) }
                for step in script(request) { perform(step, context) }
            }
        }

        private func takeRequest(_ context: ChannelHandlerContext) -> Request? {
            guard let end = received.firstRange(of: "\r\n\r\n") else { return nil }
            var lines = received[..<end.lowerBound].split(separator: "\r\n")
            let line = String(lines.removeFirst())
            var headers: [String: String] = [:]
            for line in lines {
                guard let colon = line.firstIndex(of: ":") else { continue }
                let value = String(line[line.index(after: colon)...].drop { $0 == " " })
                headers[line[..<colon].lowercased(), default: ""] += value + ","
            }
            headers = headers.mapValues { String($0.dropLast()) }
            let length = Int(headers["content-length"] ?? "0") ?? 0
            let rest = received[end.upperBound...]
            guard rest.utf8.count >= length else { return nil }
            let body = String(decoding: rest.utf8.prefix(length), as: UTF8.self)
            received = String(decoding: rest.utf8.dropFirst(length), as: UTF8.self)
            let handler = try? context.pipeline.syncOperations.handler(
                type: NIOSSLServerHandler.self
            )
            return Request(
                line: line,
                headers: headers,
                body: body,
                clientCertificate: handler?.peerCertificate
            )
        }

        private func perform(_ step: Step, _ context: ChannelHandlerContext) {
            switch step {
            case .send(let text):
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)))
                    .whenSuccess { [state] in state.change { $0.sends += 1 } }
            case .close:
                context.close(promise: nil)
            case .reset:
                let channel = context.channel
                let options = channel as? any SocketOptionProvider
                let lingering = options?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
                lingering?.whenComplete { _ in channel.close(promise: nil) }
            case .startTLS(let tls):
                try? context.pipeline.syncOperations.addHandler(
                    NIOSSLServerHandler(context: tls),
                    position: .first
                )
            }
        }
    }
}

extension [ScriptedServer.Step] {
    /// A whole answer.
    static func answer(
        _ body: String = "{}",
        status: String = "200 OK",
        headers: [String] = []
    ) -> [ScriptedServer.Step] {
        let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers
        return [.send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)]
    }
}
