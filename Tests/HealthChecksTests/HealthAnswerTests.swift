import Addressing
import HealthChecks
import Routing
import ServiceModel
import SocketTestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct HealthAnswerTests {
    struct Case: CustomTestStringConvertible {
        let localEndpoints: Int
        let isProxyHealthy: Bool
        let statusLine: String

        var testDescription: String {
            "\(localEndpoints) endpoints, healthy \(isProxyHealthy) → \(statusLine)"
        }
    }

    @Test(arguments: [
        Case(localEndpoints: 2, isProxyHealthy: true, statusLine: "HTTP/1.1 200 OK"),
        Case(localEndpoints: 0, isProxyHealthy: true, statusLine: unavailable),
        Case(localEndpoints: 2, isProxyHealthy: false, statusLine: unavailable),
        Case(localEndpoints: 0, isProxyHealthy: false, statusLine: unavailable),
    ])
    func answersAsKubeProxyDoesToTheByte(_ sample: Case) async throws {
        try await withServer(
            serving: [.web(localEndpoints: sample.localEndpoints)],
            isProxyHealthy: sample.isProxyHealthy
        ) { client in
            let body =
                "{\n\t\"service\": {\n\t\t\"namespace\": \"default\",\n\t\t\"name\": \"web\"\n\t},\n"
                + "\t\"localEndpoints\": \(sample.localEndpoints),\n"
                + "\t\"serviceProxyHealthy\": \(sample.isProxyHealthy)\n}"
            let answer = try await client.get()
            #expect(
                answer
                    == HTTPResponse(
                        statusLine: sample.statusLine,
                        headers: [
                            "Content-Type: application/json",
                            "X-Content-Type-Options: nosniff",
                            "X-Load-Balancing-Endpoint-Weight: \(sample.localEndpoints)",
                            "Content-Length: \(body.utf8.count)",
                        ],
                        body: body
                    )
            )
        }
    }

    private static let unavailable = "HTTP/1.1 503 Service Unavailable"

    @Test(arguments: ["GET / HTTP/1.1", "GET /healthz?full HTTP/1.1", "OPTIONS * HTTP/1.1"])
    func answersAnyPathAndMethodAlike(_ requestLine: String) async throws {
        try await withServer(serving: [.web()]) { client in
            let answer = try await client.ask("\(requestLine)\r\nHost: node\r\n\r\n")
            #expect(answer.status == 200)
        }
    }

    @Test func ignoresTheBodyOfARequest() async throws {
        try await withServer(serving: [.web()]) { client in
            let request = "POST / HTTP/1.1\r\nHost: node\r\nContent-Length: 5\r\n\r\nhello"
            let first = try await client.ask(request)
            let second = try await client.get()
            #expect(first.status == 200)
            #expect(second.status == 200)
        }
    }

    @Test func answersHEADWithTheLengthOfTheBodyAndWithoutIt() async throws {
        try await withServer(serving: [.web()]) { client in
            let request = "HEAD / HTTP/1.1\r\nHost: node\r\n\r\n"
            let head = try await client.ask(request, hasBody: false)
            let whole = try await client.get()
            #expect(head.headers == whole.headers)
            #expect(head.status == 200)
        }
    }

    @Test func answersRequestsThatComeTogetherInOrder() async throws {
        try await withServer(serving: [.web()]) { client in
            let head = "HEAD / HTTP/1.1\r\nHost: node\r\n\r\n"
            let get = "GET / HTTP/1.1\r\nHost: node\r\n\r\n"
            let first = try await client.ask(head + get, hasBody: false)
            let second = try await client.answer()
            #expect(first.status == 200)
            #expect(first.body.isEmpty)
            #expect(!second.body.isEmpty)
        }
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
    ])
    func closesBehindTheLastAnswer(_ request: String) async throws {
        try await withServer(serving: [.web()]) { client in
            let answer = try await client.ask(request)
            #expect(answer.status == 200)
            #expect(answer.headers.last == "Connection: close")
            try await client.connection.state.wait { $0.isOver }
        }
    }

    @Test func keepsAConnectionOfHTTP10ThatAsksForIt() async throws {
        try await withServer(serving: [.web()]) { client in
            let answer = try await client.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(answer.headers.last == "Connection: keep-alive")
            let next = try await client.get()
            #expect(next.status == 200)
        }
    }

    @Test func answersAClientThatSendsNoMoreThanItsRequest() async throws {
        try await withServer(serving: [.web()]) { client in
            try await client.connection.send("GET / HTTP/1.1\r\nHost: node\r\n\r\n")
            try await client.connection.finish()
            let answer = try await client.answer()
            #expect(answer.status == 200)
        }
    }

    @Test func refusesWhatIsNoHTTPAndCloses() async throws {
        try await withServer(serving: [.web()]) { client in
            let answer = try await client.ask("what is this?\r\n\r\n")
            #expect(answer.status == 400)
            try await client.connection.state.wait { $0.isOver }
        }
    }

    private func withServer(
        serving services: [HealthCheck],
        isProxyHealthy: Bool = true,
        _ body: (HTTPClient) async throws -> Void
    ) async throws {
        let address = Place.address()
        let log = RecordedLog()
        let server = HealthCheckServer(logger: log.logger)
        let problems = await server.update(
            ServedHealth(
                services: services,
                addresses: [address],
                isProxyHealthy: isProxyHealthy
            )
        )
        #expect(problems == [])
        let connection = try await TestConnection.connect(to: SocketEndpoint(address, 30_001))
        try await body(HTTPClient(connection))
        await server.shutdown()
        #expect(log.notable == [])
    }
}

extension HealthCheck {
    static func web(_ name: String = "web", port: UInt16 = 30_001, localEndpoints: Int = 1) -> Self
    {
        HealthCheck(
            service: ObjectName(namespace: "default", name: name),
            port: port,
            localEndpoints: localEndpoints
        )
    }
}
