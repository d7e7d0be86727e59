package import KubernetesClient
import KubernetesWatch
package import Logging
import Manifests
package import ServiceModel

/// Takes Services, their endpoints and this node's own Node from a Kubernetes API server, and follows
/// their changes.
///
/// Whatever becomes of the server, what was handed over stays as it is; once the server can be asked
/// again, the difference is handed over.
package struct KubernetesSource: ServiceSource {
    private let client: APIClient
    private let nodeName: String
    private let logger: Logger
    private let account: WatchAccount
    private let announce: @Sendable (ObjectEvent) -> Void
    private let sleep: @Sendable (Duration) async -> Void

    /// `nodeName` is the name of this machine's Node object; `announce` is told what is wrong with
    /// objects, and `sleep` waits.
    package init(
        client: APIClient,
        nodeName: String,
        logger: Logger,
        announce: @escaping @Sendable (ObjectEvent) -> Void,
        sleep: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
    ) {
        self.client = client
        self.nodeName = nodeName
        self.logger = logger
        self.announce = announce
        self.sleep = sleep
        account = WatchAccount(logger: logger)
    }

    package var activity: SourceActivity? { account.activity }

    /// Hands over what there is and then what changes, until the task is cancelled; never throws.
    package func run(_ sink: @escaping @Sendable (SourceEvent) -> Void) async throws {
        let gate = InitialSetGate(sink: sink)
        guard let served = await discover() else { return }
        await withDiscardingTaskGroup { group in
            group.addTask { await follow(.services, as: .services, served, gate) }
            group.addTask { await follow(.node(nodeName), as: .node, served, gate) }
            group.addTask { await followEndpoints(served, gate) }
        }
    }

    private func follow(
        _ resource: WatchedResource,
        as part: InitialSetGate.Part,
        _ served: ServedVersions,
        _ gate: InitialSetGate
    ) async {
        var reader = CollectionReader(
            CollectionFollower(resource, mayStreamLists: served.mayStreamLists, seed: newSeed),
            part: part,
            client: client,
            gate: gate,
            account: account,
            reports: ObjectReports(logger: logger, announce: announce),
            sleep: sleep
        )
        await reader.run()
    }

    /// Follows whatever the server has that says where endpoints are; it may be upgraded meanwhile.
    private func followEndpoints(_ first: ServedVersions, _ gate: InitialSetGate) async {
        var served = first
        // What was handed over, by kind: of another kind it goes once the new one is complete.
        var handedOver: [ObjectKind: (resource: WatchedResource, names: Set<ObjectName>)] = [:]
        var wait = RetryWait(seed: newSeed)
        while !Task.isCancelled {
            let resource = served.endpoints
            logger.info("endpoints come from \(resource.path)")
            let others = handedOver.values.filter { $0.resource.kind != resource.kind }
            var reader = CollectionReader(
                CollectionFollower(
                    resource,
                    mayStreamLists: served.mayStreamLists,
                    known: handedOver[resource.kind]?.names ?? [],
                    seed: newSeed
                ),
                part: .endpoints,
                client: client,
                gate: gate,
                account: account,
                reports: ObjectReports(logger: logger, announce: announce),
                sleep: sleep,
                leftOver: others.flatMap { other in other.names.map(other.resource.removal(of:)) }
            )
            await reader.run()
            if reader.leftOver.isEmpty { handedOver = [:] }
            handedOver[resource.kind] = (resource, reader.known)
            await sleep(wait.next())
            guard let found = await discover() else { return }
            served = found
        }
    }

    private var newSeed: UInt64 { .random(in: .min ... .max) }

    /// Endpoints alone depend on more than the version, and may have to be looked for again.
    private func discover() async -> ServedVersions? {
        await ServerDiscovery(client: client, account: account, part: .endpoints, sleep: sleep)
            .discover()
    }
}
