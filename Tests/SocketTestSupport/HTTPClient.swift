/// An answer as it came over the wire.
package struct HTTPResponse: Equatable, Sendable {
    package let statusLine: String
    /// In the order of the wire, with the names as they are written.
    package let headers: [String]
    package let body: String

    package var status: Int? { Int(statusLine.split(separator: " ").dropFirst().first ?? "") }

    package init(statusLine: String, headers: [String], body: String) {
        self.statusLine = statusLine
        self.headers = headers
        self.body = body
    }

    /// The first answer in a text, and how many bytes it has; nil while it is not whole.
    static func first(in bytes: ArraySlice<UInt8>, hasBody: Bool) -> (HTTPResponse, size: Int)? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        var lines = text[..<end.lowerBound].split(separator: "\r\n").map(String.init)
        let statusLine = lines.removeFirst()
        let length = lines.first { $0.lowercased().hasPrefix("content-length: ") }
            .flatMap { Int($0.dropFirst("content-length: ".count)) }
        let count = hasBody ? length ?? 0 : 0
        let body = text[end.upperBound...].utf8
        guard body.count >= count else { return nil }
        return (
            HTTPResponse(
                statusLine: statusLine,
                headers: lines,
                body: String(decoding: body.prefix(count), as: UTF8.self)
            ),
            size: bytes.count - body.count + count
        )
    }
}

/// Asks on one connection, one request after the other.
package actor HTTPClient {
    package nonisolated let connection: TestConnection
    private var taken = 0

    package init(_ connection: TestConnection) { self.connection = connection }

    package func ask(_ request: String, hasBody: Bool = true) async throws -> HTTPResponse {
        try await connection.send(request)
        return try await answer(hasBody: hasBody)
    }

    package func get(_ path: String = "/healthz") async throws -> HTTPResponse {
        try await ask("GET \(path) HTTP/1.1\r\nHost: node\r\n\r\n")
    }

    /// The next answer that was not taken yet.
    package func answer(hasBody: Bool = true) async throws -> HTTPResponse {
        let taken = taken
        let state = try await connection.state.wait {
            $0.isOver
                || HTTPResponse.first(in: $0.received[taken...], hasBody: hasBody) != nil
        }
        guard
            let (answer, size) = HTTPResponse.first(in: state.received[taken...], hasBody: hasBody)
        else { throw NoAnswer(received: state.text) }
        self.taken += size
        return answer
    }

    struct NoAnswer: Error {
        let received: String
    }
}
