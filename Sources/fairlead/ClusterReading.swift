import KubernetesClient
import KubernetesSource
import Logging
import ServiceModel
import Settings
import Synchronization

/// What a cluster or a directory wants, for commands that only look.
enum ClusterReading {
    private static let patience = Duration.seconds(30)

    /// All objects, read once; what is wrong with them is said on standard error.
    ///
    /// - Throws: `Failure` when they cannot be read, or not within half a minute.
    static func changes(
        _ configuration: FairleadConfiguration,
        nodeName: String
    ) async throws -> [ClusterChange] {
        guard configuration.manifests.directory.isEmpty else {
            return try ManifestReading.changes(configuration)
        }
        let logger = Logger(label: "fairlead") { _ in RemarkLogHandler() }
        let client = try ClusterConnection.client(configuration.kubernetes, logger)
        let changes = await read(client, nodeName: nodeName, logger)
        await client.shutdown()
        guard let changes else {
            throw Failure(
                "The cluster could not be read within \(patience.components.seconds) seconds."
            )
        }
        return changes
    }

    /// Nil when it takes too long.
    private static func read(
        _ client: APIClient,
        nodeName: String,
        _ logger: Logger
    ) async -> [ClusterChange]? {
        let source = KubernetesSource(
            client: client,
            nodeName: nodeName,
            logger: logger,
            announce: { _ in }
        )
        let (events, continuation) = AsyncStream.makeStream(of: SourceEvent.self)
        return await withTaskGroup(of: [ClusterChange]?.self) { group in
            group.addTask {
                try? await source.run { continuation.yield($0) }
                return nil
            }
            group.addTask {
                try? await Task.sleep(for: patience)
                return nil
            }
            group.addTask {
                var all: [ClusterChange] = []
                for await event in events {
                    switch event {
                    case .changes(let changes): all += changes
                    case .initialSetComplete: return all
                    case .triggers: break
                    }
                }
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}

/// Says warnings on standard error, as commands say their remarks.
private struct RemarkLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    func log(event: LogEvent) { Output.remark("\(event.message)") }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
}
