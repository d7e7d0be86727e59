import Addressing

/// Where the daemon says whether it is well.
package struct HealthSettings: Hashable, Sendable {
    /// Nil for nowhere.
    package var bindAddress: ListenAddress? = ListenAddress(port: 10256)

    package init() {}
}

/// Where the daemon says what it measures.
package struct MetricsSettings: Hashable, Sendable {
    /// Nil for nowhere.
    package var bindAddress: ListenAddress? = ListenAddress(
        address: .ipv4(0x7f00_0001),
        port: 10249
    )

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
            )
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
            )
        ]
    }
}
