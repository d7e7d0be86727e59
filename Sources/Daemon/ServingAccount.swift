import DataplaneModel
import LinuxDataplane
import Listing
import Planning
import Reconciliation
import Routing
import ServiceModel
import Settings

/// What the daemon remembers of its rounds, to say how it stands.
struct ServingAccount: Sendable {
    private let nodeName: String
    private let configured: ProxyMode
    private var failures: [RetrySubject: (owner: String?, error: DataplaneError)] = [:]
    private var problems: Set<ObjectProblem> = []
    private var lastApply: (moment: Duration, took: Duration, steps: Int)?
    private var lastAudit: Duration?
    private var servedSince: Duration?
    private var drift = 0

    init(nodeName: String, configured: ProxyMode) {
        self.nodeName = nodeName
        self.configured = configured
    }

    /// Forgets what failed in a dataplane that is left.
    mutating func begin() { failures = [:] }

    mutating func served(since moment: Duration) { servedSince = moment }

    mutating func audited(at moment: Duration) { lastAudit = moment }

    /// Takes in what a round did.
    mutating func take(_ report: ReconciliationReport, at moment: Duration, took: Duration) {
        for failure in report.failures {
            failures[failure.subject] = (failure.owner, failure.error)
        }
        for subject in report.recovered { failures[subject] = nil }
        problems.formUnion(report.newProblems)
        problems.subtract(report.solvedProblems)
        drift += report.drift
        if report.applied > 0 { lastApply = (moment, took, report.applied) }
    }

    /// How the daemon stands.
    func status(
        of reconciler: borrowing Reconciler<LinuxDataplane>,
        _ choice: DataplaneChoice,
        at moment: Duration
    ) -> NodeStatus {
        var status = NodeStatus(node: nodeName)
        status.mode = reconciler.entry.rawValue
        status.configuredMode = configured.rawValue
        status.reason = choice.reason
        status.isFallback = choice.isFallback
        status.preparing = reconciler.entry == choice.mode ? nil : choice.mode.rawValue
        status.servingForSeconds = servedSince.map { (moment - $0).wholeSeconds }
        let counts = reconciler.counts
        status.services = counts.services
        status.frontends = reconciler.cluster.frontendKeys.count
        status.virtualServers = counts.virtualServers
        status.realServers = counts.realServers
        status.draining = reconciler.departures.count
        status.isComplete = reconciler.hasProgrammedEverything
        status.pendingRetries = counts.failing
        if let lastApply {
            status.lastApply = NodeStatus.Apply(
                secondsAgo: (moment - lastApply.moment).wholeSeconds,
                milliseconds: (lastApply.took / .microseconds(10)).rounded() / 100,
                steps: lastApply.steps
            )
        }
        status.lastAuditSecondsAgo = lastAudit.map { (moment - $0).wholeSeconds }
        status.repairedSteps = drift
        status.failures = failures.values.map {
            NodeStatus.Failure(
                object: $0.owner,
                message: "\($0.error)"
            )
        }.sorted { ($0.object ?? "", $0.message) < ($1.object ?? "", $1.message) }
        status.problems = problems.sorted().map { "\($0)" }
        return status
    }
}

extension Duration {
    fileprivate var wholeSeconds: Int64 { components.seconds }
}
