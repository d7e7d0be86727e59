import ArgumentParser
import ControlSocket
import Daemon
import Settings

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show how the daemon of this node stands, in its own words.",
        discussion: """
            Which dataplane serves and why, how much it serves, what was written last, what fails
            and is tried again, and what is wrong with objects of the cluster.

            With --audit it first has the daemon read the kernel and repair what something else
            changed, which it also does by itself every now and then, and at the signal SIGHUP, and
            prints what had to be repaired.

            Exit status: 0 when everything is served, 1 when there is no daemon to ask, 2 when it
            has not programmed everything yet, or something fails, or the cluster cannot be
            followed. With --audit: 0 when all was as it had been programmed, 1 when there is no
            daemon to ask, 2 when something was not, or the kernel could not be read.

            EXAMPLES
              fairlead status
              fairlead status -o json
              fairlead status --audit    has anything been changed by something else?
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @Option(name: [.customShort("o"), .long], help: "text or json.")
    var output = Format.text

    @Flag(help: "Have the kernel compared with what is wanted now, and print what differed.")
    var audit = false

    @Option(
        help: ArgumentHelp("Where the daemon keeps its record.", valueName: "directory")
    )
    var stateDirectory = FairleadConfiguration().stateDirectory

    func run() async throws {
        let answer = try await ControlClient.ask(
            "/\(audit ? "audit" : "status")?output=\(output.rawValue)",
            stateDirectory: stateDirectory
        )
        guard let answer else {
            throw Failure(
                "There is no daemon with its record in \(stateDirectory). Start one with \"fairlead "
                    + "run\"; what an earlier one programmed goes on serving."
            )
        }
        // 503 comes with the same words.
        guard [200, 503].contains(answer.status) else {
            throw Failure("The daemon does not answer: \(answer.text)")
        }
        try Output.write(answer.text)
        if answer.status == 503 { throw ExitCode(2) }
    }
}
