package import Addressing

/// What is asked of IPVS in the kernel.
package struct IPVSSettings: Hashable, Sendable {
    /// For every Service that chooses none itself.
    package var scheduler = SchedulerChoice(name: "rr")
    /// By namespace, for the Services in it that choose none themselves.
    package var namespaceSchedulers: [String: SchedulerChoice] = [:]
    package var timeouts = ConnectionTimeouts()
    /// Whether the kernel parameters that IPVS needs are set.
    package var managesKernelParameters = true
    package var firewallMarks = FirewallMarkSettings()
    /// Where virtual servers of others are not taken over; none is there twice.
    package var excludedRanges: [IPPrefix] = []

    package init() {}
}

/// How long the kernel remembers idle connections, in whole seconds of at most 31 days; zero leaves
/// the kernel's value.
package struct ConnectionTimeouts: Hashable, Sendable {
    package var tcp = Duration.zero
    /// After a FIN.
    package var tcpFin = Duration.zero
    package var udp = Duration.zero

    package init() {}
}

extension IPVSSettings: ConfigurationSection {
    static var fields: [Field<IPVSSettings>] {
        [
            .section(
                "scheduler",
                \.scheduler,
                "How a Service picks an endpoint for a connection, unless its annotation says it."
            ),
            .map(
                "namespaceSchedulers",
                \.namespaceSchedulers,
                .namespace,
                requiring: ["name": "rr"],
                """
                Schedulers for all Services of a namespace, instead of the one above: a map from \
                namespaces to name and flags, such as {batch: {name: lc}}.
                """
            ),
            .section(
                "timeouts",
                \.timeouts,
                """
                How long the kernel remembers idle connections, as durations such as 90s or 15m. \
                0s leaves the kernel's value.
                """
            ),
            .value(
                "manageKernelParameters",
                \.managesKernelParameters,
                .truth,
                """
                Whether to set the kernel parameters (sysctls) that IPVS needs. With false they \
                are left as they are.
                """
            ),
            .section(
                "firewallMarks",
                \.firewallMarks,
                """
                The packet marks by which IPVS knows what belongs to one Service, where an address \
                and a port do not say it. No other program may use them.
                """
            ),
            .list(
                "excludedRanges",
                \.excludedRanges,
                .prefix,
                """
                Where virtual servers that Fairlead did not make stay as they are even if a Service \
                has the address, the port and the protocol of one, which is then not served there. \
                Everywhere else such a virtual server is taken over for the Service.
                """
            ),
        ]
    }

    var contradictions: [Contradiction] { .repeated(excludedRanges, in: "excludedRanges") }
}

extension ConnectionTimeouts: ConfigurationSection {
    static var fields: [Field<ConnectionTimeouts>] {
        let timeout = ValueForm<Duration>.duration(
            .seconds(1) ... .seconds(31 * 24 * 3600),
            allowsZero: true,
            wholeSeconds: true
        )
        return [
            .value("tcp", \.tcp, timeout, "For TCP connections that are open."),
            .value("tcpFin", \.tcpFin, timeout, "For TCP connections that are being closed."),
            .value("udp", \.udp, timeout, "For UDP."),
        ]
    }
}
