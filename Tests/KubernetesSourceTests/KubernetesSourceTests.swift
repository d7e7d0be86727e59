import KubernetesClient
import KubernetesSource
import Manifests
import ScriptedAPI
import ServiceModel
import SocketTestSupport
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct KubernetesSourceTests {
    static let timeout = 60

    private func decoded(_ kind: ObjectKind, _ file: String) throws -> [ClusterChange] {
        try KubernetesObject.decodeList(of: kind, json: try recording(file)).objects
            .compactMap(\.change)
    }

    @Test(arguments: [20, 36])
    func everythingThatIsRecordedIsHandedOver(minorVersion: Int) async throws {
        var answers = try RecordedAnswers()
        answers.minorVersion = minorVersion
        let streamed = try StreamedLists(answers)
        let replica = try await FollowedServer.run({ streamed.answer($0) }) { followed in
            try await followed.replica.wait { !$0.initialSets.isEmpty }
        }
        #expect(replica.initialSets == [true])
        let expected =
            try decoded(.service, "services.json") + decoded(.endpointSlice, "endpointslices.json")
        #expect(Set(replica.changes).isSuperset(of: Set(expected)))
        #expect(replica.changes.count == expected.count + 1)
        #expect(replica.nodes.keys.sorted() == ["node-a"])
    }

    @Test func nothingIsCompleteBeforeEverythingIs() async throws {
        let answers = try RecordedAnswers()
        let isNodeForbidden = Mutex(true)
        try await FollowedServer.run({ request in
            if request.path == "/api/v1/nodes", isNodeForbidden.withLock({ $0 }) {
                return .document(
                    Array(
                        #"""
                        {"kind": "Status", "code": 403, "message": "nodes is forbidden: User \"x\""}
                        """#.utf8
                    ),
                    status: 403
                )
            }
            return answers.answer(request)
        }) { followed in
            try await followed.log.messages.wait { messages in
                messages.contains { $0.contains("grant the verbs list and watch") }
            }
            try await followed.replica.wait { $0.services.count == 15 && $0.slices.count == 8 }
            #expect(followed.replica.value.initialSets.isEmpty)
            isNodeForbidden.withLock { $0 = false }
            try await followed.replica.wait { $0.initialSets == [true] }
            try await followed.log.messages.wait { messages in
                messages.contains { $0.contains("answers as it should again") }
            }
        }
    }

    @Test func aNodeThatIsNotThereHoldsNothingUp() async throws {
        var answers = try RecordedAnswers()
        answers.node = Array(
            #"{"kind": "NodeList", "metadata": {"resourceVersion": "5"}, "items": []}"#.utf8
        )
        let recorded = answers
        let replica = try await FollowedServer.run({ recorded.answer($0) }) { followed in
            try await followed.replica.wait { !$0.initialSets.isEmpty }
        }
        #expect(replica.initialSets == [true])
        #expect(replica.nodes.isEmpty)
    }

    static let servers: [([String]?, String)] = [
        (["v1"], "/apis/discovery.k8s.io/v1/endpointslices"),
        (["v1beta1"], "/apis/discovery.k8s.io/v1beta1/endpointslices"),
        (nil, "/api/v1/endpoints"),
    ]

    @Test(arguments: servers)
    func endpointsComeFromWhatTheServerHas(discovery: [String]?, path: String) async throws {
        var answers = try RecordedAnswers()
        answers.discovery = discovery
        let recorded = answers
        let (replica, paths) = try await FollowedServer.run({ recorded.answer($0) }) { followed in
            let replica = try await followed.replica.wait { !$0.initialSets.isEmpty }
            return (replica, followed.server.requests.map(\.path))
        }
        #expect(paths.contains(path))
        #expect(replica.endpoints.isEmpty == (discovery != nil))
        #expect(replica.slices.isEmpty == (discovery == nil))
    }

    @Test func anUpgradedServerChangesWhereEndpointsComeFrom() async throws {
        let answers = try RecordedAnswers()
        let isUpgraded = Mutex(false)
        try await FollowedServer.run({ request in
            var current = answers
            current.discovery = isUpgraded.withLock { $0 } ? ["v1"] : nil
            if request.path == "/api/v1/endpoints", current.discovery != nil { return .notFound }
            // Watches of the old resource end, as those of a server that is replaced do.
            if request.path == "/api/v1/endpoints", request.isWatch { return .stream + [.cut] }
            return current.answer(request)
        }) { followed in
            try await followed.replica.wait { $0.initialSets == [true] && !$0.endpoints.isEmpty }
            isUpgraded.withLock { $0 = true }
            try await followed.replica.wait { $0.slices.count == 8 && $0.endpoints.isEmpty }
            #expect(followed.replica.value.initialSets == [true])
        }
    }

    @Test func anObjectThatIsWrongHoldsNothingUpAndIsSaidOnTheObject() async throws {
        let answers = try RecordedAnswers()
        let wrong = Array(
            #"""
            {"metadata": {"resourceVersion": "116"}, "items": [
              {"metadata": {"name": "good", "namespace": "shop"},
               "spec": {"clusterIP": "10.96.0.9", "ports": [{"port": 80}]}},
              {"metadata": {"name": "bad", "namespace": "shop"},
               "spec": {"clusterIP": "10.96.0.8", "ports": [{"port": 70000}]}}]}
            """#.utf8
        )
        let right = Array(
            #"""
            {"type": "MODIFIED", "object": {"metadata": {"name": "bad", "namespace": "shop",
             "resourceVersion": "117"},
             "spec": {"clusterIP": "10.96.0.8", "ports": [{"port": 7000}]}}}
            """#.utf8.filter { $0 != UInt8(ascii: "\n") }
        )
        let bad = ObjectName(namespace: "shop", name: "bad")
        try await FollowedServer.run({ request in
            guard request.path == "/api/v1/services" else { return answers.answer(request) }
            return request.isWatch ? .stream + [.bytes(right + [10])] : .document(wrong)
        }) { followed in
            try await followed.replica.wait { $0.services[bad] != nil }
            try await followed.replica.wait { $0.initialSets.last == true }
            let event = try #require(followed.replica.value.events.first)
            #expect(event.object == ObjectReference(.service, bad))
            #expect(event.weight == .warning)
            #expect(event.message.contains("spec.ports[0].port"))
            try await followed.log.messages.wait {
                $0.contains { $0.contains("Service shop/bad is right again") }
            }
        }
    }

    @Test func theTimeBehindAChangeIsHandedOnForWatchedSlicesOnly() async throws {
        let answers = try RecordedAnswers()
        let list = try recording("watch-list.jsonl")
        let line = Array(list.prefix { $0 != 10 })
        try await FollowedServer.run({ request in
            guard request.path.hasSuffix("endpointslices"), request.isWatch else {
                return answers.answer(request)
            }
            return .stream + [.bytes(line + [10])]
        }) { followed in
            let replica = try await followed.replica.wait { !$0.triggers.isEmpty }
            let dns = ObjectName(namespace: "default", name: "dns")
            #expect(
                replica.triggers.first
                    == EndpointTrigger(service: dns, milliseconds: 1_795_222_800_000)
            )
        }
    }

    @Test func whatIsDoneIsCounted() async throws {
        let answers = try RecordedAnswers()
        try await FollowedServer.run({ answers.answer($0) }) { followed in
            try await followed.replica.wait { !$0.initialSets.isEmpty }
            let activity = try #require(followed.source.activity)
            #expect(
                activity.collections.map(\.resource) == ["services", "endpointslices", "nodes"]
            )
            #expect(activity.collections.map(\.lists) == [1, 1, 1])
            #expect(activity.collections.map(\.objects) == [15, 8, 1])
            #expect(activity.collections.allSatisfy { $0.state == "watching" })
            #expect(activity.collections.allSatisfy { $0.secondsSinceContact != nil })
        }
    }
}

/// The recorded lists also as streams, for a server that can do that.
struct StreamedLists: Sendable {
    let answers: RecordedAnswers
    private let streams: [String: [UInt8]]

    init(_ answers: RecordedAnswers) throws {
        self.answers = answers
        streams = [
            "/api/v1/services": try Self.stream(answers.services, .service),
            "/apis/discovery.k8s.io/v1/endpointslices": try recording("watch-list.jsonl"),
            "/api/v1/nodes": try Self.stream(answers.node, .node),
        ]
    }

    func answer(_ request: ScriptedRequest) -> ScriptedAnswer {
        guard request.query["sendInitialEvents"] == "true", let stream = streams[request.path]
        else { return answers.answer(request) }
        return .stream + [.bytes(stream)]
    }

    /// A recorded list, item by item, and the bookmark behind it.
    private static func stream(_ list: [UInt8], _ kind: ObjectKind) throws -> [UInt8] {
        var stream: [UInt8] = []
        for item in items(of: list) {
            stream += Array(#"{"type": "ADDED", "object": "#.utf8) + item + Array("}\n".utf8)
        }
        return stream
            + Array(
                #"""
                {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "116", "annotations": \#
                {"k8s.io/initial-events-end": "true"}}}}

                """#.utf8
            )
    }

    /// The texts of the items of a list.
    private static func items(of list: [UInt8]) -> [[UInt8]] {
        let text = String(decoding: list, as: UTF8.self)
        guard let start = text.firstRange(of: "\"items\":")?.upperBound else { return [] }
        var items: [[UInt8]] = []
        var depth = 0
        var isQuoted = false
        var isEscaped = false
        var current: [UInt8] = []
        for byte in text[start...].utf8 {
            if depth > 0 { current.append(byte) }
            if isEscaped {
                isEscaped = false
                continue
            }
            switch byte {
            case UInt8(ascii: "\\") where isQuoted: isEscaped = true
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: "{") where !isQuoted:
                if depth == 0 { current = [byte] }
                depth += 1
            case UInt8(ascii: "}") where !isQuoted:
                depth -= 1
                if depth == 0 { items.append(current) }
                if depth < 0 { return items }
            default: break
            }
        }
        return items
    }
}
