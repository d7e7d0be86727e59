import Addressing

/// Where the daemon says whether it is well.
package struct HealthSettings: Hashable, Sendable {
    /// Nil for nowhere.
    package var bindAddress: ListenAddress? = ListenAddress(port: 10256)
    /// Whether the daemon ends when it cannot listen there, instead of trying again.
    package var bindFailureIsFatal = false

    package init() {}
}

/// Where the daemon says what it measures.
package struct MetricsSettings: Hashable, Sendable {
    /// Nil for nowhere.
    package var bindAddress: ListenAddress? = ListenAddress(
        address: .ipv4(0x7f00_0001),
        port: 10249
    )
    /// Whether the daemon ends when it cannot listen there, instead of trying again.
    package var bindFailureIsFatal = false
    /// Whether each real server has series of its own.
    package var realServers = true
    /// The most series of virtual and real servers; 0…10,000,000.
    package var maximumSeries = 100_000

    package init() {}
}

extension HealthSettings: ConfigurationSection {
    static var fields: [Field<HealthSettings>] {
        [
            .value(
                "bindAddress",
                \.bindAddress,
                .listenAddress,
                "Where /healthz and /livez answer, for load balancers and probes."
            ),
            .value(
                "bindFailureIsFatal",
                \.bindFailureIsFatal,
                .truth,
                "Whether to end when nothing can listen there, instead of trying again."
            ),
        ]
    }
}

extension MetricsSettings: ConfigurationSection {
    static var fields: [Field<MetricsSettings>] {
        [
            .value(
                "bindAddress",
                \.bindAddress,
                .listenAddress,
                "Where /metrics, /healthz, /proxyMode and /configz answer."
            ),
            .value(
                "bindFailureIsFatal",
                \.bindFailureIsFatal,
                .truth,
                "Whether to end when nothing can listen there, instead of trying again."
            ),
            .value(
                "realServers",
                \.realServers,
                .truth,
                """
                Whether each endpoint behind each address of a Service is measured by itself: up \
                to nine series for each.
                """
            ),
            .value(
                "maximumSeries",
                \.maximumSeries,
                .wholeNumber(0...10_000_000),
                """
                The most series for Services and their endpoints. What there is no room for is left \
                out, endpoints first, and counted in fairlead_series_left_out.
                """
            ),
        ]
    }
}
