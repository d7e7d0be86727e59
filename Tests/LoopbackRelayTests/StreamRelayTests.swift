import Addressing
import LoopbackRelay
import NIOCore
import SocketTestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct StreamRelayTests {
    private let log = RecordedLog()

    /// Both ends of one relayed connection.
    private struct Pair {
        let client: TestConnection
        let server: TestConnection
    }

    private func withPair(
        _ relayed: Relayed = Relayed(.tcp),
        isServerReading: Bool = true,
        _ body: (LoopbackRelay, Relayed, Pair) async throws -> Void
    ) async throws {
        let server = try await TestServer.listen(on: relayed.target, isReading: isServerReading)
        let relay = LoopbackRelay(logger: log.logger)
        #expect(await relay.update([relayed.port]) == [])
        let client = try await TestConnection.connect(to: relayed.listen)
        try await body(relay, relayed, Pair(client: client, server: server.connection()))
        await relay.shutdown()
        try await server.close()
    }

    /// Bytes that do not repeat within any buffer.
    private static func bytes(_ count: Int, seed: UInt32) -> [UInt8] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(truncatingIfNeeded: state >> 24)
        }
    }

    @Test func carriesMegabytesBothWaysAtOnce() async throws {
        try await withPair { _, _, pair in
            let up = Self.bytes(4 << 20, seed: 1)
            let down = Self.bytes(5 << 20, seed: 2)
            let sent = [pair.client.sendLater(up), pair.server.sendLater(down)]
            let atServer = try await pair.server.receive(up.count)
            let atClient = try await pair.client.receive(down.count)
            for future in sent { try await future.get() }
            let areWhole = (atServer.received == up, atClient.received == down)
            #expect(areWhole == (true, true))
        }
    }

    @Test func carriesTheEndOfOneDirectionAndGoesOnWithTheOther() async throws {
        try await withPair { _, _, pair in
            try await pair.client.send("request")
            try await pair.client.finish()
            let request = try await pair.server.state.wait { $0.isInputOver }
            #expect(request.text == "request")
            #expect(!request.isClosed)
            try await pair.server.send("answer")
            let partial = try await pair.client.receive(6)
            #expect(partial.text == "answer")
            #expect(!partial.isInputOver)
            try await pair.server.finish()
            try await pair.client.state.wait { $0.isOver }
        }
    }

    @Test func carriesTheEndFromTheServerToo() async throws {
        try await withPair { _, _, pair in
            try await pair.server.send("greeting")
            try await pair.server.finish()
            let greeting = try await pair.client.state.wait { $0.isOver }
            #expect(greeting.text == "greeting")
            try await pair.client.send("goodbye")
            let goodbye = try await pair.server.receive(7)
            #expect(goodbye.text == "goodbye")
            try await pair.client.finish()
            try await pair.server.state.wait { $0.isClosed }
        }
    }

    @Test func losesNothingWhenBothSidesEndWhileMuchIsUnderWay() async throws {
        try await withPair(isServerReading: false) { _, _, pair in
            let up = Self.bytes(6 << 20, seed: 3)
            let sent = pair.client.sendLater(up)
            try await pair.server.finish()
            try await pair.client.state.wait { $0.isOver }
            try await pair.server.startReading()
            try await sent.get()
            try await pair.client.finish()
            let state = try await pair.server.state.wait { $0.isClosed }
            // Compared here, as the macro would look for the differences, which takes minutes.
            let isWhole = state.received == up
            #expect(isWhole)
        }
    }

    @Test func takesNoMoreThanTheServerDoes() async throws {
        try await withPair(isServerReading: false) { _, _, pair in
            // More than the kernel's buffers of both connections can hold.
            let count = 32 << 20
            let isTaken = Observed(false)
            let sent = pair.client.sendLater([UInt8](repeating: 1, count: count))
            sent.whenSuccess { isTaken.change { $0 = true } }
            // Time enough for a relay that would take all of it.
            for round in 1...1000 {
                try await pair.server.send("x")
                try await pair.client.receive(round)
            }
            #expect(!isTaken.value)
            try await pair.server.startReading()
            try await pair.server.receive(count)
            try await sent.get()
        }
    }

    @Test func resetsTheClientOfATargetThatRefuses() async throws {
        let relayed = Relayed(.tcp)
        let relay = LoopbackRelay(logger: log.logger)
        await relay.update([relayed.port])
        var reason: String?
        do {
            let client = try await TestConnection.connect(to: relayed.listen)
            reason = try await client.state.wait { $0.isClosed }.error
        } catch let error as IOError {
            // The reset was there before the client had learned that it was connected.
            reason = "\(error)"
        }
        #expect(reason?.contains("reset") == true)
        await relay.shutdown()
    }

    @Test func carriesAResetOfTheClient() async throws {
        try await withPair { _, _, pair in
            try await pair.client.reset()
            let state = try await pair.server.state.wait { $0.isClosed }
            #expect(state.error?.contains("reset") == true)
        }
    }

    @Test func carriesAResetOfTheServer() async throws {
        try await withPair { _, _, pair in
            try await pair.server.reset()
            let state = try await pair.client.state.wait { $0.isClosed }
            #expect(state.error?.contains("reset") == true)
        }
    }

    @Test func sendsNewConnectionsToANewTargetAndLeavesOldOnes() async throws {
        try await withPair { relay, relayed, pair in
            let moved = relayed.leading(to: Place.endpoint())
            let other = try await TestServer.listen(on: moved.target)
            await relay.update([moved.port])
            let second = try await TestConnection.connect(to: relayed.listen)
            try await second.send("new")
            try await pair.client.send("old")
            let atOther = try await other.connection().receive(3)
            let atFirst = try await pair.server.receive(3)
            #expect(atOther.text == "new")
            #expect(atFirst.text == "old")
            try await other.close()
        }
    }

    @Test func letsConnectionsOfARemovedPortGoOnToTheirEnd() async throws {
        try await withPair { relay, relayed, pair in
            await relay.update([])
            await #expect(throws: (any Error).self) {
                try await TestConnection.connect(to: relayed.listen)
            }
            try await pair.client.send("still")
            #expect(try await pair.server.receive(5).text == "still")
            try await pair.server.send("here")
            #expect(try await pair.client.receive(4).text == "here")
        }
    }

    @Test func resetsConnectionsBeyondItsLimit() async throws {
        let relayed = Relayed(.tcp)
        let server = try await TestServer.listen(on: relayed.target)
        var limits = RelayLimits()
        limits.connections = 1
        let relay = LoopbackRelay(limits: limits, logger: log.logger)
        await relay.update([relayed.port])
        let first = try await TestConnection.connect(to: relayed.listen)
        _ = try await server.connection()
        // The reset may be there before the client has learned that it is connected.
        if let second = try? await TestConnection.connect(to: relayed.listen) {
            try await second.state.wait { $0.isClosed }
        }
        try await first.send("fine")
        #expect(try await server.connection().receive(4).text == "fine")
        await relay.shutdown()
        try await server.close()
    }

    @Test func endsAllConnectionsWhenShutDown() async throws {
        try await withPair { relay, _, pair in
            await relay.shutdown()
            try await pair.client.state.wait { $0.isOver }
            try await pair.server.state.wait { $0.isOver }
        }
    }

    @Test(.enabled(if: Place.hasIPv6, "needs ::1"))
    func relaysIPv6() async throws {
        let relayed = Relayed(
            .tcp,
            listen: Place.endpointOfIPv6(),
            target: Place.endpointOfIPv6()
        )
        try await withPair(relayed) { _, _, pair in
            try await pair.client.send("six")
            #expect(try await pair.server.receive(3).text == "six")
        }
    }
}
