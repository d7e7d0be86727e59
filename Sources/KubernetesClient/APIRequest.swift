/// One request to an API server.
package struct APIRequest: Hashable, Sendable {
    /// The HTTP method, such as `GET`.
    package var method: String
    /// The path of the resource, such as `/api/v1/services`; percent-encoded where it must be.
    package var path: String
    /// The query, in order and not encoded.
    package var query: [Parameter]
    /// JSON; nil for none.
    package var body: [UInt8]?

    /// A name and a value of the query.
    package struct Parameter: Hashable, Sendable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(
        method: String = "GET",
        path: String,
        query: [Parameter] = [],
        body: [UInt8]? = nil
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
    }
}
