import Addressing
import HealthChecks
import ListeningSockets
import Routing
import ServiceModel
import SocketTestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct HealthCheckServerTests {
    private let address = Place.address()
    private let log = RecordedLog()

    private func serve(_ services: [HealthCheck], isProxyHealthy: Bool = true) -> ServedHealth {
        ServedHealth(services: services, addresses: [address], isProxyHealthy: isProxyHealthy)
    }

    private func connect(_ port: UInt16 = 30_001) async throws -> HTTPClient {
        HTTPClient(try await TestConnection.connect(to: SocketEndpoint(address, port)))
    }

    @Test func changesItsAnswersOnConnectionsThatAreOpen() async throws {
        let server = HealthCheckServer(logger: log.logger)
        await server.update(serve([.web(localEndpoints: 1)]))
        let client = try await connect()
        #expect(try await client.get().status == 200)
        await server.update(serve([.web(localEndpoints: 0)]))
        #expect(try await client.get().status == 503)
        await server.update(serve([.web(localEndpoints: 3)]))
        #expect(
            try await client.get().headers.contains("X-Load-Balancing-Endpoint-Weight: 3")
        )
        await server.update(serve([.web(localEndpoints: 3)], isProxyHealthy: false))
        #expect(try await client.get().status == 503)
        await server.shutdown()
    }

    @Test func asksForEachAnswerWhetherTheProxyKeepsUp() async throws {
        let isHealthy = Observed(true)
        let server = HealthCheckServer(logger: log.logger) { isHealthy.value }
        await server.update(serve([.web()]))
        let client = try await connect()
        #expect(try await client.get().status == 200)
        isHealthy.change { $0 = false }
        let answer = try await client.get()
        #expect(answer.status == 503)
        #expect(answer.body.contains("\"serviceProxyHealthy\": false"))
        await server.update(serve([.web()], isProxyHealthy: false))
        isHealthy.change { $0 = true }
        #expect(try await client.get().status == 503)
        await server.shutdown()
    }

    @Test func closesThePortAndTheConnectionsOfAServiceThatIsGone() async throws {
        let server = HealthCheckServer(logger: log.logger)
        await server.update(serve([.web(), .web("other", port: 30_002)]))
        let gone = try await connect()
        let stays = try await connect(30_002)
        #expect(try await gone.get().status == 200)
        #expect(try await stays.get().status == 200)
        await server.update(serve([.web("other", port: 30_002)]))
        try await gone.connection.state.wait { $0.isOver }
        await #expect(throws: (any Error).self) { try await connect() }
        #expect(try await stays.get().status == 200)
        await server.shutdown()
    }

    @Test func movesToOtherAddresses() async throws {
        let server = HealthCheckServer(logger: log.logger)
        let other = Place.address()
        await server.update(ServedHealth(services: [.web()], addresses: [other]))
        await server.update(serve([.web()]))
        #expect(try await connect().get().status == 200)
        await #expect(throws: (any Error).self) {
            try await TestConnection.connect(to: SocketEndpoint(other, 30_001))
        }
        await server.shutdown()
    }

    @Test func listensOnAllAddressesOfBothFamiliesWhenNoneIsNamed() async throws {
        let server = HealthCheckServer(logger: log.logger)
        let port = Place.port()
        let problems = await server.update(ServedHealth(services: [.web(port: port)]))
        #expect(problems == [])
        #expect(try await connect(port).get().status == 200)
        if Place.hasIPv6 {
            let endpoint = SocketEndpoint(.ipv6(high: 0, low: 1), port)
            let client = HTTPClient(try await TestConnection.connect(to: endpoint))
            #expect(try await client.get().status == 200)
        }
        await server.shutdown()
    }

    @Test func hasBothWildcardsBesideEachOtherWhenBothAreNamed() async throws {
        let server = HealthCheckServer(logger: log.logger)
        let port = Place.port()
        let addresses: [IPAddress] = [.ipv4(0)] + (Place.hasIPv6 ? [.ipv6(high: 0, low: 0)] : [])
        let problems = await server.update(
            ServedHealth(services: [.web(port: port)], addresses: addresses)
        )
        #expect(problems == [])
        #expect(try await connect(port).get().status == 200)
        await server.shutdown()
    }

    @Test func reportsATakenPortOnceServesTheOthersAndTakesItWhenItIsFree()
        async throws
    {
        let other = try await TestServer.listen(on: SocketEndpoint(address, 30_001))
        let server = HealthCheckServer(logger: log.logger)
        let served = serve([.web(), .web("other", port: 30_002)])
        let expected = """
            health check of Service default/web: cannot listen on TCP \(address):30001: Address \
            already in use (98); another process listens there, which `ss -tlnp sport = :30001` \
            names: stop it, or use another port
            """
        #expect(await server.update(served).map(\.description) == [expected])
        #expect(await server.update(served).map(\.description) == [expected])
        #expect(log.notable == ["warning: \(expected)"])
        #expect(try await connect(30_002).get().status == 200)
        try await other.close()
        #expect(await server.update(served) == [])
        #expect(try await connect().get().status == 200)
        #expect(
            log.notable.dropFirst() == [
                "notice: health check of Service default/web: listens on TCP \(address):30001 now"
            ]
        )
        await server.shutdown()
    }

    @Test func reportsAnAddressThatTheNodeDoesNotHave() async throws {
        let server = HealthCheckServer(logger: log.logger)
        let foreign = IPAddress.ipv4(0xc000_0201)
        let problems = await server.update(
            ServedHealth(services: [.web()], addresses: [foreign, address])
        )
        #expect(
            problems.map(\.description) == [
                """
                health check of Service default/web: cannot listen on TCP 192.0.2.1:30001: Cannot \
                assign requested address (99); this node has no such address: add it, or leave it \
                out of the configuration
                """
            ]
        )
        #expect(try await connect().get().status == 200)
        await server.shutdown()
    }

    @Test func givesAContestedPortToTheFirstByName() async throws {
        let server = HealthCheckServer(logger: log.logger)
        let problems = await server.update(serve([.web("b", localEndpoints: 5), .web("a")]))
        #expect(
            problems.map(\.description) == [
                """
                health check of Service default/b: cannot listen on TCP \(address):30001: health \
                check of Service default/a has it; give one of the two another port
                """
            ]
        )
        #expect(try await connect().get().body.contains("\"name\": \"a\""))
        #expect(await server.update(serve([.web("b", localEndpoints: 5)])) == [])
        #expect(try await connect().get().body.contains("\"name\": \"b\""))
        await server.shutdown()
    }

    @Test func closesAClientThatAsksNothing() async throws {
        var limits = HealthCheckLimits()
        limits.requestTime = .milliseconds(200)
        let server = HealthCheckServer(limits: limits, logger: log.logger)
        await server.update(serve([.web()]))
        let client = try await connect()
        try await client.connection.send("GET / HT")
        try await client.connection.state.wait { $0.isOver }
        await server.shutdown()
    }

    @Test func closesAClientThatAsksNoMore() async throws {
        var limits = HealthCheckLimits()
        limits.idleTime = .milliseconds(200)
        let server = HealthCheckServer(limits: limits, logger: log.logger)
        await server.update(serve([.web()]))
        let client = try await connect()
        #expect(try await client.get().status == 200)
        try await client.connection.state.wait { $0.isOver }
        await server.shutdown()
    }

    @Test func closesTheOldestConnectionForOneBeyondItsLimit() async throws {
        var limits = HealthCheckLimits()
        limits.connectionsOfPort = 2
        let server = HealthCheckServer(limits: limits, logger: log.logger)
        await server.update(serve([.web()]))
        let first = try await connect()
        #expect(try await first.get().status == 200)
        let second = try await connect()
        #expect(try await second.get().status == 200)
        let third = try await connect()
        #expect(try await third.get().status == 200)
        try await first.connection.state.wait { $0.isOver }
        #expect(try await second.get().status == 200)
        await server.shutdown()
    }

    @Test func whoHoldsTheConnectionsOfOnePortKeepsNobodyFromAnother() async throws {
        var limits = HealthCheckLimits()
        limits.connections = 2
        let server = HealthCheckServer(limits: limits, logger: log.logger)
        await server.update(serve([.web(), .web("other", port: 30_002)]))
        let oldest = try await connect()
        #expect(try await oldest.get().status == 200)
        let holder = try await connect()
        #expect(try await holder.get().status == 200)
        let other = try await connect(30_002)
        #expect(try await other.get().status == 200)
        try await oldest.connection.state.wait { $0.isOver }
        #expect(try await holder.get().status == 200)
        await server.shutdown()
    }

    @Test func closesEverythingForGoodWhenShutDown() async throws {
        let server = HealthCheckServer(logger: log.logger)
        await server.update(serve([.web()]))
        let client = try await connect()
        #expect(try await client.get().status == 200)
        await server.shutdown()
        try await client.connection.state.wait { $0.isOver }
        await server.update(serve([.web()]))
        await #expect(throws: (any Error).self) { try await connect() }
    }
}
