import Addressing
import Daemon
import DirectorySource
import KubernetesClient
import KubernetesSource
import LinuxDataplane
import Logging
import ServiceLifecycle
import Settings
import SystemPackage
import UnixSignals

/// Serving as a configuration says it, for every command that serves.
enum Serving {
    /// Runs the daemon until a signal ends it.
    ///
    /// - Throws: `Failure` in words for the user.
    static func run(_ configuration: FairleadConfiguration) async throws {
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
        if configuration.manifests.directory.isEmpty {
            try await runInCluster(configuration, nodeName: name, logger)
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
                logger: logger
            )
            try await run([daemon])
        }
    }

    private static func runInCluster(
        _ configuration: FairleadConfiguration,
        nodeName: String,
        _ logger: Logger
    ) async throws {
        let client: APIClient
        do throws(ClusterAccessError) {
            let access = try configuration.kubernetes.access()
            client = try APIClient(access, logger: logger)
            logger.notice("node \(nodeName) takes Services from \(access.server)")
        } catch {
            throw Failure("\(error)")
        }
        let recorder = EventRecorder(client: client, nodeName: nodeName, logger: logger)
        let source = KubernetesSource(
            client: client,
            nodeName: nodeName,
            logger: logger,
            announce: { recorder.record($0) }
        )
        let daemon = NodeDaemon(
            configuration: configuration,
            nodeName: nodeName,
            source: source,
            logger: logger,
            announce: { recorder.record($0) }
        )
        do {
            try await run([daemon, EventWriting(recorder: recorder)])
        } catch {
            await client.shutdown()
            throw error
        }
        await client.shutdown()
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

    /// Of its own comings and goings the service group tells only what went wrong.
    private static var quietLogger: Logger {
        var logger = Logger(label: "fairlead.lifecycle")
        logger.logLevel = .critical
        return logger
    }
}

/// Writes Events into the cluster as long as the daemon runs.
private struct EventWriting: Service {
    let recorder: EventRecorder

    func run() async throws {
        await cancelWhenGracefulShutdown { await recorder.run() }
    }
}

extension KubernetesSettings {
    /// How the API server is reached.
    ///
    /// - Throws: `ClusterAccessError` when the kubeconfig, or what a pod is given, is not there or wrong.
    func access() throws(ClusterAccessError) -> ClusterAccess {
        let server = server.isEmpty ? nil : server
        guard !kubeconfig.isEmpty else { return try ClusterAccess.inCluster(server: server) }
        return try ClusterAccess.load(
            kubeconfig: kubeconfig,
            context: context.isEmpty ? nil : context,
            server: server
        )
    }
}
