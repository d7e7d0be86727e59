import KubernetesClient
import SocketTestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct BodyTests {
    private func failure(
        limits: APILimits = APILimits(),
        upTo limit: Int = 1 << 20,
        script: @escaping ScriptedServer.Script
    ) async throws -> APIError? {
        let server = try await ScriptedServer.start(script: script)
        let cluster = try TestCluster(server: "http://127.0.0.1:\(server.port)")
        let error = try await cluster.withClient(limits: limits) { client in
            do throws(APIError) {
                let response = try await client.send(APIRequest(path: "/"))
                _ = try await response.body.collect(upTo: limit)
                return nil as APIError?
            } catch {
                return error
            }
        }
        try await server.stop()
        return error
    }

    private static let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    @Test func theHeadOfAnAnswerThatNeverComesIsWaitedForSoLong() async throws {
        var limits = APILimits()
        limits.headTime = .milliseconds(200)
        let error = try await failure(limits: limits) { _ in [] }
        #expect(error?.reason == .timedOut)
        #expect(error?.message.contains("has not answered within 0.2 seconds") == true)
    }

    @Test func aBodyThatStopsIsStalled() async throws {
        var limits = APILimits()
        var error: APIError?
        // On a machine that is busy even the head may take longer than the first of these.
        for time in [Duration.milliseconds(200), .seconds(2), .seconds(20)] {
            limits.idleTime = time
            error = try await failure(limits: limits) { _ in [.send(Self.head + "3\r\nabc\r\n")] }
            if error?.reason != .timedOut { break }
        }
        #expect(error?.reason == .stalled)
        #expect(error?.message.contains("not a byte within \(limits.idleTime)") == true)
    }

    @Test(
        arguments: [
            [.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), .close],
            [.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"), .reset],
            [.send(head + "3\r\nabc\r\n"), .close],
            [.send(head + "5\r\nabc"), .close],
            [.send(head + "3\r\nabc\r\n"), .reset],
            [.send("HTTP/1.1 200"), .close],
            [.close],
            [.reset],
        ] as [[ScriptedServer.Step]]
    )
    func anAnswerThatEndsTooEarlyIsCutOff(steps: [ScriptedServer.Step]) async throws {
        #expect(try await failure { _ in steps }?.reason == .cutOff)
    }

    @Test func whatIsNoChunkIsMalformed() async throws {
        let error = try await failure { _ in [.send(Self.head + "3\r\nabc\r\nzz\r\n")] }
        #expect(error?.reason == .malformed)
    }

    @Test func aBodyAboveItsLimitIsTooLarge() async throws {
        #expect(try await failure(upTo: 4) { _ in .answer("12345") }?.reason == .tooLarge)
        #expect(try await failure(upTo: 5) { _ in .answer("12345") } == nil)
    }

    @Test func aBodyMayComeInAnyPieces() async throws {
        let text = Self.head + "5\r\n{\"a\":\r\n2;x=y\r\n1}\r\n0\r\n\r\n"
        let server = try await ScriptedServer.start { request in
            let place = Int(request.line.split(separator: " ")[1].dropFirst()) ?? 0
            guard place > 0 else { return text.map { .send(String($0)) } }
            return [.send(String(text.prefix(place))), .send(String(text.dropFirst(place)))]
        }
        let cluster = try TestCluster(server: "http://127.0.0.1:\(server.port)")
        try await cluster.withClient { client in
            for place in 0..<text.count {
                let body = try await client.get("/\(place)").body
                #expect(body == "{\"a\":1}")
            }
        }
        try await server.stop()
    }

    @Test func cancellingClosesTheConnection() async throws {
        for steps in [[], [.send(Self.head + "3\r\nabc\r\n")]] as [[ScriptedServer.Step]] {
            let server = try await ScriptedServer.start { _ in steps }
            let cluster = try TestCluster(server: "http://127.0.0.1:\(server.port)")
            try await cluster.withClient { client in
                let got = Observed(false)
                let task = Task {
                    do throws(APIError) {
                        let response = try await client.send(APIRequest(path: "/"))
                        for try await _ in response.body { got.change { $0 = true } }
                        return nil as APIError?
                    } catch {
                        return error
                    }
                }
                try await server.state.wait { !$0.requests.isEmpty }
                if !steps.isEmpty { try await got.wait { $0 } }
                task.cancel()
                let error = await task.value
                #expect(error?.reason == .cutOff)
                try await server.state.wait { $0.closedConnections == 1 }
            }
            try await server.stop()
        }
    }

    @Test func anAnswerThatNobodyReadsIsClosed() async throws {
        let server = try await ScriptedServer.start { _ in [.send(Self.head + "3\r\nabc\r\n")] }
        let cluster = try TestCluster(server: "http://127.0.0.1:\(server.port)")
        try await cluster.withClient { client in
            let status = try await client.send(APIRequest(path: "/")).status
            #expect(status == 200)
            try await server.state.wait { $0.closedConnections == 1 }
        }
        try await server.stop()
    }

    @Test func aReaderThatWaitsHoldsTheServerBack() async throws {
        let size = 64 << 20
        let block = String(repeating: "x", count: 1 << 20)
        let server = try await ScriptedServer.start { request in
            guard request.line.contains("large") else { return .answer() }
            let head = "HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n"
            return [.send(head)] + Array(repeating: .send(block), count: 64)
        }
        let cluster = try TestCluster(server: "http://127.0.0.1:\(server.port)")
        try await cluster.withClient { client in
            let response = try await client.send(APIRequest(path: "/large"))
            // Time enough to buffer all of it, if that is what the client did.
            for _ in 0..<200 { try await client.get() }
            let sends = server.state.value.sends
            // What the kernel's buffers on both sides hold.
            #expect(sends - 200 < 40)
            var count = 0
            for try await piece in response.body { count += piece.count }
            #expect(count == size)
        }
        try await server.stop()
    }
}
