import NIOCore
import NIOHTTP1

/// What a status server answers.
///
/// A copy shares the body, however long that is.
package struct StatusAnswer: Sendable {
    /// As in HTTP: 200, 404.
    package let status: Int
    package let contentType: String
    /// The methods that are allowed, where the one that was used is not.
    package let allowedMethods: String?
    let body: ByteBuffer

    /// The body as text.
    package var text: String { String(buffer: body) }

    package init(_ body: [UInt8], contentType: String, status: Int = 200) {
        self.status = status
        self.contentType = contentType
        allowedMethods = nil
        self.body = ByteBuffer(bytes: body)
    }

    /// A text, or one in JSON where the type says so.
    package init(
        _ text: String,
        contentType: String = "text/plain; charset=utf-8",
        status: Int = 200,
        allowedMethods: String? = nil
    ) {
        self.status = status
        self.contentType = contentType
        self.allowedMethods = allowedMethods
        body = ByteBuffer(string: text)
    }

    /// Without `Connection`, which depends on the request.
    var headers: HTTPHeaders {
        var headers: HTTPHeaders = [
            "Content-Type": contentType,
            "X-Content-Type-Options": "nosniff",
            "Content-Length": String(body.readableBytes),
        ]
        if let allowedMethods { headers.add(name: "Allow", value: allowedMethods) }
        return headers
    }
}
