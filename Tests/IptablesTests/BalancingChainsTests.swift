import Addressing
import DataplaneModel
import Iptables
import TestSupport
import Testing

/// Chains that stand in for virtual servers.
struct BalancingChainsTests {
    static func key(_ index: Int, port: UInt16 = 80, _ family: AddressFamily) -> VirtualServerKey {
        let address: IPAddress =
            family == .ipv4
            ? .ipv4(0x0a60_0000 + UInt32(index)) : .ipv6(high: 0xfd00 << 48, low: UInt64(index))
        return .address(SocketEndpoint(address, port), .tcp)
    }

    static func endpoint(_ index: Int, _ family: AddressFamily) -> SocketEndpoint {
        let address: IPAddress =
            family == .ipv4
            ? .ipv4(0x0af4_0000 + UInt32(index)) : .ipv6(high: 0xfd01 << 48, low: UInt64(index))
        return SocketEndpoint(address, 8080)
    }

    /// As the kernel gives the chains back.
    static func saved(_ chains: [String: [String]]) -> SavedRules {
        var text = "*nat\n:PREROUTING ACCEPT [0:0]\n"
        for name in chains.keys.sorted() { text += ":\(name) - [0:0]\n" }
        for (name, rules) in chains.sorted(by: { $0.key < $1.key }) {
            for rule in rules { text += "-A \(name) \(rule)\n" }
        }
        return SavedRules(text + "COMMIT\n")
    }

    static func server(
        _ generator: inout SeededGenerator,
        _ family: AddressFamily
    ) -> BalancedServer {
        let number = Int.random(in: 0..<60, using: &generator)
        let isMark = Int.random(in: 0..<8, using: &generator) == 0
        let address: VirtualServerKey =
            number < 40
            ? key(number * 37, family) : key(1, port: UInt16(30_000 + number * 7), family)
        let persistence = Persistence(timeout: 10_800, family: family)
        return BalancedServer(
            key: isMark ? .firewallMark(0x1000 + UInt32(number), family) : address,
            transport: .tcp,
            owner: "default/web-\(number / 2)",
            persistence: number % 5 == 0 ? persistence : nil,
            realServers: (0..<Int.random(in: 0..<5, using: &generator)).map {
                RealServer(
                    address: endpoint($0, family),
                    weight: Int32.random(in: 0..<4, using: &generator)
                )
            }
        )
    }

    /// Chains are changed one virtual server at a time: they come to what they would be if they were
    /// made at once, they read back as they were made, and what is said to be different is all that
    /// is.
    @Test(arguments: AddressFamily.allCases)
    func renderingAndReadingAreInverse(_ family: AddressFamily) throws {
        for seed in 0..<60 {
            var generator = SeededGenerator(seed: UInt64(seed))
            var chains = BalancingChains(family)
            var written = chains.chains
            for _ in 0..<40 {
                let server = Self.server(&generator, family)
                let isGone = Int.random(in: 0..<4, using: &generator) == 0
                chains.set(isGone ? nil : server, for: server.key)
                guard Int.random(in: 0..<3, using: &generator) == 0 else { continue }
                for name in chains.settle() { written[name] = chains.chains[name] }
                #expect(written == chains.chains, "seed \(seed)")
            }
            _ = chains.settle()
            var fresh = BalancingChains(family)
            for (key, server) in chains.servers.sorted(by: { $0.key < $1.key }) {
                fresh.set(server, for: key)
            }
            _ = fresh.settle()
            #expect(fresh.chains == chains.chains, "seed \(seed)")
            let found = BalancingChains.read(Self.saved(chains.chains), family)
            // Without any real server there is nothing that tells of persistence.
            let told = chains.servers.mapValues { server in
                var server = server
                if server.realServers.isEmpty { server.persistence = nil }
                return server
            }
            #expect(found.chains.servers == told, "seed \(seed)")
            #expect(Set(found.intact) == Set(told.values), "seed \(seed)")
        }
    }

    @Test func aChangedEndpointRewritesOneChain() {
        var chains = BalancingChains(.ipv4)
        for index in 0..<5000 {
            let key = Self.key(index, .ipv4)
            let server = BalancedServer(
                key: key,
                transport: .tcp,
                owner: "default/web-\(index)",
                realServers: (0..<5).map { RealServer(address: Self.endpoint($0, .ipv4)) }
            )
            chains.set(server, for: key)
        }
        _ = chains.settle()
        let key = Self.key(1234, .ipv4)
        var server = chains.servers[key] ?? BalancedServer(key: key, transport: .tcp)
        server.put(RealServer(address: Self.endpoint(77, .ipv4)))
        chains.set(server, for: key)
        let changed = chains.settle()
        #expect(changed.count == 1)
        let lines = chains.transaction(rewriting: changed).split(separator: "\n")
        #expect(lines.count == 9, "the table, the chain, six real servers, the end")
    }

