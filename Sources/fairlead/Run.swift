import ArgumentParser
import Settings

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve: bring the kernel to what the cluster wants, and keep it there.",
        discussion: """
            Takes Services, EndpointSlices (or Endpoints) and this node's Node from the API of the
            cluster, or from the YAML and JSON files of a directory, and follows their changes. In a
            pod it finds the API by itself. Flags win over the configuration file. When it is
            stopped, what is programmed stays in the kernel and goes on serving.

            When the configuration file comes to say something else, the daemon starts anew by it,
            and nothing that is served is touched. A file that is wrong is named in the log, and
            does not count.

            With --once it programs what the source says now, and ends: with exit status 0 when all
            of it is in the kernel, else with 1 and what is missing, after half a minute at most. It
            opens no ports, and nothing follows changes. What leaves keeps its connections until the
            next run ends them.

            Needs root, or the capability CAP_NET_ADMIN.

            EXAMPLES
              fairlead run                                    in a pod of the cluster
              fairlead run --kubeconfig /etc/kubernetes/fairlead.conf
              fairlead run --manifests /etc/fairlead/manifests
              fairlead run --manifests . --scheduler lc
              fairlead run --config fairlead.yaml --node worker-1
              fairlead run --once --manifests .               program it, and do not stay
            """
    )

    @OptionGroup var options: ServingOptions

    @Flag(help: "Program everything once, and end.")
    var once = false

    func run() async throws {
        if once { return try await Serving.runOnce(options.configuration()) }
        try await Serving.run(options.configuration(), following: options.followedFile)
    }
}
