/// The head of an answer, whose body is still coming.
package struct APIResponse: Sendable {
    /// The HTTP status.
    package let status: Int
    /// What the server asks to wait before the next request.
    ///
    /// From `Retry-After` in seconds, which is what API servers send; a date is ignored.
    package let retryAfter: Duration?
    /// Dropping it closes the connection.
    package let body: APIBody
}
