import Listing
import Reconciliation

/// Those who wait for the audit that they asked for.
struct PendingAudits {
    var answers: [@Sendable (AuditOutcome?) -> Void] = []

    /// Tells them what a round found; nil for one that did not audit, as not everything has been
    /// programmed yet.
    mutating func end(with report: ReconciliationReport?) {
        guard !answers.isEmpty else { return }
        let outcome = AuditOutcome(report)
        for answer in answers { answer(outcome) }
        answers = []
    }
}

extension AuditOutcome {
    fileprivate init(_ report: ReconciliationReport?) {
        self.init()
        guard let report else {
            problem = "not everything has been programmed yet, so there is nothing to audit"
            return
        }
        problem = report.auditError.map { "the kernel could not be read: \($0)" }
        driftedSteps = report.drift
        objects = report.drifted.named.map { AuditOutcome.Object(name: $0.name, service: $0.owner) }
        moreObjects = report.drifted.others
        failures = report.failures.map { failure in
            (failure.owner.map { "\($0): " } ?? "") + "\(failure.error)"
        }
    }
}
