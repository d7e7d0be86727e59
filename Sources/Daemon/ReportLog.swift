import Addressing
import DataplaneModel
import Logging
import Reconciliation
import ServiceModel

/// Says in the log what a round of reconciliation did, in sentences.
struct ReportLog {
    let logger: Logger

    func write(
        _ report: ReconciliationReport,
        took duration: Duration,
        counts: (services: Int, virtualServers: Int, realServers: Int, failing: Int)?
    ) {
        for problem in report.newProblems { logger.warning("\(problem)") }
        for problem in report.solvedProblems {
            logger.notice(
                "\(problem.object) is right again",
                metadata: ["was": "\(problem.message)"]
            )
        }
        for failure in report.failures {
            let owner = failure.owner.map { "for \($0): " } ?? ""
            logger.error(
                "\(owner)\(failure.error); trying again in \(Self.text(of: failure.retryIn))"
            )
        }
        for subject in report.recovered {
            logger.notice("\(Self.text(of: subject)) is in order again")
        }
        if let error = report.auditError {
            logger.error("the kernel could not be audited: \(error)")
        }
        if report.drift > 0 {
            logger.warning(
                "something else changed the kernel's IPVS state; repaired in \(report.drift) steps"
            )
        }
        let summary: Logger.Message =
            "applied \(Self.text(report.applied, "change")) in \(Self.text(of: duration))"
        if let counts {
            logger.notice(
                """
                serving \(Self.text(counts.services, "Service")) as \
                \(Self.text(counts.virtualServers, "virtual server")) with \
                \(Self.text(counts.realServers, "real server")); \(summary)
                """
            )
        } else if report.applied > 0 {
            logger.info(summary)
        }
    }

    private static func text(of subject: RetrySubject) -> String {
        switch subject {
        case .virtualServer(let key): "virtual server \(key)"
        case .address(let address): "service address \(address)"
        case .scheduler(let scheduler): "scheduler \(scheduler)"
        case .set(let set): "address set \(set)"
        case .filter(let family): "the packet filter for \(family)"
        case .node: "the node"
        }
    }

    /// `1 Service` or `2 Services`.
    private static func text(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }

    /// `1.25 ms` or `3.2 s`.
    static func text(of duration: Duration) -> String {
        let microseconds =
            duration.components.seconds * 1_000_000
            + duration.components.attoseconds / 1_000_000_000_000
        if microseconds < 1_000_000 {
            return "\(microseconds / 1000).\(hundredths(microseconds % 1000 / 10)) ms"
        }
        return "\(microseconds / 1_000_000).\(hundredths(microseconds % 1_000_000 / 10_000)) s"
    }

    private static func hundredths(_ number: Int64) -> String {
        number < 10 ? "0\(number)" : String(number)
    }
}
