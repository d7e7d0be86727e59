import DataplaneModel
import NetworkLab
import Testing

/// An hour of changes, faults, kills and interference; `Scripts/soak` is for more of it.
@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct SoakTests {
    @Test(arguments: DataplaneMode.allCases)
    func whateverHappensInAnHourTheKernelIsAsItWouldBeWithoutIt(_ mode: DataplaneMode) throws {
        let directory = TestKernel.stateDirectory("soak-\(mode)")
        defer { _ = try? Command.run("rm", ["-rf", directory]) }
        let outcome = try Command.execute(
            Programs.faultTrials,
            ["soak", "--state-directory", directory, "--seed", "15"]
                + (mode == .ipvs ? ["--hours", "1"] : ["--hours", "0.25", "--iptables"])
        )
        print(outcome.output)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.hasSuffix("no problem\n"))
    }
}
