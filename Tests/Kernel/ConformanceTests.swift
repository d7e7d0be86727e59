import DataplaneConformance
import DataplaneModel
import LinuxDataplane
import NetworkLab
import Testing

@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct ConformanceTests {
    @Test(arguments: ConformanceCase.all)
    func realKernelAnswersAsTheContractSays(_ example: ConformanceCase) throws {
        let stepwise = try bareNode("stepwise")
        let onePlan = try bareNode("one-plan")
        let name = String(example.name.prefix(40).map { $0.isLetter ? $0 : "-" })
        var violations = try stepwise.perform {
            var device = try LinuxDataplane(
                device: "kube-ipvs0",
                stateDirectory: TestKernel.stateDirectory(name + "/1")
            )
            return try example.violationsStepByStep(on: &device)
        }
        violations += try onePlan.perform {
            var device = try LinuxDataplane(
                device: "kube-ipvs0",
                stateDirectory: TestKernel.stateDirectory(name + "/2")
            )
            return try example.violationsAsOnePlan(on: &device)
        }
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }
}
