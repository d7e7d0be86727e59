import ArgumentParser
import Settings

struct Config: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print, check or convert a configuration file.",
        subcommands: [Print.self, Check.self, Convert.self]
    )

    struct Print: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a whole configuration with its defaults, each field explained.",
            discussion: """
                EXAMPLES
                  fairlead config print > fairlead.yaml
                  fairlead config print --config mine.yaml   everything, with the values of mine.yaml
                """
        )

        @Option(help: ArgumentHelp("Print this file's values.", valueName: "file"))
        var config: String?

        func run() throws {
            try Output.write(ConfigurationFile.load(config).commentedYAML())
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a configuration file: exit status 0 when it is right.",
            discussion: """
                The file is Fairlead's own or kube-proxy's, as its kind says.

                EXAMPLES
                  fairlead config check fairlead.yaml
                """
        )

        @Argument(help: "The configuration file.")
        var file: String

        func run() throws {
            _ = try ConfigurationFile.load(file)
            try Output.write("\(file) is right.\n")
        }
    }
}
