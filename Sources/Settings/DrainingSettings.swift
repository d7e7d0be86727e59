import ServiceModel

/// What becomes of the connections of an endpoint that leaves.
package struct DrainingSettings: Hashable, Sendable {
    /// What happens to connections that are left when their time is over.
    package enum Ending: String, Hashable, Sendable, CaseIterable {
        case reset, keep
    }

    /// How long TCP and SCTP connections keep an endpoint that leaves; 0s…744h.
    package var timeout = Duration.seconds(3600)
    /// The same for UDP; 0s…1h.
    package var datagramTimeout = Duration.seconds(2)
    /// How long an endpoint that leaves may leave packets unanswered; 5s…1h, zero for ever.
    package var unresponsiveTimeout = Duration.seconds(30)
    package var atTimeout = Ending.reset

    package init() {}
}

extension DrainingSettings: ConfigurationSection {
    static var fields: [Field<DrainingSettings>] {
        let hour = Duration.seconds(3600)
        return [
            .value(
                "timeout",
                \.timeout,
                .duration(.zero ... .seconds(31 * 24 * 3600)),
                """
                How long open connections (TCP, SCTP) keep an endpoint that leaves, unless the \
                annotation fairlead.dev/drain-timeout of the Service says it. 0s: they end at once.
                """
            ),
            .value(
                "datagramTimeout",
                \.datagramTimeout,
                .duration(.zero...hour),
                """
                The same for UDP, where nothing says that a conversation is over: answers that are \
                on their way still arrive, then the client gets another endpoint.
                """
            ),
            .value(
                "unresponsiveTimeout",
                \.unresponsiveTimeout,
                .duration(.seconds(5)...hour, allowsZero: true),
                """
                When an endpoint that leaves has answered no packet for so long, while clients \
                went on sending, it is taken for dead and its connections end. 0s: never.
                """
            ),
            .value(
                "atTimeout",
                \.atTimeout,
                .oneOf("an ending"),
                """
                What becomes of connections that are left after the timeout: reset ends them, and \
                tells clients so; keep lets them go on as long as they like.
                """
            ),
        ]
    }
}
