import Addressing
import ArgumentParser
import Daemon
import DirectorySource
import LinuxDataplane
import Logging
import ServiceLifecycle
import Settings
import SystemPackage
import UnixSignals

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve: bring the kernel to what the cluster wants, and keep it there.",
        discussion: """
            Takes Services, EndpointSlices, Endpoints and Nodes from the YAML and JSON files of
            a directory, and follows their changes. Flags win over the configuration file. When it
            is stopped, what is programmed stays in the kernel and goes on serving.

            Needs root, or the capability CAP_NET_ADMIN.

            EXAMPLES
              fairlead run --manifests /etc/fairlead/manifests
              fairlead run --manifests . --scheduler lc
              fairlead run --config fairlead.yaml --node worker-1
            """
    )

    @OptionGroup var options: ServingOptions

    func run() async throws {
        let configuration = try options.configuration()
        let level = Logger.Level(rawValue: configuration.logging.level.rawValue) ?? .info
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        IgnoredSignals.ignore()
        OpenFiles.raiseLimit()
        let logger = Logger(label: "fairlead")
        let name = ServingOptions.nodeName(configuration)
        logger.notice(
            "node \(name) takes Services from \(configuration.manifests.directory)"
        )
        let daemon = NodeDaemon(
            configuration: configuration,
            nodeName: name,
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
