import ArgumentParser
import Settings

struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print kube-proxy's configuration in Fairlead's own words.",
        discussion: """
            Prints the fields that differ from Fairlead's defaults. What is done in another way than
            by kube-proxy, or not at all, is said on standard error, with file and line.

            EXAMPLES
              fairlead config convert config.conf > fairlead.yaml
              fairlead config convert config.conf --all     every field, each explained
              fairlead config convert -- --proxy-mode=ipvs --cluster-cidr=10.244.0.0/16
            """
    )

    @Argument(help: "A file with kube-proxy's configuration, or Fairlead's own.")
    var file: String?

    @Argument(parsing: .postTerminator, help: "Flags of kube-proxy.")
    var flags: [String] = []

    @Flag(help: "Print every field with its default and what it means.")
    var all = false

    func validate() throws {
        guard file != nil || !flags.isEmpty else {
            throw ValidationError("Name a file, or give flags of kube-proxy behind \"--\".")
        }
    }

    func run() throws {
        let loaded = try ConfigurationFile.inWords {
            let flags = try KubeProxyCommandLine(flags)
            let file = try (file ?? flags.configFile).map { try ConfigurationFile.text($0) }
            return try flags.configuration(file: file)
        }
        ConfigurationFile.say(loaded.remarks)
        let configuration = loaded.configuration
        try Output.write(all ? configuration.commentedYAML() : configuration.compactYAML())
    }
}
