import Addressing
import ListeningSockets
import LoopbackRelay
import SocketTestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RelayedPortsTests {
    private let log = RecordedLog()

    @Test func reportsATakenTCPPortOnceAndTakesItWhenItIsFree() async throws {
        let taken = Relayed(.tcp)
        let free = Relayed(.tcp, owner: "default/other:http")
        let other = try await TestServer.listen(on: taken.listen)
        let servers = [
            try await TestServer.listen(on: taken.target),
            try await TestServer.listen(on: free.target),
        ]
        let relay = LoopbackRelay(logger: log.logger)
        let expected = """
            default/web:http: cannot listen on TCP \(taken.listen): Address already in use (98); \
            another process listens there, which `ss -tlnp sport = :\(taken.listen.port)` names: \
            stop it, or use another port
            """
        for _ in 1...2 {
            let problems = await relay.update([taken.port, free.port])
            #expect(problems.map(\.description) == [expected])
        }
        #expect(log.notable == ["warning: \(expected)"])
        _ = try await TestConnection.connect(to: free.listen)
        _ = try await servers[1].connection()
        try await other.close()
        #expect(await relay.update([taken.port, free.port]) == [])
        _ = try await TestConnection.connect(to: taken.listen)
        _ = try await servers[0].connection()
        #expect(
            log.notable.last == "notice: default/web:http: listens on TCP \(taken.listen) now"
        )
        await relay.shutdown()
        for server in servers { try await server.close() }
    }

    @Test func reportsATakenUDPPort() async throws {
        let relayed = Relayed(.udp)
        let other = try await TestDatagrams.bind(to: relayed.listen)
        let relay = LoopbackRelay(logger: log.logger)
        let problem = try #require(await relay.update([relayed.port]).first)
        #expect(problem.description.contains("`ss -ulnp sport = :\(relayed.listen.port)`"))
        try await other.close()
        #expect(await relay.update([relayed.port]) == [])
        await relay.shutdown()
    }

    @Test func relaysTCPAndUDPOfOnePort() async throws {
        let stream = Relayed(.tcp)
        let datagrams = Relayed(.udp, listen: stream.listen, target: stream.target)
        let relay = LoopbackRelay(logger: log.logger)
        #expect(await relay.update([stream.port, datagrams.port]) == [])
        await relay.shutdown()
    }

    @Test func relaysNoSCTP() async throws {
        let relayed = Relayed(.sctp)
        let relay = LoopbackRelay(logger: log.logger)
        #expect(await relay.update([relayed.port]) == [])
        await #expect(throws: (any Error).self) {
            try await TestConnection.connect(to: relayed.listen)
        }
        await relay.shutdown()
    }

    @Test func givesAPortThatTwoWantToTheFirst() async throws {
        let first = Relayed(.tcp)
        let second = Relayed(.tcp, listen: first.listen, owner: "default/other:http")
        let server = try await TestServer.listen(on: first.target)
        let relay = LoopbackRelay(logger: log.logger)
        let problems = await relay.update([first.port, second.port])
        #expect(problems.map(\.reason) == [.heldBy("default/web:http")])
        _ = try await TestConnection.connect(to: first.listen)
        _ = try await server.connection()
        await relay.shutdown()
        try await server.close()
    }

    @Test func settlesAfterUpdatesThatOverlap() async throws {
        let ports = (0..<8).map { _ in Relayed(.tcp) }
        let relay = LoopbackRelay(logger: log.logger)
        async let first = relay.update(ports.map(\.port))
        async let second = relay.update([])
        async let third = relay.update([])
        _ = await (first, second, third)
        await relay.update([ports[0].port])
        for relayed in ports.dropFirst() {
            await #expect(throws: (any Error).self) {
                try await TestConnection.connect(to: relayed.listen)
            }
        }
        await relay.shutdown()
        #expect(log.notable == [])
    }
}
