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

            Exit status: 0 when everything is served, 1 when there is no daemon to ask, 2 when it
            has not programmed everything yet, or something fails, or the cluster cannot be
            followed.

            EXAMPLES
              fairlead status
              fairlead status -o json
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json
    }

    @Option(name: [.customShort("o"), .long], help: "text or json.")
    var output = Format.text

    @Option(
        help: ArgumentHelp("Where the daemon keeps its record.", valueName: "directory")
    )
    var stateDirectory = FairleadConfiguration().stateDirectory

    func run() async throws {
        let answer = try await ControlClient.ask(
            "/status?output=\(output.rawValue)",
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
