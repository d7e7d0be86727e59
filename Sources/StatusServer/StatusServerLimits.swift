/// How much of this process the clients of a status server may hold.
package struct StatusServerLimits: Hashable, Sendable {
    /// More are closed at once.
    package var connections = 128
    /// From the opening of a connection, or the head of a later request, to the end of the request.
    package var requestTime: Duration = .seconds(5)
    /// From the end of a request until its answer has been read.
    package var answerTime: Duration = .seconds(30)
    /// Between two requests: longer than Prometheus waits between two visits.
    package var idleTime: Duration = .seconds(150)

    package init() {}
}
