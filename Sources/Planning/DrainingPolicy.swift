package import Addressing

/// How long real servers that leave keep their connections.
package struct DrainingPolicy: Hashable, Sendable {
    /// For TCP and SCTP, where a Service says nothing else; zero ends connections at once.
    package var timeout: Duration
    /// For UDP, which has no end of a connection: time for the answers that are on their way.
    package var datagramTimeout: Duration
    /// A real server that has answered nothing for so long, while clients went on sending, is taken
    /// for dead; nil never does so.
    package var unresponsiveTimeout: Duration?
    /// Whether connections that are left after the time-out may go on.
    package var keepsConnections: Bool

    package init(
        timeout: Duration = .seconds(3600),
        datagramTimeout: Duration = .seconds(2),
        unresponsiveTimeout: Duration? = .seconds(30),
        keepsConnections: Bool = false
    ) {
        self.timeout = timeout
        self.datagramTimeout = datagramTimeout
        self.unresponsiveTimeout = unresponsiveTimeout
        self.keepsConnections = keepsConnections
    }

    /// How long a real server may take to leave.
    func limit(for rule: DepartureRule?) -> Duration {
        let timeout = rule?.timeout ?? timeout
        return rule?.transport == .udp ? min(timeout, datagramTimeout) : timeout
    }
}

/// What bears on how a real server leaves its virtual server.
package struct DepartureRule: Hashable, Sendable {
    package var transport: TransportProtocol
    /// What the Service says; nil for what holds for all.
    package var timeout: Duration?

    package init(transport: TransportProtocol, timeout: Duration? = nil) {
        self.transport = transport
        self.timeout = timeout
    }
}
