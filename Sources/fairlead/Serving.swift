import Daemon
import DirectorySource
import LinuxDataplane
import LogOutput
import Logging
import ServiceLifecycle
import Settings
import SystemPackage
import UnixSignals

/// Serving as a configuration says it, for every command that serves.
enum Serving {
    /// Runs the daemon until a signal ends it, or the file that is followed changes: then this
    /// program is started anew in the same process.
    ///
    /// - Throws: `Failure` in words for the user.
    static func run(
        _ configuration: FairleadConfiguration,
        following file: FollowedFile? = nil
    ) async throws {
        startLogging(configuration.logging)
        IgnoredSignals.ignore()
        OpenFiles.raiseLimit()
        let logger = Logger(label: "fairlead")
        let name = ServingOptions.nodeName(configuration)
        let watch = ConfigurationWatch(running: configuration, file: file, logger: logger)
        if configuration.manifests.directory.isEmpty {
            let cluster = try ClusterConnection(
                configuration,
                nodeName: name,
                logger,
                remarks: { watch.remarks }
            )
            try await run([watch] + cluster.services)
        } else {
            logger.notice(
                "node \(name) takes Services from \(configuration.manifests.directory)"
            )
            let source = DirectorySource(
                directory: FilePath(configuration.manifests.directory),
                maximumFileSize: configuration.manifests.maximumFileSize.bytes,
                logger: logger
            )
            let daemon = NodeDaemon(
                configuration: configuration,
                nodeName: name,
                source: source,
                logger: logger,
                remarks: { watch.remarks + source.remarks }
            )
            try await run([watch, daemon])
        }
        guard watch.hasFoundAnother else { return }
        do {
            try ProgramRestart.perform(arguments: CommandLine.arguments)
        } catch {
            throw Failure("\(error)")
        }
    }

    /// Programs what a configuration says, once.
    ///
    /// - Throws: `Failure` in words for the user, also when not everything could be programmed.
    static func runOnce(_ configuration: FairleadConfiguration) async throws {
        startLogging(configuration.logging)
        IgnoredSignals.ignore()
        OpenFiles.raiseLimit()
        let logger = Logger(label: "fairlead")
        let name = ServingOptions.nodeName(configuration)
        guard !configuration.manifests.directory.isEmpty else {
            let cluster = try ClusterConnection(
                configuration,
                nodeName: name,
                logger,
                once: true,
                remarks: { [] }
            )
            return try await run(cluster.services)
        }
        let programmer = NodeProgrammer(
            configuration: configuration,
            nodeName: name,
            source: DirectorySource(
                directory: FilePath(configuration.manifests.directory),
                maximumFileSize: configuration.manifests.maximumFileSize.bytes,
                logger: logger
            ),
            logger: logger
        )
        try await run([programmer])
    }

    /// Runs them until a signal comes, or the first of them ends.
    private static func run(_ services: [any Service]) async throws {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map {
                    .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)
                },
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

    private static func startLogging(_ settings: LoggingSettings) {
        let level = Logger.Level(rawValue: settings.level.rawValue) ?? .info
        LoggingSystem.bootstrap { label in
            var handler: any LogHandler =
                switch settings.format {
                case .text: StreamLogHandler.standardError(label: label)
                case .json: JSONLogHandler(label: label)
                }
            handler.logLevel = level
            return handler
        }
    }

    /// Of its own comings and goings the service group tells only what went wrong.
    private static var quietLogger: Logger {
        var logger = Logger(label: "fairlead.lifecycle")
        logger.logLevel = .critical
        return logger
    }
}
