import ArgumentParser
import DataplaneModel
import KubeProxyLeftovers
import LinuxDataplane
import Listing
import Settings

struct Cleanup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Remove what kube-proxy left on this node, in whichever mode it ran.",
        discussion: """
            Removes kube-proxy's chains and the rules that call them, of iptables-legacy and
            iptables-nft; its address sets; its nftables tables; the virtual servers at addresses
            bound to kube-ipvs0 and those of its node ports; those addresses, and the device when
            nothing else is on it. The kernel does not say who made a virtual server: look at them
            with --dry-run first.

            What belongs to fairlead or to anybody else is not touched, and neither are connections
            and kernel parameters. What a running fairlead serves goes on. Needs root, or the
            capability CAP_NET_ADMIN.

            EXAMPLES
              fairlead cleanup --kube-proxy --dry-run    the commands that would do it
              fairlead cleanup --kube-proxy              do it
            """
    )

    @Flag(help: "Remove what kube-proxy left.")
    var kubeProxy = false

    @Flag(help: "Print what would be removed, as commands, and change nothing.")
    var dryRun = false

    @Flag(help: "Remove it although kube-proxy is running.")
    var force = false

    @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Where the daemon keeps its record.", valueName: "directory"))
    var stateDirectory: String?

    func validate() throws {
        guard kubeProxy else {
            throw ValidationError(
                "Say what to remove: \"fairlead cleanup --kube-proxy\" removes what kube-proxy "
                    + "left on this node, and shows it first with --dry-run."
            )
        }
    }

    func run() async throws {
        let directory = try stateDirectory ?? ConfigurationFile.load(config).stateDirectory
        let leftovers: Leftovers
        do throws(DataplaneError) {
            leftovers = Leftovers(on: try KubeProxySearch.observe(stateDirectory: directory))
        } catch {
            throw Failure("\(error)")
        }
        if dryRun {
            try Output.write(LeftoverListing.commands(of: leftovers))
            if leftovers.isEmpty { try Output.write(Self.nothing) }
            return
        }
        if let process = KubeProxySearch.runningProcess(), !force {
            throw Failure(
                "kube-proxy is running (process \(process)) and would put back whatever is "
                    + "removed. Stop it first, or insist with --force."
            )
        }
        for remark in leftovers.remarks { Output.remark(remark) }
        if leftovers.isEmpty { return try Output.write(Self.nothing) }
        try remove(leftovers, directory)
    }

    private static let nothing = "nothing of kube-proxy is left\n"

    private func remove(_ leftovers: Leftovers, _ directory: String) throws {
        let outcome = KubeProxyRemoval.carryOut(leftovers, stateDirectory: directory)
        if !outcome.removed.isEmpty {
            try Output.write("removed\n" + LeftoverListing.summary(of: outcome.removed))
        }
        guard outcome.failures.isEmpty else {
            let lines = outcome.failures.map { "  \($0.step): \($0.reason)" }
            throw Failure("These could not be removed:\n" + lines.joined(separator: "\n"))
        }
    }
}
