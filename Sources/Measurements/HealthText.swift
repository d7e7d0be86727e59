import Addressing

/// What `/healthz` and `/livez` answer, as kube-proxy writes it.
package struct HealthText: Hashable, Sendable {
    package let isOK: Bool
    package let body: String

    /// `/healthz`: what load balancers ask, so that a node that goes away counts as unhealthy.
    ///
    /// `now` is the moment of the report on its own clock, `wallClock` the same in microseconds since
    /// 1970.
    package static func healthz(
        _ report: ProxyHealth.Report,
        now: Duration,
        wallClock: Int64
    ) -> HealthText {
        HealthText(
            report,
            isOK: report.isHealthy && report.isNodeEligible,
            "\"nodeEligible\":\(report.isNodeEligible),",
            now,
            wallClock
        )
    }

    /// `/livez`: what the kubelet asks, to start the process anew when it hangs.
    package static func livez(
        _ report: ProxyHealth.Report,
        now: Duration,
        wallClock: Int64
    ) -> HealthText {
        HealthText(report, isOK: report.isHealthy, "", now, wallClock)
    }

    private init(
        _ report: ProxyHealth.Report,
        isOK: Bool,
        _ eligibility: String,
        _ now: Duration,
        _ wallClock: Int64
    ) {
        func text(of moment: Duration?) -> String {
            // The zero value of Go.
            guard let moment else { return "0001-01-01T00:00:00Z" }
            let age = (now - moment) / .microseconds(1)
            return TimeText.text(microseconds: wallClock - Int64(age))
        }
        self.isOK = isOK
        let current = TimeText.text(microseconds: wallClock)
        // Whoever is well was up to date just now, though nothing has had to be done.
        var body = "{\"lastUpdated\":\"\(isOK ? current : text(of: report.lastSynced))\","
        body += "\"currentTime\":\"\(current)\",\(eligibility)\"healthy\":\(report.isHealthy)"
        let families = report.families.sorted { $0.key < $1.key }.map { family, status in
            "\"\(family)\":{\"lastUpdated\":\"\(text(of: status.lastSynced))\","
                + "\"healthy\":\(status.isHealthy)}"
        }
        if !families.isEmpty { body += ",\"status\":{\(families.joined(separator: ","))}" }
        self.body = body + "}"
    }
}
