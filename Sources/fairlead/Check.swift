import ArgumentParser
import Daemon
import DataplaneModel
import FoundationEssentials
import KubernetesClient
import KubernetesSource
import LinuxDataplane
import Listing
import Logging
import NodeChecks
import Settings

struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say whether this node has what Fairlead needs, and what would help.",
        discussion: """
            Looks at the kernel and its modules, iptables, rights, kernel parameters, tables of
            connections and other service proxies, and whether the cluster that is configured may be
            read, and judges them by the configuration. Nothing is changed, and no module is loaded;
            a daemon may run meanwhile. Without root it sees less.

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

    func run() async throws {
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
        let nodeName = ServingOptions.nodeName(configuration)
        var observation = observer.observe(node: nodeName)
        observation.cluster = await ClusterObservation.look(configuration, nodeName: nodeName)
        let report = NodeReport(of: observation, for: ServingIntent(configuration))
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

extension ClusterObservation {
    /// What is seen of the cluster; nil where none is named, and this is no pod.
    fileprivate static func look(
        _ configuration: FairleadConfiguration,
        nodeName: String
    ) async -> ClusterObservation? {
        let settings = configuration.kubernetes
        let isInPod = ProcessInfo.processInfo.environment["KUBERNETES_SERVICE_HOST"] != nil
        guard configuration.manifests.directory.isEmpty,
            !settings.kubeconfig.isEmpty || isInPod
        else { return nil }
        let logger = Logger(label: "fairlead") { _ in SwiftLogNoOpLogHandler() }
        let client: APIClient
        do {
            client = try ClusterConnection.client(settings, logger)
        } catch {
            return ClusterObservation(problem: "\(error)")
        }
        let observation: ClusterObservation
        do throws(APIError) {
            let outcome = try await ClusterProbe.look(with: client, nodeName: nodeName)
            observation = ClusterObservation(
                version: outcome.version,
                readable: outcome.readable,
                refusals: outcome.refusals
            )
        } catch {
            observation = ClusterObservation(problem: error.message)
        }
        await client.shutdown()
        return observation
    }
}
