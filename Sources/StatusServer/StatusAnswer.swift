import NIOCore
import NIOHTTP1

/// What a status server answers.
///
/// A copy shares the body, however long that is.
package struct StatusAnswer: Sendable {
    /// As in HTTP: 200, 404.
    package let status: Int
    package let contentType: String
    /// Headers beside those that every answer has.
    package let otherHeaders: [(name: String, value: String)]
    let body: ByteBuffer

    /// The body as text.
    package var text: String { String(buffer: body) }

    package init(_ body: [UInt8], contentType: String, status: Int = 200) {
        self.status = status
        self.contentType = contentType
        otherHeaders = []
        self.body = ByteBuffer(bytes: body)
    }

    /// A text, or one in JSON where the type says so.
    package init(
        _ text: String,
        contentType: String = "text/plain; charset=utf-8",
        status: Int = 200,
        otherHeaders: [(name: String, value: String)] = []
    ) {
        self.status = status
        self.contentType = contentType
        self.otherHeaders = otherHeaders
        body = ByteBuffer(string: text)
    }

    /// Without `Connection`, which depends on the request.
    var headers: HTTPHeaders {
        var headers: HTTPHeaders = [
            "Content-Type": contentType, "X-Content-Type-Options": "nosniff",
        ]
        for header in otherHeaders { headers.add(name: header.name, value: header.value) }
        headers.add(name: "Content-Length", value: String(body.readableBytes))
        return headers
    }
}
