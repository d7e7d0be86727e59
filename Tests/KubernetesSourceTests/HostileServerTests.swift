import KubernetesClient
import ScriptedAPI
import ServiceModel
import SocketTestSupport
import Synchronization
import Testing

/// Answers that no good server gives.
@Suite(.timeLimit(.minutes(1))) struct HostileServerTests {
    struct Nonsense: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// For the list of Services, or for its watch.
        let isForWatch: Bool
        let answer: ScriptedAnswer
        /// What the log says of it.
        let words: String
    }

    static let nonsense: [Nonsense] = [
        Nonsense(
            testDescription: "a list that is no JSON",
            isForWatch: false,
            answer: .document(Array("<html>busy</html>".utf8)),
            words: "is not JSON"
        ),
        Nonsense(
            testDescription: "a truncated list",
            isForWatch: false,
            answer: .document(Array(#"{"metadata": {"resourceVersion": "1"}, "items": [{"#.utf8)),
            words: "is not JSON"
        ),
        Nonsense(
            testDescription: "a list of another type",
            isForWatch: false,
            answer: .document(Array(#"{"metadata": {"resourceVersion": "1"}, "items": 5}"#.utf8)),
            words: "list of services cannot be read: items"
        ),
        Nonsense(
            testDescription: "pages without an end",
            isForWatch: false,
            answer: .document(
                Array(
                    #"{"metadata": {"resourceVersion": "1", "continue": "x"}, "items": []}"#.utf8
                )
            ),
            words: "list of services does not end"
        ),
        Nonsense(
            testDescription: "a list without a version",
            isForWatch: false,
            answer: .document(Array(#"{"metadata": {}, "items": []}"#.utf8)),
            words: "has no metadata.resourceVersion"
        ),
        Nonsense(
            testDescription: "a line that is no JSON",
            isForWatch: true,
            answer: .stream + [.bytes(Array("oops\n".utf8))],
            words: "is not JSON"
        ),
        Nonsense(
            testDescription: "an event of no known type",
            isForWatch: true,
            answer: .stream + [.bytes(Array(#"{"type": "X", "object": {}}"#.utf8 + [10]))],
            words: "is no type of event"
        ),
        Nonsense(
            testDescription: "a line without an end",
            isForWatch: true,
            answer: .stream + (0..<17).map { _ in .bytes(.init(repeating: 32, count: 1 << 20)) },
            words: "a line is longer than"
        ),
        Nonsense(
            testDescription: "a redirection",
            isForWatch: false,
            answer: [
                .head(302, ["Location": "http://127.0.0.1:1/", "Content-Length": "0"]), .end,
            ],
            words: "(302)"
        ),
        Nonsense(
            testDescription: "an endless body of an error",
            isForWatch: false,
            answer: [.head(500, ["Transfer-Encoding": "chunked"])]
                + (0..<3).map { _ in .bytes(.init(repeating: 65, count: 1 << 20)) },
            words: "answers with more than the 1048576 bytes"
        ),
    ]

    @Test(arguments: nonsense)
    func nonsenseIsSaidAndOvercome(nonsense: Nonsense) async throws {
        let answers = try RecordedAnswers()
        let isMad = Mutex(true)
        try await FollowedServer.run({ request in
            guard request.path == "/api/v1/services", request.isWatch == nonsense.isForWatch,
                isMad.withLock({ $0 })
            else { return answers.answer(request) }
            return nonsense.answer
        }) { followed in
            if nonsense.isForWatch {
                try await followed.replica.wait { $0.initialSets == [true] }
            }
            try await followed.log.messages.wait { messages in
                messages.contains { $0.hasPrefix("warning") && $0.contains(nonsense.words) }
            }
            isMad.withLock { $0 = false }
            try await followed.replica.wait { $0.initialSets == [true] && $0.services.count == 15 }
            try await followed.log.messages.wait { messages in
                messages.contains { $0.contains("answers as it should again") }
            }
            // Nothing that was there all the time has been removed in between.
            let removals = followed.replica.value.changes.filter {
                if case .serviceRemoved(let name) = $0 {
                    !["alias", "headless"].contains(name.name)
                } else {
                    false
                }
            }
            #expect(removals.isEmpty)
        }
    }

    @Test func aServerThatIsNotThereIsSaidOnce() async throws {
        let answers = try RecordedAnswers()
        try await FollowedServer.run({ answers.answer($0) }) { followed in
            try await followed.replica.wait { !$0.initialSets.isEmpty }
        }
        // A port on which nothing listens any more.
        let server = try await ScriptedAPI { _ in [] }
        let port = server.port
        await server.close()
        let log = RecordedLog()
        let client = try APIClient(try FollowedServer.access(port: port), logger: log.logger)
        let source = Following(client, log)
        try await log.messages.wait { $0.contains { $0.hasPrefix("warning") } }
        try await source.waitForAttempts(20)
        await source.stop()
        #expect(log.notable.count == 1, "\(log.notable.joined(separator: "\n"))")
        #expect(log.notable.first?.contains("what is programmed stays as it is") == true)
        await client.shutdown()
    }
}
