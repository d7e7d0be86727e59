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
        let violations = try stepwise.perform {
            var device = try LinuxDataplane(
                device: "kube-ipvs0",
                stateDirectory: TestKernel.stateDirectory(name + "/1")
            )
            var other = try onePlan.perform {
                try OpenedDataplane(
                    device: "kube-ipvs0",
                    stateDirectory: TestKernel.stateDirectory(name + "/2")
                )
            }.take()
            return try example.violations(on: &device, andAsOnePlanOn: &other)
        }
        #expect(violations.isEmpty, "\(violations.joined(separator: "\n"))")
    }
}

/// Carries a dataplane out of the thread that opened it: its sockets stay in that namespace.
final class OpenedDataplane {
    private var dataplane: LinuxDataplane?

    init(device: String, stateDirectory: String) throws {
        dataplane = try LinuxDataplane(device: device, stateDirectory: stateDirectory)
    }

    func take() throws -> LinuxDataplane {
        guard let taken = dataplane.take() else { throw LabError("the dataplane was taken before") }
        return taken
    }
}
