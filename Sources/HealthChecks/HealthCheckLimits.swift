import StatusServer

/// How much of this process the clients of health checks may hold.
package struct HealthCheckLimits: Hashable, Sendable {
    /// Over all ports together; more are closed at once.
    package var connections = 512
    /// From the opening of a connection, or the head of a later request, to the end of the request.
    package var requestTime: Duration = .seconds(5)
    /// Between two requests: longer than load balancers wait between their checks, so that none is
    /// lost to a connection that is just being closed.
    package var idleTime: Duration = .seconds(60)

    package init() {}
}

extension HealthCheckLimits {
    /// What each connection is held to.
    var ofConnections: StatusServerLimits {
        var limits = StatusServerLimits()
        limits.requestTime = requestTime
        limits.answerTime = requestTime
        limits.idleTime = idleTime
        return limits
    }
}
