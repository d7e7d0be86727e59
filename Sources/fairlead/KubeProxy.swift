import ArgumentParser
import LinuxDataplane
import Settings

struct KubeProxy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kube-proxy",
        abstract: "Serve, told so by kube-proxy's own flags and configuration file.",
        discussion: """
            Takes the command line that kube-proxy has on a node, as it is: put "fairlead" in front of
            it. A flag or field that has no effect is named on standard error, with the reason.
            "fairlead kube-proxy --help" lists the flags, and "fairlead config convert" says the same
            in Fairlead's own words.
            """
    )

    @Argument(parsing: .captureForPassthrough, help: "kube-proxy's flags.")
    var flags: [String] = []

    func run() async throws {
        let line = try ConfigurationFile.inWords { try KubeProxyCommandLine(flags) }
        if line.wantsHelp { return try Output.write(Self.help) }
        if line.wantsVersion {
            return try Output.write("fairlead \(Fairlead.configuration.version)\n")
        }
        if line.wantsInitializationOnly {
            throw Failure(
                "--init-only: Fairlead has no set-up of its own: it sets kernel parameters and loads "
                    + "modules when it starts to serve. Remove the step with --init-only, and give "
                    + "the daemon the rights for both."
            )
        }
        let loaded = try ConfigurationFile.inWords {
            try line.configuration(file: line.configFile.map { try ConfigurationFile.text($0) })
        }
        if line.wantsCleanup {
            let directory = loaded.configuration.stateDirectory
            let cleanup = try Cleanup.parse(["--kube-proxy", "--state-directory", directory])
            return try await cleanup.run()
        }
        ConfigurationFile.say(loaded.remarks)
        if let path = line.writeConfigTo {
            return try HostFile.replace(path, with: loaded.configuration.commentedYAML())
        }
        try await Serving.run(loaded.configuration, following: followedFile(line))
    }

    private func followedFile(_ line: KubeProxyCommandLine) -> FollowedFile? {
        guard let path = line.configFile else { return nil }
        return FollowedFile(path: path) { text throws(ConfigurationErrors) in
            try line.configuration(file: ConfigurationText(text, fileName: path))
        }
    }

    private static let help = """
        Usage: fairlead kube-proxy [flags]

        kube-proxy's flags, each with the field of its configuration file that it stands for. With
        --config the file counts, and of the flags only --hostname-override, --master and those on
        logging, as for kube-proxy.


        """ + KubeProxyCommandLine.help
}
