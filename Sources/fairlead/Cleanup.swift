import ArgumentParser
import DataplaneModel
import KubeProxyLeftovers
import LinuxDataplane
import Listing
import OwnRemains
import Settings

struct Cleanup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Remove what fairlead programmed on this node, or what kube-proxy left.",
        discussion: """
            Without a flag: everything of fairlead's, of IPVS and of iptables, both families: service
            addresses, the virtual servers in its record, its chains and the rules that call them, its
            address sets, the service device when nothing else is on it, and the files of its state
            directory. The Services of this node are not served any more then. It refuses while a
            daemon runs. Where the record is lost, virtual servers cannot be told from those of
            others: they stay, and are named with the command that removes them.

            With --kube-proxy: kube-proxy's chains and the rules that call them, of iptables-legacy
            and iptables-nft; its address sets; its nftables tables; the virtual servers at addresses
            bound to kube-ipvs0 and those of its node ports; those addresses, and the device when
            nothing else is on it. The kernel does not say who made a virtual server: look at them
            with --dry-run first. What a running fairlead serves goes on.

            What belongs to anybody else is not touched. Connections through virtual servers that go
            are cut. Kernel parameters and the time-outs of IPVS are not put back. Needs root, or the
            capability CAP_NET_ADMIN.

            The exit status is 0 when all of it is gone, and 1 when something could not be removed or
            virtual servers stay because the record is lost.

            EXAMPLES
              fairlead cleanup --dry-run                 the commands that would do it
              fairlead cleanup                           remove what is fairlead's
              fairlead cleanup --kube-proxy --dry-run    what kube-proxy left, as commands
              fairlead cleanup --kube-proxy              remove that
            """
    )

    @Flag(help: "Remove what kube-proxy left, and nothing of fairlead's.")
    var kubeProxy = false

    @Flag(help: "Print what would be removed, as commands, and change nothing.")
    var dryRun = false

    @Flag(help: "With --kube-proxy: remove it although kube-proxy is running.")
    var force = false

    @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Where the daemon keeps its record.", valueName: "directory"))
    var stateDirectory: String?

    func validate() throws {
        guard kubeProxy || !force else {
            throw ValidationError(
                "--force is for --kube-proxy only: a running fairlead has to be stopped first."
            )
        }
    }

    func run() async throws {
        let configuration = try ConfigurationFile.load(config)
        let directory = stateDirectory ?? configuration.stateDirectory
        if kubeProxy {
            try KubeProxyCleanup(isDryRun: dryRun, isForced: force, stateDirectory: directory).run()
        } else {
            try OwnCleanup(
                isDryRun: dryRun,
                device: configuration.addresses.device,
                stateDirectory: directory
            ).run()
        }
    }
}

/// Removes what is fairlead's own.
private struct OwnCleanup {
    let isDryRun: Bool
    let device: String
    let stateDirectory: String

    private static let nothing = "nothing of fairlead is left\n"

    func run() throws {
        if isDryRun {
            let remains = try look()
            if let process = InstanceLock.holder(stateDirectory: stateDirectory) {
                Output.remark(
                    "fairlead" + (process == 0 ? "" : " (process \(process))")
                        + " is running and would put all of it back; stop it first"
                )
            }
            try Output.write(RemainsListing.commands(of: remains))
            if remains.isEmpty { try Output.write(Self.nothing) }
            return
        }
        let locks: (InstanceLock, NamespaceLock)
        do throws(DataplaneError) {
            locks = (try InstanceLock(stateDirectory: stateDirectory), try NamespaceLock())
        } catch {
            throw Failure("\(error)")
        }
        defer { withExtendedLifetime(locks) {} }
        let remains = try look()
        for note in RemainsListing.notes(on: remains) { Output.remark(note) }
        let outcome = RemainsRemoval.carryOut(remains)
        if outcome.failures.isEmpty {
            RemainsRemoval.removeLock(stateDirectory: stateDirectory)
        }
        if remains.isEmpty { return try Output.write(Self.nothing) }
        if !outcome.removed.isEmpty {
            try Output.write("removed\n" + RemainsListing.summary(of: outcome.removed))
        }
        let shortfall = RemainsListing.shortfall(of: remains)
        guard outcome.failures.isEmpty else {
            let words = failed(outcome.failures.map { "\($0.step): \($0.reason)" })
            throw Failure(words + (shortfall.map { "\n\($0)" } ?? ""))
        }
        if let shortfall { throw Failure(shortfall) }
    }

    private func look() throws -> Remains {
        do throws(DataplaneError) {
            return Remains(
                on: try RemainsSearch.observe(device: device, stateDirectory: stateDirectory)
            )
        } catch {
            throw Failure("\(error)")
        }
    }
}

/// Removes what kube-proxy left.
private struct KubeProxyCleanup {
    let isDryRun: Bool
    let isForced: Bool
    let stateDirectory: String

    private static let nothing = "nothing of kube-proxy is left\n"

    func run() throws {
        let leftovers: Leftovers
        do throws(DataplaneError) {
            leftovers = Leftovers(on: try KubeProxySearch.observe(stateDirectory: stateDirectory))
        } catch {
            throw Failure("\(error)")
        }
        if isDryRun {
            try Output.write(LeftoverListing.commands(of: leftovers))
            if leftovers.isEmpty { try Output.write(Self.nothing) }
            return
        }
        if let process = KubeProxySearch.runningProcess(), !isForced {
            throw Failure(
                "kube-proxy is running (process \(process)) and would put back whatever is "
                    + "removed. Stop it first, or insist with --force."
            )
        }
        for remark in leftovers.remarks { Output.remark(remark) }
        if leftovers.isEmpty { return try Output.write(Self.nothing) }
        let outcome = KubeProxyRemoval.carryOut(leftovers, stateDirectory: stateDirectory)
        if !outcome.removed.isEmpty {
            try Output.write("removed\n" + LeftoverListing.summary(of: outcome.removed))
        }
        guard outcome.failures.isEmpty else {
            throw Failure(failed(outcome.failures.map { "\($0.step): \($0.reason)" }))
        }
    }
}

private func failed(_ lines: [String]) -> String {
    "These could not be removed:\n" + lines.map { "  \($0)" }.joined(separator: "\n")
}
