import Addressing
import ArgumentParser
import Daemon
import DirectorySource
import Logging
import ServiceLifecycle
import Settings
import SystemPackage
import UnixSignals

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve: bring the kernel to what the cluster wants, and keep it there.",
        discussion: """
            Takes Services, EndpointSlices and Endpoints from the YAML and JSON files of a
            directory, and follows their changes. Flags win over the configuration file. When it is
            stopped, what is programmed stays in the kernel and goes on serving.

            Needs root, or the capability CAP_NET_ADMIN.

            EXAMPLES
              fairlead run --manifests /etc/fairlead/manifests
              fairlead run --manifests . --scheduler lc
              fairlead run --config fairlead.yaml --node worker-1
            """
    )

    @Option(help: ArgumentHelp("The directory of manifests.", valueName: "directory"))
    var manifests: String?

    @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String?

    @Option(
        help: ArgumentHelp("The name of this node; the host name by default.", valueName: "name")
    )
    var node: String?

    @Option(help: ArgumentHelp("How packets are balanced: auto or ipvs.", valueName: "mode"))
    var mode: String?

    @Option(help: ArgumentHelp("The scheduler of Services that name none.", valueName: "name"))
    var scheduler: String?

    @Option(
        help: ArgumentHelp(
            "The address ranges of pods, separated by commas; without effect so far.",
            valueName: "prefixes"
        )
    )
    var clusterCidr: String?

    func run() async throws {
        let overrides = ConfigurationOverrides(
            mode: mode,
            scheduler: scheduler,
            nodeName: node,
            clusterCIDRs: clusterCidr,
            manifestsDirectory: manifests
        )
        let configuration = try ConfigurationFile.load(config, applying: overrides)
        guard !configuration.manifests.directory.isEmpty else {
            throw Failure(
                "There is nothing to serve yet: name a directory of manifests with --manifests, "
                    + "or as manifests.directory in the configuration file."
            )
        }
        let level = Logger.Level(rawValue: configuration.logging.level.rawValue) ?? .info
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        IgnoredSignals.ignore()
        let logger = Logger(label: "fairlead")
        let name = configuration.nodeName.isEmpty ? SystemNames.ownHostName : configuration.nodeName
        logger.notice(
            "node \(name) takes Services from \(configuration.manifests.directory)"
        )
        let daemon = NodeDaemon(
            configuration: configuration,
            source: DirectorySource(
                directory: FilePath(configuration.manifests.directory),
                maximumFileSize: configuration.manifests.maximumFileSize.bytes,
                logger: logger
            ),
            logger: logger
        )
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: daemon, successTerminationBehavior: .gracefullyShutdownGroup)
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Self.quietLogger
            )
        )
        do {
            try await group.run()
        } catch {
            throw Failure("\(error)")
        }
    }

    /// Of its own comings and goings the service group tells only what went wrong.
    private static var quietLogger: Logger {
        var logger = Logger(label: "fairlead.lifecycle")
        logger.logLevel = .critical
        return logger
    }
}
