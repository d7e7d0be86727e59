import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A request as a scripted server sees it.
package struct ScriptedRequest: Hashable, Sendable {
    package let method: String
    package let path: String
    /// Decoded.
    package let query: [String: String]
    package let body: [UInt8]

    package var isWatch: Bool { query["watch"] == "true" }

    init(_ head: HTTPRequestHead, body: [UInt8]) {
        method = head.method.rawValue
        let parts = head.uri.split(separator: "?", maxSplits: 1)
        path = String(parts[0])
        var query: [String: String] = [:]
        for pair in (parts.count > 1 ? parts[1] : "").split(separator: "&") {
            let words = pair.split(separator: "=", maxSplits: 1)
            query[String(words[0])] = words.count > 1 ? Self.decoded(words[1]) : ""
        }
        self.query = query
        self.body = body
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let code = UInt8(String(rest.prefix(2)) ?? "", radix: 16)
            {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// What a scripted server does with a request, step by step.
package enum ScriptedStep: Hashable, Sendable {
    case head(Int, [String: String])
    /// Written, and flushed.
    case bytes([UInt8])
    /// The answer ends as it should.
    case end
    /// The connection is closed in the middle of the answer.
    case cut
}

/// An answer; one without an end is held open.
package typealias ScriptedAnswer = [ScriptedStep]

extension [ScriptedStep] {
    /// A whole answer of JSON.
    package static func document(_ body: [UInt8], status: Int = 200) -> ScriptedAnswer {
        [
            .head(
                status,
                ["Content-Type": "application/json", "Content-Length": "\(body.count)"]
            ),
            .bytes(body), .end,
        ]
    }

    /// The head of an endless answer in chunks.
    package static var stream: ScriptedAnswer {
        [.head(200, ["Content-Type": "application/json", "Transfer-Encoding": "chunked"])]
    }
}

/// An HTTP server on loopback whose answers a test makes up.
package final class ScriptedAPI: Sendable {
    private let channel: any Channel
    private let log = RequestLog()

    /// The requests so far.
    package var requests: [ScriptedRequest] { log.entries.map(\.request) }

    package var port: Int { channel.localAddress?.port ?? 0 }

    /// Listens on a free port.
    package init(
        _ answer: @escaping @Sendable (ScriptedRequest) -> ScriptedAnswer
    ) async throws {
        let log = log
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(ScriptHandler(answer: answer, log: log))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    /// Writes more of an answer that is held open: to the newest request that fits.
    package func push(
        _ bytes: [UInt8],
        to isMeant: (ScriptedRequest) -> Bool
    ) async throws {
        guard let entry = log.entries.last(where: { isMeant($0.request) }) else { return }
        let part = HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: bytes)))
        try await entry.channel.writeAndFlush(part)
    }

    /// Listens no more.
    package func close() async { try? await channel.close().get() }
}

/// Who asked what, and where.
private final class RequestLog: Sendable {
    struct Entry: Sendable {
        let request: ScriptedRequest
        let channel: any Channel
    }

    private let list = Mutex<[Entry]>([])

    var entries: [Entry] { list.withLock { $0 } }

    func add(_ entry: Entry) { list.withLock { $0.append(entry) } }
}

private final class ScriptHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let answer: @Sendable (ScriptedRequest) -> ScriptedAnswer
    private let log: RequestLog
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(answer: @escaping @Sendable (ScriptedRequest) -> ScriptedAnswer, log: RequestLog) {
        self.answer = answer
        self.log = log
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let buffer): body += buffer.readableBytesView
        case .end:
            guard let head else { return }
            let request = ScriptedRequest(head, body: body)
            log.add(RequestLog.Entry(request: request, channel: context.channel))
            play(answer(request), context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func play(_ steps: ScriptedAnswer, _ context: ChannelHandlerContext) {
        for step in steps {
            switch step {
            case .head(let status, let headers):
                let head = HTTPResponseHead(
                    version: .http1_1,
                    status: HTTPResponseStatus(statusCode: status),
                    headers: HTTPHeaders(headers.map { ($0.key, $0.value) })
                )
                context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
            case .bytes(let bytes):
                let part = HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: bytes)))
                context.writeAndFlush(wrapOutboundOut(part), promise: nil)
            case .end: context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            case .cut: context.close(promise: nil)
            }
        }
    }
}
