import DataplaneModel
import Listing
import SocketTestSupport
import Testing

@testable import Daemon
@testable import Reconciliation

struct PendingAuditsTests {
    /// What those who asked are told of a round, one after the other.
    private func outcomes(of report: ReconciliationReport?) -> [AuditOutcome?] {
        let told = Observed<[AuditOutcome?]>([])
        var audits = PendingAudits()
        for _ in 1...2 { audits.answers.append { outcome in told.change { $0.append(outcome) } } }
        audits.end(with: report)
        audits.end(with: ReconciliationReport())
        return told.value
    }

    @Test func everybodyWhoAskedIsToldOnce() throws {
        var report = ReconciliationReport()
        report.driftByFamily = [nil: 1]
        report.drifted.note(.prepareDevice, owner: nil)
        let told = outcomes(of: report)
        #expect(told.count == 2 && told[0] == told[1])
        let outcome = try #require(told[0])
        #expect(outcome.driftedSteps == 1 && outcome.problem == nil)
        #expect(outcome.objects == [AuditOutcome.Object(name: "service device", service: nil)])
    }

    @Test func aKernelThatCouldNotBeReadIsNoCleanAudit() throws {
        var report = ReconciliationReport()
        report.auditError = DataplaneError(action: "list it", code: .notPermitted)
        let outcome = try #require(outcomes(of: report)[0])
        #expect(!outcome.isClean)
        #expect(outcome.problem == "the kernel could not be read: list it: EPERM")
    }

    @Test func beforeTheFirstRoundThereIsNothingToAudit() throws {
        let outcome = try #require(outcomes(of: nil)[0])
        #expect(!outcome.isClean && outcome.problem?.hasPrefix("not everything") ?? false)
    }
}
