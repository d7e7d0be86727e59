import ArgumentParser
import DataplaneModel
import FaultInjection
import Glibc
import NetworkLab
import Reconciliation

/// Hours of changes, faults, kills and interference on this kernel.
struct SoakCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract:
            "Live through hours of changes, faults, kills and interference, by a clock that does not wait."
    )

    @Option(help: "Where all that is random comes from; by default another one each time.")
    var seed: UInt64?

    @Option(help: "Simulated hours; without it, what fits into two minutes.")
    var hours: Double?

    @Option(help: "Rounds between two comparisons.")
    var comparing = 60

    @Option(help: "Where the record of what is ours is kept.")
    var stateDirectory: String

    @Flag(help: "Without IPVS, by chains of iptables.")
    var iptables = false

    /// The order of sets is another one in each process, and with it that of faults, unless this is
    /// set before it starts.
    private static func startAgainInFixedOrder(seed: UInt64) throws {
        let variable = "SWIFT_DETERMINISTIC_HASHING"
        guard unsafe getenv(variable) == nil else { return }
        unsafe setenv(variable, "1", 1)
        var words = unsafe (CommandLine.arguments + ["--seed", "\(seed)"]).map { unsafe strdup($0) }
        unsafe words.append(nil)
        unsafe execv("/proc/self/exe", words)
        throw TrialError("start again: errno \(errno)")
    }

    func run() throws {
        let seed = seed ?? UInt64.random(in: 0..<1_000_000)
        try Self.startAgainInFixedOrder(seed: seed)
        let mode: DataplaneMode = iptables ? .iptables : .ipvs
        Output.line("soak of \(mode) with --seed \(seed)")
        let node = try bareNode("soak")
        let begin = ContinuousClock.now
        let hours = hours
        let problems = try node.perform {
            var soak = try Soak(seed: seed, mode: mode, stateDirectory: stateDirectory)
            while soak.problems.isEmpty {
                if let hours {
                    guard soak.figures.simulated < .seconds(hours * 3600) else { break }
                } else if ContinuousClock.now - begin > .seconds(115) {
                    break
                }
                try soak.round()
                if soak.figures.rounds % comparing == 0 { try soak.compare() }
            }
            if soak.problems.isEmpty { try soak.compare() }
            Output.line(soak.figures.text(faults: "\(soak.reconciler.device.counts)"))
            return soak.problems
        }
        for problem in problems {
            Output.line("PROBLEM with --seed \(seed)\(iptables ? " --iptables" : ""): \(problem)")
        }
        guard problems.isEmpty else { throw ExitCode(1) }
        Output.line("no problem")
    }
}
