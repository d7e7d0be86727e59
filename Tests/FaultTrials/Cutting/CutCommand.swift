import Addressing
import ArgumentParser
import DataplaneModel
import FaultInjection
import Glibc
import NetworkLab

/// Kills the daemon's parts behind each operation on the way from one world to another and back.
struct CutCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cut",
        abstract: "Kill a run behind each of its operations, and let another one finish the work."
    )

    @Option(
        help: "A directory with the configuration fairlead.yaml and the worlds before and after."
    )
    var worlds: String

    @Option(help: "Where the records of what is ours are kept.")
    var stateDirectory: String

    @Flag(help: "Without IPVS, by chains of iptables.")
    var iptables = false

    @Flag(help: "Cut before each program that is started instead of behind each operation.")
    var programs = false

    @Option(help: "Try every n-th boundary only.")
    var every = 1

    @Option(help: "Begin with this boundary.")
    var first = 1

    func run() throws {
        let laboratory = try Laboratory()
        let servers = try ChildProcess { try Self.serve(laboratory) }
        defer { servers.kill() }
        let node = try CutNode(
            laboratory.node,
            iptables ? .iptables : .ipvs,
            configuration: worlds + "/fairlead.yaml",
            stateDirectory: stateDirectory
        )
        var trial = CutTrial(
            node: node,
            vantages: [laboratory.client, laboratory.node, laboratory.pods[0]],
            before: try World("before", in: worlds),
            after: try World("after", in: worlds)
        )
        try trial.begin()
        try trial.cut(first: first, every: every, cutsPrograms: programs)
        Output.line(trial.summary)
        guard trial.problems.isEmpty else { throw ExitCode(1) }
    }

    /// Answers in all pods, until it is killed.
    private static func serve(_ laboratory: Laboratory) throws {
        let servers = try laboratory.pods.map { try NamedServer(in: $0, port: 8080) }
        withExtendedLifetime(servers) { while true { pause() } }
    }
}
