import DataplaneConformance
import DataplaneModel
import LinuxDataplane
import NetworkLab
import Testing

@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct ConformanceTests {
    @Test(arguments: ConformanceCase.all(.ipvs))
    func realKernelAnswersAsTheContractSays(_ example: ConformanceCase) throws {
        let violations = try example.violations(of: .ipvs) {}
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }
}

/// The same, as far as chains of the packet filter can hold it.
@Suite(
    .enabled(if: TestKernel.ipvs.isProvided || TestKernel.host.isProvided, TestKernel.reason),
    .serialized
)
struct IptablesConformanceTests {
    /// Where those of IPVS are tried as well, all others have been by them.
    private static let cases = ConformanceCase.all(
        .iptables,
        hasDevices: TestKernel.hasDummyDevices
    ).filter { $0.concernsVirtualServers || TestKernel.host.isProvided }

    @Test(arguments: FilterPrograms.Variant.working, cases)
    func realChainsAnswerAsTheContractSays(
        _ variant: FilterPrograms.Variant,
        _ example: ConformanceCase
    ) throws {
        let violations = try example.violations(of: .iptables) { try variant.hint() }
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }
}

extension ConformanceCase {
    /// What was not as it must be, on nodes of its own that are prepared first.
    fileprivate func violations(
        of mode: DataplaneMode,
        preparing: () throws -> Void
    ) throws -> [String] {
        let name = String(name.prefix(40).map { $0.isLetter ? $0 : "-" })
        let directory = TestKernel.stateDirectory("conformance-\(name)")
        defer { _ = try? Command.run("rm", ["-rf", directory]) }
        var violations = try bareNode("stepwise").perform {
            try preparing()
            var device = try LinuxDataplane(
                mode,
                device: "kube-ipvs0",
                stateDirectory: directory + "/1"
            )
            return try violationsStepByStep(on: &device)
        }
        violations += try bareNode("one-plan").perform {
            try preparing()
            var device = try LinuxDataplane(
                mode,
                device: "kube-ipvs0",
                stateDirectory: directory + "/2"
            )
            return try violationsAsOnePlan(on: &device)
        }
        return violations
    }
}
