import KubernetesClient
@testable import KubernetesSource
@testable import KubernetesWatch
import Logging
import ScriptedAPI
import ServiceModel
import SocketTestSupport
import Synchronization
import Testing

/// The recorded streams, disturbed in every way at every byte.
@Suite(.timeLimit(.minutes(2))) struct DisturbedStreamTests {
    private static let late = ObjectName(namespace: "default", name: "late")

    /// The lines of the recorded watch of Services, with the versions of their objects.
    private static func lines() throws -> [(version: Int, line: [UInt8])] {
        let versions = [118, 119, 120, 120]
        return try recording("watch-services.jsonl").split(separator: 10).enumerated().map {
            (versions[$0], Array($1) + [10])
        }
    }

    /// What a server that was at version 116 says of Services since `version`.
    private static func events(since version: Int) throws -> [UInt8] {
        let lines = try lines()
        return lines.filter { $0.version > version }.flatMap(\.line)
            + (version >= 120 ? [] : lines[3].line)
    }

    /// What followers of one server hear of the Service until it is gone, when their first watches
    /// are answered like this.
    private func changes(
        _ count: Int,
        _ script: @escaping @Sendable (Int) -> ScriptedAnswer
    ) async throws -> [[ClusterChange]] {
        let scripts = Mutex<[String: ScriptedAnswer]>(
            Dictionary(uniqueKeysWithValues: (0..<count).map { ("run=\($0)", script($0)) })
        )
        let server = try await ScriptedAPI { request in
            guard request.isWatch else {
                return .document(
                    Array(#"{"metadata": {"resourceVersion": "116"}, "items": []}"#.utf8)
                )
            }
            let run = request.query["labelSelector"] ?? ""
            if let first = scripts.withLock({ $0.removeValue(forKey: run) }) { return first }
            let version = Int(request.query["resourceVersion"] ?? "") ?? 0
            return .stream + [.bytes((try? Self.events(since: version)) ?? [])]
        }
        let logger = RecordedLog().logger
        let client = try APIClient(
            try FollowedServer.access(port: server.port),
            logger: logger
        )
        let results = try await withThrowingTaskGroup(of: (Int, [ClusterChange]).self) { group in
            var results: [Int: [ClusterChange]] = [:]
            for run in 0..<count {
                if run >= 16, let (done, changes) = try await group.next() {
                    results[done] = changes
                }
                group.addTask { (run, try await Self.follow("run=\(run)", client, logger)) }
            }
            for try await (done, changes) in group { results[done] = changes }
            return (0..<count).map { results[$0] ?? [] }
        }
        await client.shutdown()
        await server.close()
        return results
    }

    /// Follows Services until the Service is gone.
    private static func follow(
        _ selector: String,
        _ client: APIClient,
        _ logger: Logger
    ) async throws -> [ClusterChange] {
        let heard = Observed<[ClusterChange]>([])
        let account = WatchAccount(logger: logger)
        var reader = CollectionReader(
            CollectionFollower(
                WatchedResource(.service, name: "services", labelSelector: selector),
                mayStreamLists: false,
                seed: 1
            ),
            part: .services,
            client: client,
            gate: InitialSetGate { event in
                if case .changes(let changes) = event { heard.change { $0 += changes } }
            },
            account: account,
            reports: ObjectReports(logger: logger) { _ in },
            sleep: { _ in }
        )
        let following = Task { await reader.run() }
        try await heard.wait { $0.contains(.serviceRemoved(late)) }
        following.cancel()
        await following.value
        return heard.value
    }

    private func expected() async throws -> [ClusterChange] {
        let recording = try recording("watch-services.jsonl")
        return try await changes(1) { _ in .stream + [.bytes(recording)] }[0]
    }

    @Test func aStreamThatIsCutAnywhereIsTakenUpWhereItWas() async throws {
        let expected = try await expected()
        #expect(expected.count == 3)
        let recording = try recording("watch-services.jsonl")
        let found = try await changes(recording.count + 1) { offset in
            .stream + [.bytes(Array(recording[..<offset])), .cut]
        }
        for (offset, changes) in found.enumerated() {
            #expect(changes == expected, "cut at byte \(offset)")
        }
    }

    @Test func aStreamThatEndsAnywhereIsTakenUpWhereItWas() async throws {
        let expected = try await expected()
        let recording = try recording("watch-services.jsonl")
        // Not at every byte, as cuts are: here it only counts whether a line is whole.
        let offsets = Array(stride(from: 0, through: recording.count, by: 7))
        let found = try await changes(offsets.count) { run in
            .stream + [.bytes(Array(recording[..<offsets[run]])), .end]
        }
        for (run, changes) in found.enumerated() {
            #expect(changes == expected, "ended at byte \(offsets[run])")
        }
    }

    @Test func aStreamOfSingleBytesIsUnderstood() async throws {
        let recording = try recording("watch-services.jsonl")
        let found = try await changes(1) { _ in .stream + recording.map { .bytes([$0]) } }
        #expect(try await found[0] == expected())
    }

    @Test func aStreamThatStallsIsAskedForAgain() async throws {
        var limits = APILimits()
        limits.idleTime = .seconds(1)
        let watches = Observed(0)
        let answers = try RecordedAnswers()
        let recording = try recording("watch-services.jsonl")
        try await FollowedServer.run(
            limits: limits,
            { request in
                guard request.path == "/api/v1/services", request.isWatch else {
                    return answers.answer(request)
                }
                watches.change { $0 += 1 }
                let version = Int(request.query["resourceVersion"] ?? "") ?? 0
                // Half of a line, and then nothing.
                if version == 116 { return .stream + [.bytes(Array(recording.prefix(100)))] }
                return .stream
            }
        ) { followed in
            try await watches.wait { $0 >= 3 }
            #expect(followed.log.notable.isEmpty, "\(followed.log.notable)")
            #expect(followed.replica.value.services.count == 15)
        }
    }

    @Test func eventsThatComeTwiceChangeNothing() async throws {
        let expected = try await expected()
        let lines = try Self.lines().map(\.line)
        let changes = try await changes(1) { _ in
            .stream + lines.flatMap { [.bytes($0), .bytes($0)] }
        }[0]
        // The same is said twice, and comes to the same in the end.
        #expect(changes.last == expected.last)
        #expect(Set(changes) == Set(expected))
    }

    @Test func eventsInAnotherOrderEndAsTheServerSays() async throws {
        let answers = try RecordedAnswers()
        let lines = try Self.lines().map(\.line)
        let sent = Mutex(false)
        try await FollowedServer.run({ request in
            guard request.path == "/api/v1/services", request.isWatch else {
                return answers.answer(request)
            }
            guard
                sent.withLock({ isSent in
                    defer { isSent = true }
                    return !isSent
                })
            else { return .stream }
            // Deleted, then modified and added: no server does so, and then its list says the truth.
            let status = Array(
                #"{"type": "ERROR", "object": {"kind": "Status", "code": 410}}"#.utf8
            )
            return .stream + [.bytes(lines[2] + lines[1] + lines[0] + status + [10])]
        }) { followed in
            try await followed.replica.wait {
                $0.changes.count { $0 == .serviceRemoved(Self.late) } == 2
            }
            #expect(followed.replica.value.services.count == 15)
        }
    }

    /// Several at a time: each waits for its own server most of the time.
    private func atOffsets(
        _ offsets: some Sequence<Int>,
        _ check: @escaping @Sendable (Int) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, offset) in offsets.enumerated() {
                if index >= 8 { try await group.next() }
                group.addTask { try await check(offset) }
            }
            try await group.waitForAll()
        }
    }

    @Test func aStreamedListThatIsCutAnywhereIsReadAgain() async throws {
        var answers = try RecordedAnswers()
        answers.minorVersion = 36
        let streamed = try StreamedLists(answers)
        let list = try recording("watch-list.jsonl")
        // Not every byte: a list is many lines alike, and each time all of a server is followed.
        try await atOffsets(stride(from: 0, through: list.count, by: 97)) { offset in
            let attempts = Mutex(0)
            let replica = try await FollowedServer.run({ request in
                guard request.path.hasSuffix("endpointslices"),
                    request.query["sendInitialEvents"] == "true",
                    attempts.withLock({ number in
                        number += 1
                        return number
                    }) == 1
                else { return streamed.answer(request) }
                return .stream + [.bytes(Array(list[..<offset])), .cut]
            }) { followed in
                try await followed.replica.wait { !$0.initialSets.isEmpty }
            }
            #expect(replica.initialSets == [true])
            #expect(replica.slices.count == 8, "cut at byte \(offset)")
        }
    }
}
