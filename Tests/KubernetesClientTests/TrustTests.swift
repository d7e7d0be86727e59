import FoundationEssentials
@testable import KubernetesClient
import SocketTestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct TrustTests {
    private func failure(
        _ certificate: String = "server",
        host: String = "127.0.0.1",
        authority: String = "authority",
        cluster: [String] = []
    ) async throws -> APIError? {
        let server = try await ScriptedServer.start(
            host: host == "localhost" ? "127.0.0.1" : host,
            tls: Fixture.serverContext(certificate)
        ) { _ in .answer() }
        let error = try await TestCluster.trusting(
            server,
            host: host.contains(":") ? "[\(host)]" : host,
            authority: authority,
            cluster: cluster
        ).failure()
        #expect(server.requests.count == (error == nil ? 1 : 0))
        try await server.stop()
        return error
    }

    @Test func namesAndAddressesOfTheCertificateAreTrusted() async throws {
        #expect(try await failure(host: "localhost") == nil)
        #expect(try await failure(host: "127.0.0.1") == nil)
        #expect(try await failure(cluster: ["tls-server-name: kubernetes.default"]) == nil)
    }

    @Test(.enabled(if: Place.hasIPv6)) func anIPv6AddressOfTheCertificateIsTrusted() async throws {
        #expect(try await failure(host: "::1") == nil)
    }

    @Test func theHostOfARequestIsTheServersAndNotTheNameForTLS() async throws {
        let server = try await ScriptedServer.start(tls: Fixture.serverContext()) { _ in .answer() }
        let cluster = try TestCluster.trusting(
            server,
            cluster: ["tls-server-name: kubernetes.default"]
        )
        try await cluster.withClient { client in _ = try await client.get() }
        #expect(server.requests.first?.headers["host"] == "127.0.0.1:\(server.port)")
        try await server.stop()
    }

    @Test func aCertificateOfAnotherAuthorityIsNotTrusted() async throws {
        let error = try await failure(authority: "other-authority")
        #expect(error?.reason == .tls)
        let message = error?.message ?? ""
        #expect(message.contains("(valid 2020-01-01T00:00:00Z to 2120-01-01T00:00:00Z)"))
        #expect(message.contains("is not signed by the authority in"))
        #expect(message.contains("other-authority.pem (CERTIFICATE_VERIFY_FAILED);"))
        #expect(message.contains("clusters[0].cluster.certificate-authority must hold"))
    }

    @Test func withoutAnAuthorityThoseOfTheMachineCount() async throws {
        let server = try await ScriptedServer.start(tls: Fixture.serverContext()) { _ in .answer() }
        let error = try await TestCluster(server: "https://localhost:\(server.port)").failure()
        #expect(error?.reason == .tls)
        #expect(error?.message.contains("any authority that this machine trusts") == true)
        try await server.stop()
    }

    @Test func anExpiredCertificateIsNamedWithTheClockOfTheNode() async throws {
        let error = try await failure("server-expired")
        #expect(error?.reason == .tls)
        #expect(error?.message.contains("its certificate ended 2021-01-01T00:00:00Z") == true)
        #expect(error?.message.contains("the clock of this node shows 2") == true)
    }

    @Test func aCertificateForOthersIsToldWithItsNames() async throws {
        for (host, cluster, name) in [
            ("127.0.0.1", [], "127.0.0.1"), ("localhost", [], "localhost"),
            ("127.0.0.1", ["tls-server-name: kubernetes"], "kubernetes"),
        ] {
            let error = try await failure("server-elsewhere", host: host, cluster: cluster)
            #expect(error?.reason == .tls)
            #expect(
                error?.message.contains("not for \(name) but for elsewhere.example, 192.0.2.1;")
                    == true,
                "\(String(describing: error))"
            )
        }
    }

    @Test func theAddressOfTheConnectionDoesNotReplaceAnExpectedName() async throws {
        let error = try await failure(cluster: ["tls-server-name: kubernetes"])
        #expect(error?.reason == .tls)
        #expect(error?.message.contains("not for kubernetes but for localhost,") == true)
    }

    @Test(
        arguments: [
            ("a.example", "a.example", true), ("A.example.", "a.EXAMPLE", true),
            ("a.example", "b.example", false), ("a.example", "a.example.org", false),
            ("a.b.example", "*.b.example", true), ("a.c.example", "*.b.example", false),
            ("a.b.example", "*.example", false), ("b.example", "*.b.example", false),
            ("example", "*", false), ("a.example", "*.example", false),
            ("ab.c.example", "a*.c.example", false), ("10.0.0.1", "10.0.0.1", true),
        ]
    )
    func namesAreComparedAsDNSDoes(name: String, pattern: String, expected: Bool) {
        let certificate = ServerCertificate(start: .now, end: .now, names: ["x.example", pattern])
        #expect(certificate.isFor(name) == expected)
    }

    @Test func aServerWithoutTLSIsTold() async throws {
        let endpoint = Place.endpoint()
        let server = try await TestServer.listen(on: endpoint)
        let answers = Task {
            for number in 0... {
                let connection = try await server.connection(number)
                try? await connection.send("HTTP/1.1 400 Bad Request\r\n\r\n")
            }
        }
        let error = try await TestCluster(server: "https://\(endpoint)").failure()
        answers.cancel()
        #expect(error?.reason == .tls)
        #expect(error?.message.contains("does not speak TLS (WRONG_VERSION_NUMBER)") == true)
        try await server.close()
    }

    @Test func aServerThatWantsAClientCertificateIsTold() async throws {
        let server = try await ScriptedServer.start(
            tls: Fixture.serverContext(clients: true)
        ) { _ in .answer() }
        let error = try await TestCluster.trusting(server).failure()
        #expect(error?.reason == .tls)
        #expect(
            error?.message.contains("accept this client: TLSV1_ALERT_CERTIFICATE_REQUIRED") == true
        )
        try await server.stop()
    }

    @Test func nothingIsVerifiedWhereTheKubeconfigSaysSoAndThatIsLogged() async throws {
        let server = try await ScriptedServer.start(
            tls: Fixture.serverContext("server-expired")
        ) { _ in .answer() }
        let cluster = try TestCluster(
            server: "https://127.0.0.1:\(server.port)",
            cluster: ["insecure-skip-tls-verify: true"]
        )
        try await cluster.withClient { client in
            try await client.get()
            try await client.get()
        }
        #expect(cluster.log.notable.count == 1)
        #expect(cluster.log.notable.first?.contains("is not verified") == true)
        try await server.stop()
    }
}
