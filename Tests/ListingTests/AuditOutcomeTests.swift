import Listing
import Testing

struct AuditOutcomeTests {
    @Test func whereNothingDriftedOneLineSaysSo() {
        let outcome = AuditOutcome()
        #expect(outcome.isClean)
        #expect(outcome.text == "everything is as it was programmed\n")
    }

    @Test func whatWasRepairedIsNamedAndTheRestCounted() {
        var outcome = AuditOutcome()
        outcome.driftedSteps = 30
        outcome.objects = [
            AuditOutcome.Object(
                name: "virtual server TCP 10.96.0.1:80",
                service: "default/web:http"
            ),
            AuditOutcome.Object(name: "address set FAIRLEAD-DROP", service: nil),
        ]
        outcome.moreObjects = 7
        outcome.failures = ["default/web:http: add it: EPERM"]
        #expect(!outcome.isClean)
        #expect(
            outcome.text == """
                something else changed what was programmed; repaired in 30 steps
                  virtual server TCP 10.96.0.1:80 (default/web:http)
                  address set FAIRLEAD-DROP
                  and 7 more
                These failed, and are tried again:
                  default/web:http: add it: EPERM

                """
        )
    }

    @Test func withoutAnAuditThereIsOnlyTheReason() {
        var outcome = AuditOutcome()
        outcome.problem = "the kernel could not be read: list it: EPERM"
        #expect(!outcome.isClean)
        #expect(outcome.text == "the kernel could not be read: list it: EPERM\n")
    }
}
