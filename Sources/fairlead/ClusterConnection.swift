import Daemon
import KubernetesClient
import KubernetesSource
import Logging
import ServiceLifecycle
import Settings

/// A daemon that follows the API of a cluster, and what it needs for that.
struct ClusterConnection {
    /// To be run together; they end with the daemon.
    let services: [any Service]

    /// Connects nowhere yet.
    ///
    /// `once` programs everything and ends.
    ///
    /// - Throws: `Failure` when the kubeconfig, or what a pod is given, is not there or wrong.
    init(
        _ configuration: FairleadConfiguration,
        nodeName: String,
        _ logger: Logger,
        once: Bool = false,
        remarks: @escaping @Sendable () -> [String]
    ) throws {
        let client = try Self.client(configuration.kubernetes, logger)
        let recorder = EventRecorder(client: client, nodeName: nodeName, logger: logger)
        let source = KubernetesSource(
            client: client,
            nodeName: nodeName,
            logger: logger,
            announce: { recorder.record($0) }
        )
        let daemon: any Service =
            once
            ? NodeProgrammer(
                configuration: configuration,
                nodeName: nodeName,
                source: source,
                logger: logger,
                announce: { recorder.record($0) }
            )
            : NodeDaemon(
                configuration: configuration,
                nodeName: nodeName,
                source: source,
                logger: logger,
                announce: { recorder.record($0) },
                remarks: remarks
            )
        // The client goes last: whoever is told to end may have a last word.
        services = [ClientClosing(client: client), EventWriting(recorder: recorder), daemon]
    }

    /// A client for the API server that the settings lead to.
    ///
    /// - Throws: `Failure` when the kubeconfig, or what a pod is given, is not there or wrong.
    static func client(_ settings: KubernetesSettings, _ logger: Logger) throws -> APIClient {
        do throws(ClusterAccessError) {
            let access = try settings.access()
            logger.notice("Services come from \(access.server)")
            return try APIClient(access, logger: logger)
        } catch {
            throw Failure("\(error).")
        }
    }
}

/// Closes the client's connections when everything that uses them has ended.
private struct ClientClosing: Service {
    let client: APIClient

    func run() async throws {
        try? await gracefulShutdown()
        // A connection that is being made ends only when it stands or has failed.
        _ = await TimedAnswer.wait(.seconds(1)) { (done: @escaping @Sendable (Bool?) -> Void) in
            Task {
                await client.shutdown()
                done(true)
            }
        }
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
    fileprivate func access() throws(ClusterAccessError) -> ClusterAccess {
        let server = server.isEmpty ? nil : server
        guard !kubeconfig.isEmpty else { return try ClusterAccess.inCluster(server: server) }
        return try ClusterAccess.load(
            kubeconfig: kubeconfig,
            context: context.isEmpty ? nil : context,
            server: server
        )
    }
}
