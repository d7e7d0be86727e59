import ArgumentParser
import Daemon

@main
struct Fairlead: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fairlead",
        abstract: "A service load balancer for a Kubernetes node, on IPVS.",
        discussion: """
            EXAMPLES
              fairlead check                                 whether this node is ready
              fairlead run --manifests Examples/manifests    serve the Services in a directory
              fairlead kube-proxy --config config.conf       the same, told as kube-proxy is
              fairlead list -n                               show what the kernel balances
              fairlead explain 10.244.1.2 10.96.0.1:80       what becomes of a packet, and why
              fairlead status                                how the daemon of this node stands
              fairlead cleanup --kube-proxy --dry-run        what kube-proxy left on this node
              fairlead cleanup                               remove what fairlead programmed
              fairlead config print > fairlead.yaml          a configuration to start from
            """,
        version: FairleadVersion.text,
        subcommands: [
            Run.self, List.self, Save.self, Plan.self, Explain.self, Status.self, Check.self,
            Cleanup.self,
            Config.self, KubeProxy.self,
        ]
    )

    /// Parses the command line and runs what it says.
    ///
    /// A command that serves gives up rights first, while there is no thread but the main one: what
    /// `ArgumentParser` has for this would run on others before anything of ours does.
    @MainActor static func main() async {
        do {
            var command = try parseAsRoot()
            (command as? any ServingCommand)?.giveUpRights()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            exit(withError: error)
        }
    }
}
