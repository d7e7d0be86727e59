import FoundationEssentials
import KubernetesClient
import KubernetesSource
import Logging
import ScriptedAPI
import ServiceModel
import SocketTestSupport
import Synchronization
import Testing

/// A file below `Tests/Fixtures/kube-api`.
func recording(_ name: String, testFile: String = #filePath) throws -> [UInt8] {
    let tests = testFile.split(separator: "/").dropLast(2).joined(separator: "/")
    let data = try #require(
        FileManager.default.contents(atPath: "/\(tests)/Fixtures/kube-api/\(name)"),
        "no \(name)"
    )
    return Array(data)
}

/// The answers of a server of Kubernetes 1.36, as they were recorded.
struct RecordedAnswers: Sendable {
    /// `minor` of the server's version: below 27 it streams no lists.
    var minorVersion = 20
    var services: [UInt8]
    var slices: [UInt8]
    var endpoints: [UInt8]
    var node: [UInt8]
    /// Versions of `discovery.k8s.io`; nil for a server that does not have the group.
    var discovery: [String]? = ["v1"]

    init() throws {
        services = try recording("services.json")
        slices = try recording("endpointslices.json")
        endpoints = try recording("endpoints.json")
        let item = String(decoding: try recording("node.json"), as: UTF8.self)
        node = Array(
            #"{"kind": "NodeList", "metadata": {"resourceVersion": "116"}, "items": [\#(item)]}"#
                .utf8
        )
    }

    /// Lists as they were recorded, and watches on which nothing happens.
    func answer(_ request: ScriptedRequest) -> ScriptedAnswer {
        switch request.path {
        case "/version": return .document(Array(#"{"minor": "\#(minorVersion)"}"#.utf8))
        case "/apis/discovery.k8s.io":
            guard let discovery else { return .notFound }
            let versions = discovery.map { #"{"version": "\#($0)"}"# }.joined(separator: ",")
            return .document(Array(#"{"kind": "APIGroup", "versions": [\#(versions)]}"#.utf8))
        case _ where request.isWatch: return .stream
        case "/api/v1/services": return .document(services)
        case "/apis/discovery.k8s.io/v1/endpointslices",
            "/apis/discovery.k8s.io/v1beta1/endpointslices":
            return .document(slices)
        case "/api/v1/endpoints": return .document(endpoints)
        case "/api/v1/nodes": return .document(node)
        default: return .notFound
        }
    }
}

extension [ScriptedStep] {
    static var notFound: ScriptedAnswer {
        .document(
            [UInt8](#"{"kind": "Status", "code": 404, "reason": "NotFound"}"#.utf8),
            status: 404
        )
    }
}

/// What a source has said, as its reader would have it.
struct Replica: Sendable {
    var services: [ObjectName: Service] = [:]
    var slices: [ObjectName: EndpointSlice] = [:]
    var endpoints: [ObjectName: [EndpointSlice]] = [:]
    var nodes: [String: Node] = [:]
    /// Every change, in order.
    var changes: [ClusterChange] = []
    var triggers: [EndpointTrigger] = []
    /// What was said about the initial set, in order.
    var initialSets: [Bool] = []
    var events: [ObjectEvent] = []

    mutating func take(_ event: SourceEvent) {
        switch event {
        case .initialSetComplete(let isWhole): initialSets.append(isWhole)
        case .triggers(let new): triggers += new
        case .changes(let new):
            changes += new
            for change in new { take(change) }
        }
    }

    private mutating func take(_ change: ClusterChange) {
        switch change {
        case .service(let service): services[service.name] = service
        case .serviceRemoved(let name): services[name] = nil
        case .endpointSlice(let slice): slices[slice.name] = slice
        case .endpointSliceRemoved(let name): slices[name] = nil
        case .endpoints(let name, let subsets): endpoints[name] = subsets
        case .endpointsRemoved(let name): endpoints[name] = nil
        case .node(let node): nodes[node.name] = node
        case .nodeRemoved(let name): nodes[name] = nil
        }
    }
}

/// A source that follows a scripted server, as long as a test runs.
struct FollowedServer {
    let server: ScriptedAPI
    let replica: Observed<Replica>
    let log: RecordedLog
    let source: KubernetesSource
    let client: APIClient

    /// Runs `body` beside the source; waits are not waited for.
    @discardableResult
    static func run<Result: Sendable>(
        limits: APILimits = APILimits(),
        _ answer: @escaping @Sendable (ScriptedRequest) -> ScriptedAnswer,
        _ body: (FollowedServer) async throws -> Result
    ) async throws -> Result {
        let server = try await ScriptedAPI(answer)
        let log = RecordedLog()
        let client = try APIClient(
            try Self.access(port: server.port),
            limits: limits,
            logger: log.logger
        )
        let replica = Observed(Replica())
        let source = KubernetesSource(
            client: client,
            nodeName: "node-a",
            logger: log.logger,
            announce: { event in replica.change { $0.events.append(event) } },
            // A moment, so that a server which always fails is not asked all the time.
            sleep: { _ in try? await Task.sleep(for: .milliseconds(1)) }
        )
        let followed = FollowedServer(
            server: server,
            replica: replica,
            log: log,
            source: source,
            client: client
        )
        let following = Task {
            try await source.run { event in replica.change { $0.take(event) } }
        }
        defer { following.cancel() }
        let result: Result
        do {
            result = try await body(followed)
        } catch {
            following.cancel()
            try? await following.value
            await client.shutdown()
            await server.close()
            throw error
        }
        following.cancel()
        try await following.value
        await client.shutdown()
        await server.close()
        return result
    }

    static func access(port: Int) throws -> ClusterAccess {
        let file = FileManager.default.temporaryDirectory
            .appending(path: "fairlead-kubeconfig-\(UInt64.random(in: 0 ... .max))")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(
            """
            {"clusters": [{"name": "test", "cluster": {"server": "http://127.0.0.1:\(port)"}}],
             "users": [{"name": "test", "user": {"token": "secret"}}],
             "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
             "current-context": "test"}
            """.utf8
        ).write(to: file)
        return try ClusterAccess.load(kubeconfig: file.path, context: nil, server: nil)
    }
}

/// A source that follows a server which need not be there.
struct Following {
    private let task: Task<Void, any Error>
    private let waits = Observed(0)

    init(_ client: APIClient, _ log: RecordedLog) {
        let waits = waits
        let source = KubernetesSource(
            client: client,
            nodeName: "node-a",
            logger: log.logger,
            announce: { _ in },
            sleep: { _ in
                waits.change { $0 += 1 }
                try? await Task.sleep(for: .milliseconds(1))
            }
        )
        task = Task { try await source.run { _ in } }
    }

    /// Waits until it has failed that often.
    func waitForAttempts(_ count: Int) async throws {
        try await waits.wait { $0 >= count }
    }

    func stop() async {
        task.cancel()
        _ = await task.result
    }
}
