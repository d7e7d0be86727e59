import NIOHTTP1

/// How much of this process the clients of a status server may hold.
package struct StatusServerLimits: Hashable, Sendable {
    /// For one more, the oldest is closed.
    package var connections = 128
    /// From the opening of a connection, or the head of a later request, to the end of the request.
    package var requestTime: Duration = .seconds(5)
    /// From the end of a request until its answer has been read.
    package var answerTime: Duration = .seconds(30)
    /// Between two requests: longer than Prometheus waits between two visits.
    package var idleTime: Duration = .seconds(150)
    /// The line of a request and each of its headers, in bytes; a longer one is refused.
    package var headerSize = 8 << 10
    /// The line of a request and all its headers, in bytes; more are refused.
    package var headSize = 32 << 10
    /// The headers of a request; more are refused.
    package var headerCount = 64

    package init() {}

    var ofHeads: NIOHTTPDecoderLimitConfiguration {
        var configuration = NIOHTTPDecoderLimitConfiguration()
        configuration.maxHeaderFieldSize = headerSize
        configuration.maxHeaderListSize = headSize
        configuration.maxHeaderFieldCount = headerCount
        return configuration
    }
}
