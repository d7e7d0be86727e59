import Addressing
import DataplaneModel
import Planning
import TestSupport

/// States drawn from a small world, so that two of them have much in common and much apart.
struct StateGenerator {
    var numbers: SeededGenerator

    init(seed: UInt64) { numbers = SeededGenerator(seed: seed) }

    private mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &numbers) < percent
    }

    private static func address(_ number: Int) -> IPAddress {
        number % 3 == 2
            ? .ipv6(high: 0xfd00_0096 << 32, low: UInt64(number))
            : .ipv4(0x0a60_0000 + UInt32(number))
    }

    static let worldAddresses = (1...6).map { address($0) }

    private static let worldKeys: [VirtualServerKey] = worldAddresses.flatMap { address in
        [
            VirtualServerKey.address(SocketEndpoint(address, 80), .tcp),
            .address(SocketEndpoint(address, 53), .udp),
        ]
    }

    /// A virtual server with some of five real servers.
    mutating func entry(_ key: VirtualServerKey) -> IPVSState.Entry {
        let schedulers: [Scheduler] = [.roundRobin, .maglevHashing, .sourceHashing]
        var server = VirtualServer(
            key: key,
            scheduler: schedulers.randomElement(using: &numbers) ?? .roundRobin
        )
        server.schedulerFlags = SchedulerFlags.defaults(for: server.scheduler)
        if chance(30) { server.persistence = Persistence(timeout: 60, family: key.family) }
        var realServers: [RealServer] = []
        for number in 1...5 where chance(50) {
            let address =
                key.family == .ipv4
                ? IPAddress.ipv4(0x0af4_0000 + UInt32(number))
                : .ipv6(high: 0xfd00_0244 << 32, low: UInt64(number))
            realServers.append(
                RealServer(
                    address: SocketEndpoint(address, 8080),
                    weight: chance(20) ? 0 : Int32.random(in: 1...2, using: &numbers)
                )
            )
        }
        return IPVSState.Entry(server: server, realServers: realServers.shuffled(using: &numbers))
    }

    private mutating func announcement(_ address: IPAddress) -> Announcement {
        if chance(20) { return .bound }
        return .route(source: chance(50) ? nil : address.family == .ipv4 ? .ipv4(0xc000_020a) : nil)
    }

    /// What should be: every virtual server is claimed, and its address is announced.
    mutating func desired() -> IPVSState {
        var state = IPVSState()
        for key in Self.worldKeys where chance(50) {
            state.virtualServers[key] = entry(key)
            state.claims[.virtualServer(key)] =
                "default/service-\(Int.random(in: 1...3, using: &numbers))"
            guard case .address(let endpoint, _) = key else { continue }
            state.addresses[endpoint.address] = announcement(endpoint.address)
            state.claims[.address(endpoint.address)] = ""
            state.hasDevice = true
        }
        state.parameters = [
            KernelRequirements.conntrack: "1", KernelRequirements.forwardIPv4: "1",
        ]
        if chance(50) { state.timeouts.udp = 30 }
        for family in AddressFamily.allCases where chance(70) {
            let filter = filter(family)
            state.filters[family] = filter
            for set in filter.sets { state.sets[set] = members(of: set) }
        }
        return state
    }

    /// One of four.
    private mutating func filter(_ family: AddressFamily) -> PacketFilter {
        .services(
            family,
            FilterPolicy(
                detection: chance(50) ? .none : .interface("cni0"),
                masqueradeMark: chance(50) ? 0x4000 : 0x8000
            )
        )
    }

    /// Some of a few members of the kind that the set has.
    private mutating func members(of set: AddressSet) -> [SetMember: UInt32] {
        var members: [SetMember: UInt32] = [:]
        for address in Self.worldAddresses where address.family == set.family && chance(40) {
            let endpoint = SocketEndpoint(address, 80)
            let member: SetMember =
                switch set.kind {
                case .port: .port(UInt16(31000 + address.low & 0xff))
                case .address: .address(address)
                case .addressPort: .frontend(endpoint, .tcp)
                case .addressPortAddress: .hairpin(endpoint, .tcp)
                case .addressPortPrefix:
                    .permission(endpoint, .tcp, IPPrefix(holding: address, length: 24))
                }
            members[member] = set.hasMarks ? UInt32.random(in: 1...3, using: &numbers) : 0
        }
        return members
    }

    /// What a kernel may hold: some of it ours, some of it foreign, some of it half done.
    mutating func observed(base: IPVSState) -> IPVSState {
        var state = base
        for key in Self.worldKeys where chance(50) {
            state.virtualServers[key] = entry(key)
            if chance(60) { state.claims[.virtualServer(key)] = "default/old" }
        }
        for key in Self.worldKeys where chance(10) {
            state.claims[.virtualServer(key)] = "default/never-made"
        }
        state.hasDevice = chance(70)
        for address in Self.worldAddresses where chance(40) {
            if state.hasDevice, chance(80) {
                state.addresses[address] = announcement(address)
            } else {
                state.foreignAddresses.insert(address)
            }
            if chance(60) { state.claims[.address(address)] = "" }
        }
        for set in AddressSet.all where chance(60) { state.sets[set] = members(of: set) }
        // Rules cannot be without the sets that they name.
        for family in AddressFamily.allCases where chance(60) {
            let filter = filter(family)
            for set in filter.sets where state.sets[set] == nil { state.sets[set] = [:] }
            state.filters[family] = PacketFilter(family: family, fingerprint: filter.fingerprint)
        }
        return state
    }
}
