import AsyncHTTPClient
import NIOCore

/// The body of an answer, in pieces of any size as they come.
///
/// It can be iterated once. Nothing is read ahead of the reader but a few pieces, so a reader that
/// waits slows the server down. Reading ends with `APIError` when the body ends too early, stalls or
/// the task is cancelled; then, and when nobody holds the body any more, the connection is closed.
package struct APIBody: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = APIError

    let body: HTTPClientResponse.Body
    let transport: Transport

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(iterator: body.makeAsyncIterator(), transport: transport)
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        package typealias Element = [UInt8]
        package typealias Failure = APIError

        private var iterator: HTTPClientResponse.Body.AsyncIterator
        private let transport: Transport

        fileprivate init(
            iterator: HTTPClientResponse.Body.AsyncIterator,
            transport: Transport
        ) {
            self.iterator = iterator
            self.transport = transport
        }

        @concurrent package mutating func next() async throws(APIError) -> [UInt8]? {
            do {
                guard let buffer = try await iterator.next() else {
                    // An iteration that is cancelled ends as if there were no more.
                    guard !Task.isCancelled else { throw CancellationError() }
                    return nil
                }
                return Array(buffer: buffer)
            } catch {
                throw transport.error(inBody: error)
            }
        }
    }

    /// All of it.
    ///
    /// - Throws: `APIError`; with `tooLarge` as soon as there is more than `limit` bytes.
    package func collect(upTo limit: Int) async throws(APIError) -> [UInt8] {
        var bytes: [UInt8] = []
        for try await piece in self {
            guard bytes.count + piece.count <= limit else {
                throw APIError(
                    .tooLarge,
                    "\(transport.server) answers with more than the \(limit) bytes that are "
                        + "allowed here; ask for less at once"
                )
            }
            bytes += piece
        }
        return bytes
    }
}
