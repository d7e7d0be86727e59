import Addressing
import ListeningSockets
import SocketTestSupport
import StatusServer
import Testing

@Suite(.timeLimit(.minutes(1)))
struct StatusServerTests {
    private let endpoint = SocketEndpoint(Place.address(), 10_249)
    private let log = RecordedLog()

    private func server(
        _ limits: StatusServerLimits = StatusServerLimits(),
        answer: @escaping @Sendable (StatusServer.Request) async -> StatusAnswer = { request in
            request.path == "/missing"
                ? StatusAnswer("nothing\n", status: 404)
                : StatusAnswer("\(request.method) \(request.path)")
        }
    ) -> StatusServer {
        StatusServer(owner: "metrics", limits: limits, logger: log.logger, answer: answer)
    }

    private func connect() async throws -> HTTPClient {
        HTTPClient(try await TestConnection.connect(to: endpoint))
    }

    @Test func answersWhatItIsToldTo() async throws {
        let server = server()
        #expect(await server.listen(on: ListeningPort(endpoint, .tcp)) == [])
        let client = try await connect()
        #expect(
            try await client.get("/metrics?name=x")
                == HTTPResponse(
                    statusLine: "HTTP/1.1 200 OK",
                    headers: [
                        "Content-Type: text/plain; charset=utf-8",
                        "X-Content-Type-Options: nosniff", "Content-Length: 12",
                    ],
                    body: "GET /metrics"
                )
        )
        #expect(try await client.get("/missing").status == 404)
        let head = try await client.ask(
            "HEAD /metrics HTTP/1.1\r\nHost: node\r\n\r\n",
            hasBody: false
        )
        #expect(head.headers.contains("Content-Length: 13"))
        #expect(try await client.get("/").body == "GET /")
        await server.shutdown()
        #expect(log.notable == [])
    }

    @Test func answersRequestsThatComeTogetherInOrder() async throws {
        let server = server()
        await server.listen(on: ListeningPort(endpoint, .tcp))
        let client = try await connect()
        let request = { (number: Int) in "GET /\(number) HTTP/1.1\r\nHost: node\r\n\r\n" }
        let first = try await client.ask(request(1) + request(2) + request(3))
        #expect(first.body == "GET /1")
        #expect(try await client.answer().body == "GET /2")
        #expect(try await client.answer().body == "GET /3")
        await server.shutdown()
    }

    @Test func sendsALongAnswerWhole() async throws {
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 8 << 20)
        let server = server { _ in StatusAnswer(long, contentType: "text/plain") }
        await server.listen(on: ListeningPort(endpoint, .tcp))
        let connection = try await TestConnection.connect(to: endpoint)
        try await connection.send("GET / HTTP/1.0\r\n\r\n")
        let state = try await connection.state.wait { $0.isOver }
        #expect(state.received.count > long.count)
        #expect(state.received.suffix(long.count).elementsEqual(long))
        await server.shutdown()
    }

    @Test func aClientThatHasClosedItsSideGetsALongAnswerWhole() async throws {
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 8 << 20)
        let server = server { _ in StatusAnswer(long, contentType: "text/plain") }
        await server.listen(on: ListeningPort(endpoint, .tcp))
        let connection = try await TestConnection.connect(to: endpoint)
        try await connection.send("GET / HTTP/1.1\r\nHost: node\r\n\r\n")
        // In the middle of the answer, which is more than the kernel holds.
        try await connection.state.wait { !$0.received.isEmpty }
        try await connection.finish()
        let state = try await connection.state.wait { $0.isOver }
        #expect(state.received.suffix(long.count).elementsEqual(long))
        await server.shutdown()
    }

    /// Whoever reads nothing gets no more than one answer made, however much it asks.
    @Test func theNextAnswerIsMadeWhenTheFormerOneHasBeenTaken() async throws {
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 8 << 20)
        let made = Observed(0)
        let server = server { _ in
            made.change { $0 += 1 }
            return StatusAnswer(long, contentType: "text/plain")
        }
        await server.listen(on: ListeningPort(endpoint, .tcp))
        let client = try await connect()
        let request = "GET / HTTP/1.1\r\nHost: node\r\n\r\n"
        try await client.connection.send(String(repeating: request, count: 3))
        for number in 1...3 {
            #expect(try await client.answer().body.utf8.count == long.count)
            #expect(made.value <= number + 1)
        }
        #expect(made.value == 3)
        await server.shutdown()
    }

    @Test func aSlowAnswerHoldsUpNoOtherConnection() async throws {
        let gate = Observed(false)
        let server = server { request in
            if request.path == "/slow" { _ = try? await gate.wait { $0 } }
            return StatusAnswer(request.path)
        }
        await server.listen(on: ListeningPort(endpoint, .tcp))
        let slow = try await connect()
        try await slow.connection.send("GET /slow HTTP/1.1\r\nHost: node\r\n\r\n")
        #expect(try await connect().get("/fast").body == "/fast")
        gate.change { $0 = true }
        #expect(try await slow.answer().body == "/slow")
        await server.shutdown()
    }

    @Test func closesWhoSendsNoWholeRequest() async throws {
        var limits = StatusServerLimits()
        limits.requestTime = .milliseconds(200)
        let server = server(limits)
        await server.listen(on: ListeningPort(endpoint, .tcp))
        let half = try await connect()
        try await half.connection.send("GET /metrics HT")
        try await half.connection.state.wait { $0.isOver }
        await server.shutdown()
    }

    @Test(arguments: [
        "GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nA: \(String(repeating: "a", count: 9000))\r\n\r\n",
        "GET / HTTP/1.1\r\n"
            + String(repeating: "A: \(String(repeating: "a", count: 1000))\r\n", count: 40)
            + "\r\n",
        "GET / HTTP/1.1\r\n" + String(repeating: "A: a\r\n", count: 70) + "\r\n",
    ])
    func closesWhoSendsTooLongAHead(head: String) async throws {
        let server = server()
        await server.listen(on: ListeningPort(endpoint, .tcp))
        let client = try await connect()
        try? await client.connection.send(head)
        try await client.connection.state.wait { $0.isOver }
        let received = String(decoding: client.connection.state.value.received, as: UTF8.self)
        #expect(!received.contains("200 OK"))
        await server.shutdown()
    }

    @Test func whoHoldsAllConnectionsKeepsNobodyFromAsking() async throws {
        var limits = StatusServerLimits()
        limits.connections = 3
        let server = server(limits)
        await server.listen(on: ListeningPort(endpoint, .tcp))
        var holders: [HTTPClient] = []
        for _ in 0..<10 { holders.append(try await connect()) }
        #expect(try await connect().get().status == 200)
        await server.shutdown()
    }

    @Test func closesWhoAsksNoMore() async throws {
        var limits = StatusServerLimits()
        limits.idleTime = .milliseconds(200)
        let server = server(limits)
        await server.listen(on: ListeningPort(endpoint, .tcp))
        let idle = try await connect()
        #expect(try await idle.get().status == 200)
        try await idle.connection.state.wait { $0.isOver }
        await server.shutdown()
    }

    @Test func givesUpOnAnAnswerThatTakesTooLong() async throws {
        var limits = StatusServerLimits()
        limits.answerTime = .milliseconds(200)
        let gate = Observed(false)
        let server = server(limits) { _ in
            _ = try? await gate.wait { $0 }
            return StatusAnswer("late")
        }
        await server.listen(on: ListeningPort(endpoint, .tcp))
        let client = try await connect()
        try await client.connection.send("GET / HTTP/1.1\r\nHost: node\r\n\r\n")
        try await client.connection.state.wait { $0.isOver }
        #expect(client.connection.state.value.received.isEmpty)
        gate.change { $0 = true }
        await server.shutdown()
    }

    @Test func refusesAHeadThatNeverEnds() async throws {
        let server = server()
        await server.listen(on: ListeningPort(endpoint, .tcp))
        let connection = try await TestConnection.connect(to: endpoint)
        try await connection.send("GET / HTTP/1.1\r\n")
        _ = connection.sendLater(Array(repeating: UInt8(ascii: "x"), count: 1 << 20))
        try await connection.state.wait { $0.isOver }
        await server.shutdown()
    }

    @Test func aPortInUseIsReportedAndTheServerGoesOn() async throws {
        let other = try await TestServer.listen(on: endpoint)
        let server = server()
        let problems = await server.listen(on: ListeningPort(endpoint, .tcp))
        #expect(problems.count == 1)
        #expect(await server.failingPorts == 1)
        #expect(log.notable.count == 1)
        #expect(
            log.notable.first?.hasPrefix("warning: metrics: cannot listen on TCP \(endpoint)")
                == true
        )
        try await other.close()
        #expect(await server.listen(on: ListeningPort(endpoint, .tcp)) == [])
        #expect(await server.failingPorts == 0)
        #expect(try await connect().get().status == 200)
        await server.shutdown()
    }

    @Test func listensNowhereWhereThatIsWanted() async throws {
        let server = server()
        await server.listen(on: ListeningPort(endpoint, .tcp))
        let client = try await connect()
        #expect(try await client.get().status == 200)
        #expect(await server.listen(on: nil) == [])
        try await client.connection.state.wait { $0.isOver }
        await #expect(throws: (any Error).self) { try await connect() }
        await server.shutdown()
    }
}
