@testable import KubernetesClient
import SocketTestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct InClusterTests {
    private let directory: ScratchDirectory
    private let environment = [
        "KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443",
    ]

    init() throws {
        directory = try ScratchDirectory()
        try directory.write("token", "pod-token")
        try directory.write("ca.crt", Fixture.text("authority.pem"))
        try directory.write("namespace", "kube-system\n")
    }

    private func access(
        server: String? = nil,
        _ environment: [String: String]
    ) throws(ClusterAccessError) -> ClusterAccess {
        try ClusterAccess.inCluster(
            server: server,
            directory: directory.path,
            environment: environment
        )
    }

    @Test func theEnvironmentNamesTheServer() throws {
        #expect(try access(environment).server == "https://[fd00::1]:443")
        #expect(try access(environment).namespace == "kube-system")
        #expect(try access(server: "https://a.example", [:]).server == "https://a.example")
    }

    @Test func theTokenAndTheAuthorityOfThePodAreUsed() async throws {
        let server = try await ScriptedServer.start(tls: Fixture.serverContext()) { _ in .answer() }
        let access = try access([
            "KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "\(server.port)",
        ])
        let client = try APIClient(access, logger: RecordedLog().logger)
        try await client.get()
        await client.shutdown()
        #expect(server.requests.first?.headers["authorization"] == "Bearer pod-token")
        try await server.stop()
    }

    @Test func whatIsMissingIsNamed() throws {
        #expect {
            try access(["KUBERNETES_SERVICE_HOST": "10.0.0.1"])
        } throws: {
            "\($0)".contains("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not both set")
        }
        try directory.remove("token")
        #expect {
            try access(environment)
        } throws: {
            "\($0)".contains("/token cannot be read: it is not there")
                && "\($0)".contains("kubernetes.kubeconfig")
        }
    }
}
