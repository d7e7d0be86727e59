import Addressing
import DataplaneModel
import Reconciliation
import Testing

/// Whether what failed is something that all Services of a family rely on.
@Suite struct FamilyFailureTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let subject: RetrySubject
        let families: [AddressFamily]

        init(_ subject: RetrySubject, _ families: AddressFamily...) {
            self.subject = subject
            self.families = families
        }

        var testDescription: String { "\(subject)" }
    }

    @Test(arguments: [
        Case(.virtualServer(.firewallMark(1, .ipv4))), Case(.address(.ipv4(1))),
        Case(.scheduler(.roundRobin)), Case(.set(AddressSet(.limited, .ipv6)), .ipv6),
        Case(.filter(.ipv4), .ipv4), Case(.node, .ipv4, .ipv6),
    ])
    func concernsTheFamiliesThatRelyOnIt(_ sample: Case) {
        var retries = RetrySchedule(initial: .seconds(1), maximum: .seconds(1))
        _ = retries.failed(sample.subject, now: .zero)
        #expect(
            AddressFamily.allCases.filter { retries.concernsAll(of: $0) } == sample.families
        )
    }
}
