import KubernetesClient
import SocketTestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ProxyTests {
    private static let established = ScriptedServer.Step.send(
        "HTTP/1.1 200 Connection established\r\n\r\n"
    )

    @Test func aServerIsReachedThroughAProxy() async throws {
        let tls = try Fixture.serverContext()
        let proxy = try await ScriptedServer.start { request in
            request.line.hasPrefix("CONNECT") ? [Self.established, .startTLS(tls)] : .answer()
        }
        let cluster = try TestCluster(
            server: "https://localhost:6443",
            cluster: [
                "certificate-authority: \(Fixture.path("authority.pem"))",
                "proxy-url: http://me:p%40ss@127.0.0.1:\(proxy.port)",
            ]
        )
        try await cluster.withClient { client in
            let status = try await client.get().status
            #expect(status == 200)
        }
        #expect(
            proxy.requests.map(\.line) == [
                "CONNECT localhost:6443 HTTP/1.1", "GET /api HTTP/1.1",
            ]
        )
        #expect(proxy.requests.first?.headers["proxy-authorization"] == "Basic bWU6cEBzcw==")
        #expect(proxy.requests.last?.headers["proxy-authorization"] == nil)
        try await proxy.stop()
    }

    @Test func anAddressIsVerifiedThroughAProxyByTheNameForTLS() async throws {
        let tls = try Fixture.serverContext()
        let proxy = try await ScriptedServer.start { request in
            request.line.hasPrefix("CONNECT") ? [Self.established, .startTLS(tls)] : .answer()
        }
        let cluster = try TestCluster(
            server: "https://192.0.2.7:6443",
            cluster: [
                "certificate-authority: \(Fixture.path("authority.pem"))",
                "proxy-url: http://127.0.0.1:\(proxy.port)",
                "tls-server-name: kubernetes.default",
            ]
        )
        try await cluster.withClient { client in
            let status = try await client.get().status
            #expect(status == 200)
        }
        #expect(proxy.requests.first?.line == "CONNECT 192.0.2.7:6443 HTTP/1.1")
        try await proxy.stop()
    }

    @Test func aServerBehindAProxyThatIsNotTrustedIsTold() async throws {
        let tls = try Fixture.serverContext()
        let proxy = try await ScriptedServer.start { _ in [Self.established, .startTLS(tls)] }
        let error = try await TestCluster(
            server: "https://localhost:6443",
            cluster: [
                "certificate-authority: \(Fixture.path("other-authority.pem"))",
                "proxy-url: http://127.0.0.1:\(proxy.port)",
            ]
        ).failure()
        #expect(error?.reason == .tls)
        #expect(
            error?.message.contains("its certificate is not signed by the authority in") == true
        )
        try await proxy.stop()
    }

    @Test(
        arguments: [
            ("403 Forbidden", "the proxy does not connect to it"),
            ("407 Proxy Authentication Required", "wants a user name and a password"),
        ]
    )
    func aProxyThatRefusesIsNamed(status: String, words: String) async throws {
        let proxy = try await ScriptedServer.start { _ in .answer("", status: status) }
        let error = try await TestCluster(
            server: "https://api.example:6443",
            cluster: ["proxy-url: http://secret:secret@127.0.0.1:\(proxy.port)"]
        ).failure()
        #expect(error?.reason == .unreachable)
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
        #expect(error?.message.contains("http://127.0.0.1:\(proxy.port)") == true)
        #expect(error?.message.contains("secret") == false)
        try await proxy.stop()
    }

    @Test(arguments: ["http", "socks5"]) func aProxyThatIsNotThereIsNamed(
        scheme: String
    ) async throws {
        let proxy = try await ScriptedServer.start { _ in .answer() }
        try await proxy.stop()
        let error = try await TestCluster(
            server: "https://api.example:6443",
            cluster: ["proxy-url: \(scheme)://127.0.0.1:\(proxy.port)"]
        ).failure()
        #expect(error?.reason == .unreachable)
        #expect(
            error?.message.contains("through the proxy \(scheme)://127.0.0.1:\(proxy.port)") == true
        )
    }
}
