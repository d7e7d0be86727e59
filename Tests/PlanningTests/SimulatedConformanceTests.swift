import DataplaneConformance
import DataplaneModel
import SimulatedDataplane
import Testing

@Suite struct SimulatedConformanceTests {
    @Test(arguments: ConformanceCase.all(.ipvs))
    func simulatedKernelAnswersLikeTheRealOne(_ example: ConformanceCase) throws {
        try Self.expectNoViolations(of: example, by: SimulatedDataplane())
    }

    @Test(arguments: ConformanceCase.all(.iptables))
    func simulatedChainsAnswerLikeTheRealOnes(_ example: ConformanceCase) throws {
        try Self.expectNoViolations(of: example, by: SimulatedDataplane(mode: .iptables))
    }

    private static func expectNoViolations(
        of example: ConformanceCase,
        by kernel: SimulatedDataplane
    ) throws {
        var stepwise = kernel
        var onePlan = kernel
        let violations =
            try example.violationsStepByStep(on: &stepwise)
            + example.violationsAsOnePlan(on: &onePlan)
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }

    @Test func theSuiteFailsAKernelThatForgetsAnErrorNumber() throws {
        let named = ConformanceCase.all(.ipvs).first {
            $0.name.hasPrefix("adding a real server that is there")
        }
        let example = try #require(named)
        var lenient = SimulatedDataplane()
        lenient.refusal = { operation in
            switch operation {
            case .addRealServer(let server, of: _) where server.weight == 7: .noEntry
            default: nil
            }
        }
        var onePlan = lenient
        let violations =
            try example.violationsStepByStep(on: &lenient)
            + example.violationsAsOnePlan(on: &onePlan)
        #expect(violations.count == 2)
    }
}
