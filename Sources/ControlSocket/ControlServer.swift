package import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// Answers questions of programs on this node, over HTTP on a socket in the file system.
///
/// For example: `curl --unix-socket /run/fairlead/control.sock http://fairlead/explain?...`
package struct ControlServer: Sendable {
    /// A question: `/explain` with `["source": "10.0.0.1"]`.
    package struct Request: Hashable, Sendable {
        package let path: String
        package let parameters: [String: String]

        /// Reads a request target such as `/explain?source=10.0.0.1`; nothing in it is encoded.
        package init(target: String) {
            let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            path = String(parts.first ?? "")
            var found: [String: String] = [:]
            for pair in (parts.count > 1 ? parts[1] : "").split(separator: "&") {
                let words = pair.split(separator: "=", maxSplits: 1)
                if words.count == 2 { found[String(words[0])] = String(words[1]) }
            }
            parameters = found
        }
    }

    package struct Answer: Hashable, Sendable {
        /// As in HTTP: 200, 400 for a question that makes no sense, 404 for one that nobody knows.
        package let status: Int
        package let text: String

        package init(_ text: String, status: Int = 200) {
            self.text = text
            self.status = status
        }
    }

    /// The name of the socket in a state directory.
    package static func path(in stateDirectory: String) -> String {
        stateDirectory + "/control.sock"
    }

    private let path: String
    private let protect: @Sendable (String) throws -> Void
    private let answer: @Sendable (Request) async -> Answer
    private let logger: Logger

    /// `protect` is given the path of the socket before anything is answered there.
    package init(
        stateDirectory: String,
        logger: Logger,
        protect: @escaping @Sendable (String) throws -> Void,
        answer: @escaping @Sendable (Request) async -> Answer
    ) {
        path = Self.path(in: stateDirectory)
        self.logger = logger
        self.protect = protect
        self.answer = answer
    }

    private typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

    /// Answers until the task is cancelled.
    ///
    /// - Throws: when the socket cannot be made. A socket that a killed process left is replaced.
    package func run() async throws {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true) { channel in
                channel.eventLoop.makeCompletedFuture {
                    // A question is one short line; the default is 2 MiB for each connection.
                    var limits = NIOHTTPDecoderLimitConfiguration()
                    limits.maxHeaderFieldSize = 8 << 10
                    limits.maxHeaderListSize = 32 << 10
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                        withEncoderConfiguration: .init(),
                        withDecoderLimitConfiguration: limits
                    )
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
        try protect(path)
        try await withThrowingDiscardingTaskGroup { group in
            try await server.executeThenClose { connections in
                for try await connection in connections {
                    group.addTask { await serve(connection) }
                }
            }
        }
    }

    private func serve(_ connection: Connection) async {
        do {
            try await connection.executeThenClose { inbound, outbound in
                var target: String?
                for try await part in inbound {
                    switch part {
                    case .head(let head): target = head.uri
                    case .body: continue
                    case .end:
                        // Not before: whoever asks must not meet a closed door in mid-sentence.
                        guard let target else { return }
                        let answer = await answer(Request(target: target))
                        return try await write(answer, to: outbound)
                    }
                }
            }
        } catch {
            // Whoever asked has gone, and misses nothing.
            logger.debug("a question on the control socket was not answered: \(error)")
        }
    }

    private func write(
        _ answer: Answer,
        to outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    ) async throws {
        let body = ByteBuffer(string: answer.text)
        let headers: HTTPHeaders = [
            "Content-Length": "\(body.readableBytes)", "Connection": "close",
        ]
        let head = HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(statusCode: answer.status),
            headers: headers
        )
        try await outbound.write(.head(head))
        try await outbound.write(.body(.byteBuffer(body)))
        try await outbound.write(.end(nil))
    }
}
