import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks the daemon of this node.
package enum ControlClient {
    /// The answer to a question such as `/explain?source=10.0.0.1`; nil when no daemon is there.
    ///
    /// - Throws: when a daemon is there and does not answer, or may not be asked.
    package static func ask(
        _ target: String,
        stateDirectory: String
    ) async throws -> ControlServer.Answer? {
        let connection: NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>
        do {
            connection = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connect(
                    unixDomainSocketPath: ControlServer.path(in: stateDirectory)
                ) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                    }
                }
        } catch let error as IOError
            where [Self.noEntry, Self.connectionRefused].contains(error.errnoCode)
        {
            return nil
        } catch let error as IOError
            where [Self.notPermitted, Self.accessDenied].contains(error.errnoCode)
        {
            throw RefusedQuestion()
        }
        return try await connection.executeThenClose { inbound, outbound in
            let headers: HTTPHeaders = ["Host": "fairlead", "Connection": "close"]
            let head = HTTPRequestHead(
                version: .http1_1,
                method: .GET,
                uri: target,
                headers: headers
            )
            // Together: a question without a body is over with its head, and whoever answers at once
            // may have hung up before anything more is written.
            try await outbound.write(contentsOf: [.head(head), .end(nil)])
            var status = 0
            var body = ByteBuffer()
            for try await part in inbound {
                switch part {
                case .head(let head): status = Int(head.status.code)
                case .body(var bytes): body.writeBuffer(&bytes)
                case .end: return ControlServer.Answer(String(buffer: body), status: status)
                }
            }
            throw UnansweredQuestion()
        }
    }

    /// ENOENT and ECONNREFUSED: there is no socket, or nobody behind it.
    private static let noEntry: Int32 = 2
    private static let connectionRefused: Int32 = 111
    /// EPERM and EACCES.
    private static let notPermitted: Int32 = 1
    private static let accessDenied: Int32 = 13
}

/// A daemon that only root may ask.
struct RefusedQuestion: Error, CustomStringConvertible {
    let description = "only root may ask the daemon of this node; run it as root"
}

/// A daemon that hung up.
struct UnansweredQuestion: Error, CustomStringConvertible {
    let description = "the daemon of this node closed the connection without an answer"
}