    @Test func aPacketMeetsFewRulesHoweverManyServicesThereAre() {
        var chains = BalancingChains(.ipv4)
        for index in 0..<5000 {
            let key = Self.key(index, .ipv4)
            chains.set(BalancedServer(key: key, transport: .tcp, owner: "a/\(index)"), for: key)
        }
        for port in 0..<2000 {
            let key = Self.key(1, port: UInt16(30_000 + port), .ipv4)
            chains.set(BalancedServer(key: key, transport: .tcp, owner: "b/\(port)"), for: key)
        }
        _ = chains.settle()
        for (key, _) in chains.servers {
            let rules = chains.path(to: key).prefix(2).compactMap { chains.chains[$0]?.count }
            #expect(rules.allSatisfy { $0 <= 33 })
        }
        let leaves = chains.chains.filter { $0.key.hasPrefix("FAIRLEAD-BALANCE-") }
        #expect(leaves.values.map(\.count).max() ?? 0 <= 100)
    }

    @Test(arguments: [0, 1, 5, 30])
    func whereSomethingIsAmissOnTheWayAVirtualServerIsNotCountedAsThere(_ seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        var chains = BalancingChains(.ipv4)
        for _ in 0..<30 {
            let server = Self.server(&generator, .ipv4)
            chains.set(server, for: server.key)
        }
        _ = chains.settle()
        for name in chains.chains.keys.sorted() where !(chains.chains[name] ?? []).isEmpty {
            var damaged = chains.chains
            damaged[name]?[0] = "-j ACCEPT"
            let found = BalancingChains.read(Self.saved(damaged), .ipv4)
            let affected = chains.servers.keys.filter { chains.path(to: $0).contains(name) }
            let intact = Set(found.intact.map(\.key))
            #expect(intact.isDisjoint(with: affected), "\(name)")
            #expect(found.deviating.contains(name) || !intact.isEmpty, "\(name)")
        }
    }

    /// Those of one Service port that lead to the same real servers.
    @Test func virtualServersOfOneServicePortShareAChain() {
        var chains = BalancingChains(.ipv4)
        let servers = [RealServer(address: Self.endpoint(1, .ipv4))]
        for index in 0..<3 {
            let key = Self.key(index, .ipv4)
            chains.set(
                BalancedServer(key: key, transport: .tcp, owner: "a/b", realServers: servers),
                for: key
            )
        }
        _ = chains.settle()
        #expect(chains.chains.keys.filter { $0.hasPrefix("FAIRLEAD-SVC-") }.count == 1)
    }

    @Test func namesOfChainsFitTheKernel() {
        var chains = BalancingChains(.ipv6)
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<200 {
            let server = Self.server(&generator, .ipv6)
            chains.set(server, for: server.key)
        }
        _ = chains.settle()
        #expect(chains.chains.keys.allSatisfy { $0.utf8.count <= 28 })
    }
}

/// The chains of whole states.
struct BalancingChainsOfStatesTests {
    private static func state(_ ports: [UInt16], mark: UInt32? = nil) -> IPVSState {
        var state = IPVSState()
        for port in ports {
            let key = BalancingChainsTests.key(1, port: port, .ipv4)
            state.virtualServers[key] = IPVSState.Entry(
                server: VirtualServer(key: key, scheduler: .random),
                realServers: [RealServer(address: BalancingChainsTests.endpoint(1, .ipv4))]
            )
            state.claims[.virtualServer(key)] = "default/web-\(port)"
        }
        if let mark {
            let key = VirtualServerKey.firewallMark(mark, .ipv4)
            state.virtualServers[key] = IPVSState.Entry(
                server: VirtualServer(key: key, scheduler: .random),
                realServers: []
            )
        }
        return state
    }

    @Test func fromAStateToItselfThereIsNothingToDo() {
        let state = Self.state([80, 81])
        #expect(BalancingChains.transaction(.ipv4, from: state, to: state) == "")
        #expect(BalancingChains.transaction(.ipv6, from: state, to: IPVSState()) == "")
    }

    @Test func whatIsNotWantedAnyMoreGoesAndTheRestIsNotMentioned() {
        let text = BalancingChains.transaction(
            .ipv4,
            from: Self.state([80, 81]),
            to: Self.state([81])
        )
        #expect(text.contains("default/web-81"), "the leaf is written again")
        #expect(!text.contains("default/web-80"))
        #expect(text.split(separator: "\n").count { $0.hasPrefix("-X FAIRLEAD-SVC-") } == 1)
    }

    /// Such as a mark whose member is still to come.
    @Test func aMarkThatNoPacketCarriesHasNoRules() throws {
        var state = Self.state([], mark: 0x1003)
        #expect(BalancingChains(.ipv4, of: state).servers.isEmpty)
        let member = SetMember.frontend(SocketEndpoint(.ipv4(0x0a60_0001), 80), .udp)
        state.sets[AddressSet(.inside, .ipv4)] = [member: 0x1003]
        let server = try #require(BalancingChains(.ipv4, of: state).servers.values.first)
        #expect(server.transport == .udp)
    }
}
