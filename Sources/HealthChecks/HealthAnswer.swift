import Routing
import ServiceModel
import StatusServer

/// What a health check is answered, byte for byte as kube-proxy does.
///
/// The source is `pkg/proxy/healthcheck/service_health.go` of Kubernetes: tabs, and no line feed at
/// the end.
struct HealthAnswer: Hashable, Sendable {
    let health: HealthCheck
    var isProxyHealthy: Bool

    /// As in HTTP: 200 or 503.
    var status: Int { health.localEndpoints > 0 && isProxyHealthy ? 200 : 503 }

    var body: String {
        """
        {
        \t"service": {
        \t\t"namespace": \(quoted(health.service.namespace)),
        \t\t"name": \(quoted(health.service.name))
        \t},
        \t"localEndpoints": \(health.localEndpoints),
        \t"serviceProxyHealthy": \(isProxyHealthy)
        }
        """
    }

    /// All of it, with kube-proxy's headers.
    var page: StatusAnswer {
        StatusAnswer(
            body,
            contentType: "application/json",
            status: status,
            otherHeaders: [
                ("X-Load-Balancing-Endpoint-Weight", String(health.localEndpoints))
            ]
        )
    }

    /// Names in Kubernetes have neither of the two; a manifest may have anything.
    private func quoted(_ text: String) -> String {
        var quoted = "\""
        for character in text.unicodeScalars {
            if character == "\"" || character == "\\" { quoted += "\\" }
            quoted.unicodeScalars.append(character)
        }
        return quoted + "\""
    }
}
