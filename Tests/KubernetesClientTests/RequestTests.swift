import KubernetesClient
import SocketTestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RequestTests {
    @Test func aRequestHasItsPathQueryHeadersAndBody() async throws {
        let server = try await ScriptedServer.start { _ in .answer("{\"kind\":\"x\"}") }
        let cluster = try TestCluster(
            server: "http://127.0.0.1:\(server.port)/clusters/one/",
            user: [
                "token: abc", "as: system:node", "as-uid: '7'", "as-groups: [a, b]",
                "as-user-extra: {Reason/x: [why]}",
            ]
        )
        try await cluster.withClient { client in
            let response = try await client.send(
                APIRequest(
                    method: "PATCH",
                    path: "/api/v1/services",
                    query: [.init("fieldSelector", "a=b&c d/ü"), .init("limit", "5")],
                    body: Array("{}".utf8)
                )
            )
            #expect(response.status == 200)
            #expect(response.retryAfter == nil)
            let body = try await response.body.collect(upTo: 100)
            #expect(body == Array("{\"kind\":\"x\"}".utf8))
        }
        let request = try #require(server.requests.first)
        #expect(
            request.line
                == "PATCH /clusters/one/api/v1/services?fieldSelector=a%3Db%26c%20d%2F%C3%BC&limit=5 HTTP/1.1"
        )
        #expect(request.body == "{}")
        #expect(
            request.headers == [
                "host": "127.0.0.1:\(server.port)", "user-agent": "fairlead/0.1.0",
                "accept": "application/json", "content-type": "application/json",
                "content-length": "2", "authorization": "Bearer abc",
                "impersonate-user": "system:node", "impersonate-uid": "7",
                "impersonate-group": "a,b", "impersonate-extra-reason%2fx": "why",
            ]
        )
        try await server.stop()
    }

    @Test(
        arguments: [
            ("7", .seconds(7)), ("0", .zero), ("Wed, 21 Oct 2065 07:28:00 GMT", nil), ("-1", nil),
            ("soon", nil),
        ] as [(String, Duration?)]
    )
    func secondsToWaitAreRead(header: String, expected: Duration?) async throws {
        let server = try await ScriptedServer.start { _ in
            .answer(status: "429 Too Many Requests", headers: ["Retry-After: \(header)"])
        }
        try await TestCluster(server: "http://127.0.0.1:\(server.port)").withClient { client in
            let response = try await client.send(APIRequest(path: "/"))
            #expect(response.status == 429)
            #expect(response.retryAfter == expected)
        }
        try await server.stop()
    }

    @Test func aRedirectIsAnAnswer() async throws {
        let server = try await ScriptedServer.start { _ in
            .answer("", status: "302 Found", headers: ["Location: /elsewhere"])
        }
        try await TestCluster(server: "http://127.0.0.1:\(server.port)").withClient { client in
            let status = try await client.get().status
            #expect(status == 302)
        }
        #expect(server.requests.count == 1)
        try await server.stop()
    }

    @Test func aClosedPortIsUnreachable() async throws {
        let server = try await ScriptedServer.start { _ in .answer() }
        try await server.stop()
        let error = try await TestCluster(server: "http://127.0.0.1:\(server.port)").failure()
        #expect(error?.reason == .unreachable)
        #expect(
            error?.message.contains("http://127.0.0.1:\(server.port) cannot be reached") == true
        )
        #expect(error?.message.contains("Connection refused") == true)
    }

    @Test func aNameThatNobodyKnowsIsUnreachable() async throws {
        let error = try await TestCluster(server: "https://nobody.invalid:6443").failure()
        #expect(error?.reason == .unreachable)
        #expect(error?.message.contains("the name nobody.invalid cannot be resolved") == true)
    }

    @Test func somethingElseThanHTTPIsMalformed() async throws {
        let server = try await ScriptedServer.start { _ in [.send("220 mail.example ESMTP\r\n\r\n")]
        }
        let error = try await TestCluster(server: "http://127.0.0.1:\(server.port)").failure()
        #expect(error?.reason == .malformed)
        try await server.stop()
    }

    @Test func aClientThatHasEndedSendsNothing() async throws {
        let server = try await ScriptedServer.start { _ in .answer() }
        let cluster = try TestCluster(server: "http://127.0.0.1:\(server.port)")
        let client = try APIClient(cluster.access(), logger: cluster.log.logger)
        await client.shutdown()
        await client.shutdown()
        await #expect { try await client.get() } throws: { ($0 as? APIError)?.reason == .cutOff }
        #expect(server.requests.isEmpty)
        try await server.stop()
    }
}
