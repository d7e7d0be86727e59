import StatusServer

/// How much of this process the clients of health checks may hold.
package struct HealthCheckLimits: Hashable, Sendable {
    /// Over all ports together; for one more, the oldest of the port that has the most is closed.
    package var connections = 512
    /// On each port; for one more, the oldest of that port is closed.
    package var connectionsOfPort = 64
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
