import ArgumentParser
import Daemon
import DataplaneModel
import LinuxDataplane
import Listing
import NodeChecks
import Settings

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say whether this node has what Fairlead needs, and what would help.",
        discussion: """
            Looks at the kernel and its modules, iptables, rights, kernel parameters, tables of
            connections and other service proxies, and judges them by the configuration. Nothing is
            changed, and no module is loaded; a daemon may run meanwhile. Without root it sees less.

            Exit status: 0 when nothing keeps Fairlead from serving, else 1.

            EXAMPLES
              fairlead check
              fairlead check --config fairlead.yaml
              fairlead check -o json               for programs
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json
    }

    @Option(help: ArgumentHelp("The configuration file of the daemon.", valueName: "file"))
    var config: String?

    @Option(name: [.customShort("o"), .long], help: "table or json.")
    var output = Format.table

    func run() throws {
        let configuration = try ConfigurationFile.load(config)
        let observer: NodeObserver
        do throws(DataplaneError) {
            observer = try NodeObserver(
                device: configuration.addresses.device,
                stateDirectory: configuration.stateDirectory
            )
        } catch {
            throw Failure("\(error)")
        }
        let report = NodeReport(
            of: observer.observe(node: ServingOptions.nodeName(configuration)),
            for: ServingIntent(configuration)
        )
        switch output {
        case .table: try Output.write(CheckListing.text(of: report))
        case .json: try Output.write(JSONText.of(MachineChecks(report)))
        }
        if report.verdict == .failure { throw ExitCode.failure }
    }
}

extension ServingIntent {
    fileprivate init(_ configuration: FairleadConfiguration) {
        self.init()
        switch configuration.mode {
        case .auto: mode = .automatic
        case .ipvs: mode = .ipvs
        case .iptables: mode = .iptables
        }
        scheduler = Scheduler(rawValue: configuration.ipvs.scheduler.name)
        namespaceSchedulers = configuration.ipvs.namespaceSchedulers.mapValues {
            Scheduler(rawValue: $0.name)
        }
        switch configuration.packetFilter {
        case .auto: usesPacketFilter = true
        case .never: usesPacketFilter = false
        }
        managesParameters = configuration.ipvs.managesKernelParameters
        switch configuration.addresses.announce {
        case .routes: bindsAddresses = false
        case .bind: bindsAddresses = true
        }
        strictARP = configuration.addresses.strictARP
        device = configuration.addresses.device
        stateDirectory = configuration.stateDirectory
    }
}
