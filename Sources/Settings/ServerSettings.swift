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
        ]
    }
}
