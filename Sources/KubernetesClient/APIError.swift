/// Why a request has no answer, or an answer no end.
package struct APIError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        /// No connection: the name is unknown, the port closed, the proxy does not help.
        case unreachable
        /// Server and client do not trust each other.
        case tls
        /// There is nothing to prove with who the client is.
        case credentials
        /// The head of an answer did not come in time.
        case timedOut = "timed-out"
        /// The body of an answer stopped coming.
        case stalled
        /// The connection ended too early, or the task was cancelled.
        case cutOff = "cut-off"
        /// A body is larger than the caller wants it.
        case tooLarge = "too-large"
        /// The answer is not HTTP.
        case malformed
    }

    package let reason: Reason
    /// A sentence with the server, what went wrong, and a way out; nothing secret.
    package let message: String

    package init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    package var description: String { message }
}
