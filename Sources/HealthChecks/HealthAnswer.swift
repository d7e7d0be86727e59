import NIOCore
import NIOHTTP1
import Routing
import ServiceModel

/// What a health check is answered, byte for byte as kube-proxy does.
///
/// The source is `pkg/proxy/healthcheck/service_health.go` of Kubernetes: tabs, and no line feed at
/// the end.
struct HealthAnswer: Hashable, Sendable {
    let health: HealthCheck
    var isProxyHealthy: Bool

    var status: HTTPResponseStatus {
        health.localEndpoints > 0 && isProxyHealthy ? .ok : .serviceUnavailable
    }

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

    /// Without `Connection`, which depends on the request.
    var headers: HTTPHeaders {
        [
            "Content-Type": "application/json",
            "X-Content-Type-Options": "nosniff",
            "X-Load-Balancing-Endpoint-Weight": String(health.localEndpoints),
            "Content-Length": String(body.utf8.count),
        ]
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
