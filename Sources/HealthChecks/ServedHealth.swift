package import Addressing
package import Routing

/// All that health checks are to be told.
package struct ServedHealth: Hashable, Sendable {
    package var services: [HealthCheck]
    /// Where to listen; nil is all addresses of both families.
    package var addresses: [IPAddress]?
    /// Whether the rules of this node keep up with the cluster; false fails every check.
    package var isProxyHealthy: Bool

    package init(
        services: [HealthCheck],
        addresses: [IPAddress]? = nil,
        isProxyHealthy: Bool = true
    ) {
        self.services = services
        self.addresses = addresses
        self.isProxyHealthy = isProxyHealthy
    }
}
