import Addressing
import DataplaneModel
import Logging
import Planning
import Reconciliation
import ServiceModel

/// Says in the log what a round of reconciliation did, in sentences.
///
/// What a sentence is about stands beside it as metadata too, so that programs need not read it.
struct ReportLog {
    let logger: Logger

    func write(
        _ report: ReconciliationReport,
        took duration: Duration,
        counts: (services: Int, virtualServers: Int, realServers: Int, failing: Int)?
    ) {
        for problem in report.newProblems {
            logger.warning("\(problem)", metadata: Self.metadata(of: problem))
        }
        let troubled = Set(report.newProblems.map(\.object))
        for problem in report.solvedProblems where !troubled.contains(problem.object) {
            logger.notice(
                "\(problem.object) is right again",
                metadata: Self.metadata(of: problem)
                    .merging(["was": "\(problem.message)"]) { _, new in new }
            )
        }
        for failure in report.failures {
            let owner = failure.owner.map { "for \($0): " } ?? ""
            logger.error(
                "\(owner)\(failure.error); trying again in \(Self.text(of: failure.retryIn))",
                metadata: Self.metadata(of: failure)
            )
        }
        for subject in report.recovered {
            logger.notice(
                "\(Self.text(of: subject)) is in order again",
                metadata: ["subject": "\(Self.text(of: subject))"]
            )
        }
        if let error = report.auditError {
            logger.error(
                "the kernel could not be audited: \(error)",
                metadata: ["errno": "\(error.code)"]
            )
        }
        if report.drift > 0 {
            logger.warning(
                """
                something else changed what was programmed; repaired in \
                \(Self.text(report.drift, "step")): \(report.drifted)
                """
            )
        }
        for ended in report.departed { write(ended) }
        if report.endedFlows > 0 {
            logger.info(
                "ended \(Self.text(report.endedFlows, "UDP flow")) to endpoints that have left"
            )
        }
        if let error = report.flowError {
            logger.warning(
                """
                UDP flows to endpoints that have left could not be ended, so clients that keep \
                their port go on with them: \(error)
                """
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

    private func write(_ ended: Departures.Ended) {
        let server = "real server \(ended.address) of \(ended.key)"
        let left = Self.text(Int(clamping: ended.connections), "connection")
        switch ended.ending {
        case .idle:
            logger.debug("\(server) has left; it had no connections any more")
        case .timeout:
            logger.notice("\(server) has left, as its time was over; \(left) ended with it")
        case .unresponsive:
            logger.notice(
                "\(server) has left, as it did not answer any more; \(left) ended with it"
            )
        }
    }

    private static func metadata(of problem: ObjectProblem) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["object": "\(problem.object)"]
        if !problem.field.isEmpty { metadata["field"] = "\(problem.field)" }
        return metadata
    }

    private static func metadata(of failure: ReconciliationReport.Failure) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "subject": "\(text(of: failure.subject))", "errno": "\(failure.error.code)",
        ]
        if let owner = failure.owner {
            // The name of a Service port: namespace, name, and the port's name behind a colon.
            metadata["object"] = "\(ObjectKind.service.rawValue) \(owner.prefix { $0 != ":" })"
            metadata["servicePort"] = "\(owner)"
        }
        return metadata
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
    static func text(_ count: Int, _ noun: String) -> String {
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
