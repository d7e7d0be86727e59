import KubernetesClient
import SocketTestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct CredentialTests {
    private func authorizations(_ server: ScriptedServer) -> [String?] {
        server.requests.map { $0.headers["authorization"] }
    }

    @Test func aLoginIsSent() async throws {
        let server = try await ScriptedServer.start { _ in .answer() }
        let cluster = try TestCluster(
            server: "http://127.0.0.1:\(server.port)",
            user: ["username: me", "password: p:ss"]
        )
        try await cluster.withClient { client in _ = try await client.get() }
        #expect(authorizations(server) == ["Basic bWU6cDpzcw=="])
        try await server.stop()
    }

    @Test func aTokenFileIsReadAgainForEachRequest() async throws {
        let server = try await ScriptedServer.start { _ in .answer() }
        let directory = try ScratchDirectory()
        try directory.write("token", "one\n")
        let cluster = try TestCluster(
            server: "http://127.0.0.1:\(server.port)",
            user: ["tokenFile: token"],
            directory: directory
        )
        try await cluster.withClient { client in
            try await client.get()
            try directory.write("token", "two")
            try await client.get()
            try directory.remove("token")
            try await client.get()
            try await client.get()
            try directory.write("token", "three")
            try await client.get()
        }
        #expect(
            authorizations(server)
                == ["Bearer one", "Bearer two", "Bearer two", "Bearer two", "Bearer three"]
        )
        #expect(cluster.log.notable.count == 1)
        #expect(cluster.log.notable.first?.contains("users[0].user.tokenFile") == true)
        try await server.stop()
    }

    @Test func aRefusedTokenIsTriedAgainOnlyWhenItHasChanged() async throws {
        let directory = try ScratchDirectory()
        try directory.write("token", "old")
        let server = try await ScriptedServer.start { request in
            guard request.headers["authorization"] == "Bearer new" else {
                // In the meantime it is rotated.
                if request.line.contains("rotate") { _ = try? directory.write("token", "new") }
                return .answer("no", status: "401 Unauthorized")
            }
            return .answer("yes")
        }
        let cluster = try TestCluster(
            server: "http://127.0.0.1:\(server.port)",
            user: ["tokenFile: token"],
            directory: directory
        )
        try await cluster.withClient { client in
            let refused = try await client.get("/same")
            #expect(refused == (401, "no"))
            #expect(server.requests.count == 1)
            let answer = try await client.get("/rotate")
            #expect(answer == (200, "yes"))
        }
        #expect(authorizations(server) == ["Bearer old", "Bearer old", "Bearer new"])
        try await server.stop()
    }

    @Test func aClientCertificateIsShownAndReadAgain() async throws {
        let one = try Fixture.certificate("client-one")
        let two = try Fixture.certificate("client-two")
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        let server = try await ScriptedServer.start(
            tls: Fixture.serverContext(clients: true)
        ) { request in
            switch request.line.split(separator: " ")[1] {
            case "/watch": [.send(chunked + "3\r\nabc\r\n")]
            default: .answer()
            }
        }
        let directory = try ScratchDirectory()
        func rotate(to name: String) throws {
            try directory.write("client.pem", Fixture.text("\(name).pem"))
            try directory.write("client.key", Fixture.text("\(name).key"))
        }
        try rotate(to: "client-one")
        let cluster = try TestCluster.trusting(
            server,
            user: ["client-certificate: client.pem", "client-key: client.key"],
            directory: directory
        )
        try await cluster.withClient { client in
            var watch: APIBody.AsyncIterator? = try await client.send(APIRequest(path: "/watch"))
                .body.makeAsyncIterator()
            let before = try await watch?.next()
            #expect(before == Array("abc".utf8))
            // The certificate before its key: what was read before is used.
            try directory.write("client.pem", Fixture.text("client-two.pem"))
            try await client.get()
            try rotate(to: "client-two")
            try await client.get()
            try await client.get()
            try await server.push("3\r\ndef\r\n", on: 0)
            let after = try await watch?.next()
            #expect(after == Array("def".utf8))
            #expect(server.state.value.closedConnections == 0)
            // With the last that is read over them, the connections of the old certificate close.
            watch = nil
            try await server.state.wait { $0.closedConnections == 2 }
            #expect(server.state.value.connections.count == 3)
        }
        #expect(server.requests.map(\.clientCertificate) == [one, one, two, two])
        #expect(cluster.log.notable.count == 1)
        #expect(cluster.log.notable.first?.contains("does not belong to the certificate") == true)
        try await server.stop()
    }

    @Test func anInlineCertificateIsShown() async throws {
        let server = try await ScriptedServer.start(
            tls: Fixture.serverContext(clients: true)
        ) { _ in .answer() }
        let cluster = try TestCluster(
            server: "https://127.0.0.1:\(server.port)",
            cluster: ["certificate-authority-data: \(Fixture.base64("authority.pem"))"],
            user: [
                "client-certificate-data: \(Fixture.base64("client-one.pem"))",
                "client-key-data: \(Fixture.base64("client-one.key"))",
            ]
        )
        try await cluster.withClient { client in _ = try await client.get() }
        let certificate = try Fixture.certificate("client-one")
        #expect(server.requests.map(\.clientCertificate) == [certificate])
        try await server.stop()
    }

    @Test func anExpiredCertificateOfOursIsNamed() async throws {
        let error = try await TestCluster(
            server: "https://127.0.0.1:1",
            user: [
                "client-certificate: \(Fixture.path("client-expired.pem"))",
                "client-key: \(Fixture.path("client-expired.key"))",
            ]
        ).failure()
        #expect(error?.reason == .credentials)
        let message = error?.message ?? ""
        #expect(message.contains("client-expired.pem ended 2021-01-01T00:00:00Z"))
    }

    @Test func aTokenIsReadAgainWhileTheAuthorityIsMissing() async throws {
        let server = try await ScriptedServer.start(tls: Fixture.serverContext()) { _ in .answer() }
        let directory = try ScratchDirectory()
        try directory.write("ca.pem", Fixture.text("authority.pem"))
        try directory.write("token", "one")
        let cluster = try TestCluster(
            server: "https://127.0.0.1:\(server.port)",
            cluster: ["certificate-authority: ca.pem"],
            user: ["tokenFile: token"],
            directory: directory
        )
        try await cluster.withClient { client in
            try await client.get()
            try directory.remove("ca.pem")
            try directory.write("token", "two")
            try await client.get()
        }
        #expect(authorizations(server) == ["Bearer one", "Bearer two"])
        #expect(cluster.log.notable.count == 1)
        try await server.stop()
    }

    @Test func anAuthorityIsReadAgain() async throws {
        let server = try await ScriptedServer.start(tls: Fixture.serverContext()) { _ in .answer() }
        let directory = try ScratchDirectory()
        try directory.write("ca.pem", Fixture.text("other-authority.pem"))
        let cluster = try TestCluster(
            server: "https://127.0.0.1:\(server.port)",
            cluster: ["certificate-authority: ca.pem"],
            directory: directory
        )
        try await cluster.withClient { client in
            await #expect { try await client.get() } throws: { ($0 as? APIError)?.reason == .tls }
            try directory.write("ca.pem", Fixture.text("authority.pem"))
            let status = try await client.get().status
            #expect(status == 200)
        }
        try await server.stop()
    }
}
