import Addressing
import LoopbackRelay
import SocketTestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct DatagramRelayTests {
    private let log = RecordedLog()

    /// A relayed port that leads to a server, which answers each datagram with the same and "!".
    private func withServer(
        _ relayed: Relayed = Relayed(.udp),
        limits: RelayLimits = RelayLimits(),
        _ body: (LoopbackRelay, Relayed, TestDatagrams) async throws -> Void
    ) async throws {
        let server = try await TestDatagrams.bind(to: relayed.target) { "\($0)!" }
        let relay = LoopbackRelay(limits: limits, logger: log.logger)
        #expect(await relay.update([relayed.port]) == [])
        try await body(relay, relayed, server)
        await relay.shutdown()
        try await server.close()
    }

    private func client(_ address: IPAddress = .ipv4(0x7f00_0001)) async throws -> TestDatagrams {
        try await TestDatagrams.bind(to: SocketEndpoint(address, 0))
    }

    @Test func givesEachClientItsOwnAnswers() async throws {
        try await withServer { _, relayed, server in
            let clients = [try await client(), try await client()]
            for round in 1...3 {
                for (index, client) in clients.enumerated() {
                    try await client.send("\(index).\(round)", to: relayed.listen)
                }
            }
            for (index, client) in clients.enumerated() {
                let answers = try await client.receive(3)
                #expect(answers.map(\.text) == (1...3).map { "\(index).\($0)!" })
                #expect(Set(answers.map(\.port)) == [Int(relayed.listen.port)])
            }
            #expect(Set(server.received.value.map(\.port)).count == 2)
        }
    }

    @Test func carriesLargeAndEmptyDatagrams() async throws {
        try await withServer { _, relayed, server in
            let client = try await client()
            let large = String(repeating: "x", count: 60_000)
            try await client.send(large, to: relayed.listen)
            try await client.send("", to: relayed.listen)
            let answers = try await client.receive(2)
            #expect(answers.map(\.text) == ["\(large)!", "!"])
        }
    }

    @Test func forgetsAClientThatIsIdle() async throws {
        var limits = RelayLimits()
        limits.datagramIdleTime = .milliseconds(200)
        try await withServer(limits: limits) { _, relayed, server in
            let client = try await client()
            try await client.send("first", to: relayed.listen)
            try await log.messages.wait { $0.contains { $0.hasSuffix("is forgotten") } }
            try await client.send("second", to: relayed.listen)
            #expect(try await client.receive(2).map(\.text) == ["first!", "second!"])
        }
    }

    @Test func forgetsTheClientThatWasSilentForLongestWhenThereAreTooMany() async throws {
        var limits = RelayLimits()
        limits.datagramClients = 2
        try await withServer(limits: limits) { _, relayed, _ in
            let clients = [try await client(), try await client(), try await client()]
            for (index, answers) in [(0, 1), (1, 1), (0, 2), (2, 1)] {
                try await clients[index].send("\(index)", to: relayed.listen)
                try await clients[index].receive(answers)
            }
            let forgotten = log.messages.value.filter { $0.hasSuffix("is forgotten") }
            #expect(forgotten.count == 1)
            let oldest = try #require(clients[1].port)
            #expect(forgotten.first?.contains(":\(oldest) is forgotten") == true)
            try await clients[1].send("again", to: relayed.listen)
            #expect(try await clients[1].receive(2).last?.text == "again!")
        }
    }

    @Test func sendsNewClientsToANewTargetAndLeavesOldOnes() async throws {
        try await withServer { relay, relayed, server in
            let old = try await client()
            try await old.send("before", to: relayed.listen)
            try await server.receive(1)
            let moved = relayed.leading(to: Place.endpoint())
            let other = try await TestDatagrams.bind(to: moved.target)
            await relay.update([moved.port])
            let new = try await client()
            try await old.send("old", to: relayed.listen)
            try await new.send("new", to: relayed.listen)
            #expect(try await other.receive(1).map(\.text) == ["new"])
            #expect(try await server.receive(2).map(\.text) == ["before", "old"])
            try await other.close()
        }
    }

    @Test func servesAClientWhoseTargetWasNotThereAtFirst() async throws {
        let relayed = Relayed(.udp)
        let relay = LoopbackRelay(logger: log.logger)
        await relay.update([relayed.port])
        let client = try await client()
        try await client.send("too early", to: relayed.listen)
        let server = try await TestDatagrams.bind(to: relayed.target) { "\($0)!" }
        // The kernel may report the refusal on the next datagram instead of sending it.
        for _ in 1...3 { try await client.send("in time", to: relayed.listen) }
        try await client.received.wait { $0.contains { $0.text == "in time!" } }
        await relay.shutdown()
        try await server.close()
    }

    @Test func leavesAPortThatIsRemoved() async throws {
        try await withServer { relay, relayed, server in
            let client = try await client()
            try await client.send("one", to: relayed.listen)
            try await client.receive(1)
            await relay.update([])
            let successor = try await TestDatagrams.bind(to: relayed.listen)
            try await client.send("two", to: relayed.listen)
            #expect(try await successor.receive(1).map(\.text) == ["two"])
            try await successor.close()
        }
    }

    @Test(.enabled(if: Place.hasIPv6, "needs ::1"))
    func relaysIPv6() async throws {
        let relayed = Relayed(
            .udp,
            listen: Place.endpointOfIPv6(),
            target: Place.endpointOfIPv6()
        )
        try await withServer(relayed) { _, relayed, server in
            let client = try await client(relayed.listen.address)
            try await client.send("six", to: relayed.listen)
            #expect(try await client.receive(1).map(\.text) == ["six!"])
        }
    }
}
