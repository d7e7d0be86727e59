import DataplaneModel
import Measurements
import StatusServer

/// What load balancers and the kubelet are answered, whatever the method, as by kube-proxy.
struct HealthPages: Sendable {
    let record: ServingRecord

    func answer(_ request: StatusServer.Request) -> StatusAnswer {
        switch request.path {
        case "/healthz": Self.answer(record.healthz())
        case "/livez": Self.answer(record.livez())
        default: .missing("there are only /healthz and /livez")
        }
    }

    private static func answer(_ text: HealthText) -> StatusAnswer {
        StatusAnswer(
            text.body,
            contentType: "application/json",
            status: text.isOK ? 200 : 503
        )
    }
}

/// What Prometheus and people are answered.
struct MetricsPages: Sendable {
    let record: ServingRecord
    let metrics: MetricsPage
    /// The configuration in force, as JSON.
    let configuration: String

    func answer(_ request: StatusServer.Request) async -> StatusAnswer {
        guard ["GET", "HEAD"].contains(request.method) else {
            return StatusAnswer(
                "there is nothing to change here: GET and HEAD are allowed\n",
                status: 405,
                otherHeaders: [("Allow", "GET, HEAD")]
            )
        }
        switch request.path {
        case "/metrics": return await metrics.answer()
        case "/healthz": return StatusAnswer("ok")
        case "/proxyMode":
            guard let mode = record.mode else {
                return StatusAnswer("it is not known yet what will serve\n", status: 503)
            }
            return StatusAnswer(mode.rawValue)
        case "/configz":
            return StatusAnswer(
                "{\"fairlead.dev\":\(configuration)}\n",
                contentType: "application/json"
            )
        case _ where request.path.hasPrefix("/debug/pprof"):
            return .missing(
                "there are no profiles of Go in this program; perf can record one of it"
            )
        default:
            return .missing("there are only /metrics, /healthz, /proxyMode and /configz")
        }
    }
}

extension StatusAnswer {
    fileprivate static func missing(_ sentence: String) -> StatusAnswer {
        StatusAnswer(sentence + "\n", status: 404)
    }
}
