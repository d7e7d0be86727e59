import Addressing
import DataplaneModel
import Planning
import Routing
import ServiceModel
import TestSupport
import Testing

@Suite struct DesiredIPVSStateTests {
    private typealias Contributor = DesiredIPVSState.Contributor

    /// Contributors that share virtual servers, addresses and members of address sets.
    private struct World {
        var numbers: SeededGenerator

        static let contributors: [Contributor] =
            (1...4).map { .frontend(.nodePort($0, .tcp, .ipv4)) }
            + (1...3).map {
                .frontend(.address(SocketEndpoint(.ipv4(0x0a60_0000 + $0), 80), .tcp))
            }
            + ["a", "b"].map { .healthCheck(ObjectName(namespace: "default", name: $0)) }

        private static func endpoint(_ number: UInt32) -> SocketEndpoint {
            SocketEndpoint(.ipv4(0x0a60_0000 + number), 80)
        }

        private mutating func entry() -> IPVSState.Entry {
            let number = UInt32.random(in: 1...4, using: &numbers)
            let key: VirtualServerKey =
                numbers.chance(30)
                ? .firewallMark(number, .ipv4) : .address(Self.endpoint(number), .tcp)
            let realServers = (1...3).filter { _ in numbers.chance(50) }.map {
                RealServer(address: SocketEndpoint(.ipv4(0x0af4_0000 + UInt32($0)), 8080))
            }
            let scheduler: Scheduler = numbers.pick([.roundRobin, .leastConnection])
            return IPVSState.Entry(
                server: VirtualServer(key: key, scheduler: scheduler),
                realServers: realServers
            )
        }

        private mutating func membership() -> LoweredFrontend.Membership {
            let number = UInt32.random(in: 1...4, using: &numbers)
            let member = SetMember.frontend(Self.endpoint(number), .tcp)
            switch numbers.pick([0, 1, 2, 3]) {
            case 0: return .init(AddressSet(.cluster, .ipv4), member)
            case 1: return .init(AddressSet(.inside, .ipv4), member, mark: 100 + number)
            case 2: return .init(AddressSet(.health, .ipv6), .port(UInt16(number)))
            default:
                return .init(AddressSet(.addresses, .ipv4), .address(Self.endpoint(number).address))
            }
        }

        /// The same address is announced in the same way by all, as the lowering does it.
        mutating func lowered(for contributor: Contributor) -> LoweredFrontend? {
            if numbers.chance(20) { return nil }
            var lowered = LoweredFrontend()
            lowered.owner = "\(contributor)"
            var keys: Set<VirtualServerKey> = []
            for _ in 0..<Int.random(in: 0...2, using: &numbers) {
                let entry = entry()
                if keys.insert(entry.server.key).inserted { lowered.servers.append(entry) }
            }
            var members: Set<LoweredFrontend.Membership> = []
            for _ in 0..<Int.random(in: 0...4, using: &numbers) {
                let membership = membership()
                if members.insert(membership).inserted { lowered.memberships.append(membership) }
            }
            if numbers.chance(50) {
                let number = UInt32.random(in: 1...3, using: &numbers)
                lowered.announced = .init(Self.endpoint(number).address, .bound)
            }
            return lowered
        }
    }

    /// What may be compared: an empty set is none, and a device that came stays.
    private static func comparable(_ desired: DesiredIPVSState) -> IPVSState {
        var state = desired.state
        state.sets = state.sets.filter { !$0.value.isEmpty }
        state.hasDevice = false
        return state
    }

    private static func differences(_ old: IPVSState, _ new: IPVSState) -> TouchedParts {
        var parts = TouchedParts()
        func different<Key: Hashable, Value: Equatable>(
            _ first: [Key: Value],
            _ second: [Key: Value]
        ) -> Set<Key> {
            Set(first.keys).union(second.keys).filter { first[$0] != second[$0] }
        }
        parts.virtualServers = different(old.virtualServers, new.virtualServers)
        parts.addresses = different(old.addresses, new.addresses)
        for object in different(old.claims, new.claims) {
            switch object {
            case .virtualServer(let key): parts.virtualServers.insert(key)
            case .address(let address): parts.addresses.insert(address)
            }
        }
        for set in Set(old.sets.keys).union(new.sets.keys) {
            let members = different(old.sets[set] ?? [:], new.sets[set] ?? [:])
            if !members.isEmpty { parts.members[set] = members }
        }
        return parts
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func isWhatTheLastWordOfEachContributorComesTo(seed: UInt64) {
        var world = World(numbers: SeededGenerator(seed: seed))
        var desired = DesiredIPVSState()
        var last: [Contributor: LoweredFrontend] = [:]
        for _ in 0..<50 {
            let contributor = world.numbers.pick(World.contributors)
            let lowered = world.lowered(for: contributor)
            let before = Self.comparable(desired)
            var parts = TouchedParts()
            desired.set(lowered, for: contributor, touching: &parts)
            last[contributor] = lowered

            var scratch = DesiredIPVSState()
            var ignored = TouchedParts()
            for (contributor, lowered) in last.shuffled(using: &world.numbers) {
                scratch.set(lowered, for: contributor, touching: &ignored)
            }
            let after = Self.comparable(desired)
            #expect(after == Self.comparable(scratch))

            let needed = Self.differences(before, after)
            #expect(parts.virtualServers.isSuperset(of: needed.virtualServers))
            #expect(parts.addresses.isSuperset(of: needed.addresses))
            for (set, members) in needed.members {
                #expect(parts.members[set]?.isSuperset(of: members) == true)
            }
        }
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func isEmptyOnceNobodyWantsAnything(seed: UInt64) {
        var world = World(numbers: SeededGenerator(seed: 1000 + seed))
        var desired = DesiredIPVSState()
        var parts = TouchedParts()
        for _ in 0..<40 {
            let contributor = world.numbers.pick(World.contributors)
            desired.set(world.lowered(for: contributor), for: contributor, touching: &parts)
        }
        for contributor in World.contributors.shuffled(using: &world.numbers) {
            desired.set(nil, for: contributor, touching: &parts)
        }
        #expect(Self.comparable(desired) == IPVSState())
    }

    private static func lowered(
        _ memberships: [LoweredFrontend.Membership],
        owner: String = "default/web"
    ) -> LoweredFrontend {
        var lowered = LoweredFrontend()
        lowered.owner = owner
        lowered.memberships = memberships
        return lowered
    }

    @Test func aMemberThatWasNamedTwiceGoesWithTheOneWhoNamedIt() {
        let set = AddressSet(.allowed, .ipv4)
        let endpoint = SocketEndpoint(.ipv4(1), 80)
        let membership = LoweredFrontend.Membership(
            set,
            .permission(endpoint, .tcp, IPPrefix(holding: endpoint.address, length: 32))
        )
        let contributor = World.contributors[0]
        var desired = DesiredIPVSState()
        var parts = TouchedParts()
        desired.set(Self.lowered([membership, membership]), for: contributor, touching: &parts)
        desired.set(Self.lowered([membership]), for: contributor, touching: &parts)
        desired.set(nil, for: contributor, touching: &parts)
        #expect(desired.state.sets[set] == [:])
    }

    @Test func aFilterBringsTheSetsThatItLooksInto() {
        var desired = DesiredIPVSState()
        let filter = PacketFilter.services(.ipv6, FilterPolicy())
        desired.setFilters([.ipv6: filter])
        #expect(desired.state.filters == [.ipv6: filter])
        #expect(filter.sets.isSubset(of: desired.state.sets.keys))
        #expect(desired.state.sets.values.allSatisfy { $0.isEmpty })
    }
}
