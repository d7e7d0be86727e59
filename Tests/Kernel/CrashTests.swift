import NetworkLab
import Testing

/// Runs that are killed behind their operations, with clients there, and finished by the next run.
///
/// `FaultTrials cut` tries all boundaries, in a few minutes.
@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct CrashTests {
    /// What is cut, and how many of its boundaries are tried.
    enum Way: String, CaseIterable, CustomTestStringConvertible {
        case operationsOfIPVS = "IPVS, behind every second operation"
        case operationsOfChains = "iptables, behind every fourth operation"
        case programs = "iptables, before each program"

        var testDescription: String { rawValue }

        var arguments: [String] {
            switch self {
            case .operationsOfIPVS: ["--every", "2"]
            case .operationsOfChains: ["--iptables", "--every", "4"]
            case .programs: ["--iptables", "--programs"]
            }
        }
    }

    private static var worlds: String {
        "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Fixtures/cut"
    }

    @Test(arguments: Way.allCases)
    func whereverARunIsKilledClientsAreServedAndTheNextRunComesToTheSame(_ way: Way) throws {
        let directory = TestKernel.stateDirectory("cut-\(way)")
        defer { _ = try? Command.run("rm", ["-rf", directory]) }
        let outcome = try Command.execute(
            Programs.faultTrials,
            ["cut", "--worlds", Self.worlds, "--state-directory", directory] + way.arguments
        )
        print(outcome.output)
        #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors)")
        #expect(outcome.output.contains(" 0 problems"))
    }
}
