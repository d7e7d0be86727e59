package import NIOCore

/// A port that shall listen, and how to open it.
package struct Listener: Sendable {
    package let port: ListeningPort
    /// What the port is for, as the log says it: `health check of Service default/web`.
    package let owner: String
    /// Answers the bound channel; what it throws becomes a `ListenProblem`.
    package let open: @Sendable () async throws -> any Channel

    package init(
        _ port: ListeningPort,
        owner: String,
        open: @escaping @Sendable () async throws -> any Channel
    ) {
        self.port = port
        self.owner = owner
        self.open = open
    }
}
