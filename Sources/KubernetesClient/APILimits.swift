/// How long things may take.
package struct APILimits: Hashable, Sendable {
    /// Until there is a connection, with TLS.
    package var connectTime = Duration.seconds(10)
    /// From the request until the head of an answer, with all that comes before.
    package var headTime = Duration.seconds(30)
    /// Without any byte in a body.
    ///
    /// A watch that nothing happens in gets bookmarks about once a minute. A reader that takes longer
    /// for what it has read is taken for a stalled server.
    package var idleTime = Duration.seconds(120)
    /// Until a credential plugin has ended.
    package var pluginTime = Duration.seconds(30)

    package init() {}
}
