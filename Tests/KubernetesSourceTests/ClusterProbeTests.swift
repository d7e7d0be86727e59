import KubernetesClient
import KubernetesSource
import ScriptedAPI
import SocketTestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct ClusterProbeTests {
    private func look(
        _ answer: @escaping @Sendable (ScriptedRequest) -> ScriptedAnswer
    ) async throws -> ClusterProbe.Outcome {
        let server = try await ScriptedAPI(answer)
        let client = try APIClient(
            try FollowedServer.access(port: server.port),
            logger: RecordedLog().logger
        )
        let outcome = try await ClusterProbe.look(with: client, nodeName: "node-a")
        await client.shutdown()
        await server.close()
        return outcome
    }

    @Test func aServerThatAnswersIsSeenWithItsVersion() async throws {
        let answers = try RecordedAnswers()
        let version = try recording("version.json")
        let outcome = try await look { request in
            request.path == "/version" ? .document(version) : answers.answer(request)
        }
        #expect(outcome.version == "v1.36.2+ocp.98b35193b2ac")
        #expect(outcome.readable == ["services", "endpointslices", "nodes"])
        #expect(outcome.refusals.isEmpty)
    }

    @Test func whatMayNotBeListedIsSaidWithTheRightToGrant() async throws {
        let answers = try RecordedAnswers()
        let outcome = try await look { request in
            guard request.path.hasSuffix("endpointslices") else { return answers.answer(request) }
            return .document(
                Array(#"{"kind": "Status", "code": 403, "message": "forbidden for x"}"#.utf8),
                status: 403
            )
        }
        #expect(outcome.readable == ["services", "nodes"])
        #expect(outcome.refusals["endpointslices"]?.contains("grant the verbs list") == true)
        #expect(outcome.refusals["endpointslices"]?.contains("forbidden for x") == true)
    }
}
