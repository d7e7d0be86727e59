package import Addressing
package import DataplaneModel

/// Real servers that nobody wants any more and that keep their connections until those have ended.
///
/// They stay in the kernel with weight 0, so nothing new comes to them. A virtual server that nobody
/// wants stays as long as one of its real servers does, and its address with it.
package struct Departures: Sendable {
    /// A real server whose departure is over.
    package struct Ended: Hashable, Sendable {
        package let key: VirtualServerKey
        package let address: SocketEndpoint
        package let ending: Departure.Ending
        /// Those that it still had.
        package let connections: UInt64
    }

    private struct Hold {
        var uses = 0
        var announcement: Announcement?
    }

    package typealias Terms = [VirtualServerKey: [SocketEndpoint: Departure.Term]]

    private let policy: DrainingPolicy?
    private var leaving: [VirtualServerKey: [SocketEndpoint: Departure]] = [:]
    /// Who has left, as long as the kernel has them still.
    private var finished: [VirtualServerKey: Set<SocketEndpoint>] = [:]
    /// The addresses that connections to those who leave come to, by virtual server.
    private var held: [VirtualServerKey: Set<IPAddress>] = [:]
    /// How many virtual servers hold an address, and how it was announced.
    private var addresses: [IPAddress: Hold] = [:]
    /// Addresses that nobody holds any more, until somebody has seen to them.
    private var released: Set<IPAddress> = []
    /// What an earlier run wrote down, until it is known whether that still holds.
    private var restored: Terms = [:]
    package private(set) var nextLook: Duration?
    /// Goes up with every change of `terms`.
    package private(set) var version = 0

    /// Nil drains nothing: who is not wanted goes at once.
    package init(_ policy: DrainingPolicy?) { self.policy = policy }

    package var isEmpty: Bool { leaving.isEmpty }

    /// The number of real servers that leave.
    package var count: Int { leaving.values.reduce(0) { $0 + $1.count } }

    /// Since when each leaves, for a record of it; with what an earlier run wrote down of those who are
    /// not known yet.
    package var terms: Terms {
        leaving.mapValues { $0.mapValues(\.term) }.merging(restored) { known, _ in known }
    }

    /// Takes in what an earlier run wrote down: who leaves already has less time left.
    package mutating func restore(_ terms: Terms) { restored = terms }

    /// Forgets what an earlier run wrote down, as all that it was about is known by now.
    package mutating func forgetRestored() {
        guard !restored.isEmpty else { return }
        restored = [:]
        version += 1
    }

    /// Whether an address has to stay for connections that are left.
    package func holds(_ address: IPAddress) -> Bool { addresses[address] != nil }

    /// How an address is announced that has to stay; nil for others, and where it was not announced.
    func announcement(of address: IPAddress) -> Announcement? { addresses[address]?.announcement }

    /// Announces the addresses that have to stay anew, where the lowering now says something else;
    /// answers which.
    package mutating func announce(with lowering: IPVSLowering) -> [IPAddress] {
        var changed: [IPAddress] = []
        for (address, hold) in addresses where hold.announcement != nil {
            let now = lowering.announcement(of: address)
            guard now != hold.announcement else { continue }
            addresses[address]?.announcement = now
            changed.append(address)
        }
        return changed
    }

    /// Takes out the addresses that do not have to stay any more since the last time.
    package mutating func takeReleased() -> Set<IPAddress> {
        defer { released = [] }
        return released.filter { !holds($0) }
    }

    /// Whether a member of an address set has to stay: new connections to such an address must not
    /// come to ports of the node itself.
    func holds(_ member: SetMember) -> Bool {
        if case .address(let address) = member { holds(address) } else { false }
    }

    /// The real servers of a virtual server that leave.
    package func leaving(_ key: VirtualServerKey) -> Set<SocketEndpoint> {
        Set((leaving[key] ?? [:]).keys)
    }

    /// What a virtual server should be: as it is wanted, and with those who leave, without weight.
    package func target(
        of key: VirtualServerKey,
        wanted: IPVSState.Entry?,
        present: IPVSState.Entry?
    ) -> IPVSState.Entry? {
        guard let departures = leaving[key], let present else { return wanted }
        var target = wanted ?? IPVSState.Entry(server: present.server, realServers: [])
        for address in departures.keys {
            let (index, isPresent) = present.position(of: address)
            guard isPresent else { continue }
            var server = present.realServers[index]
            server.weight = 0
            target.put(server)
        }
        return target.realServers.isEmpty ? wanted : target
    }
}

// MARK: - Who leaves

extension Departures {
    /// Notes who is to leave in the touched parts, and who is wanted again or gone already.
    package mutating func update(
        for parts: TouchedParts,
        from applied: IPVSState,
        to desired: DesiredIPVSState,
        now: Duration
    ) {
        guard let policy else { return }
        // What came to a mark that an earlier run left is not known any more: any address may have it.
        var unwanted: [AddressFamily: Set<IPAddress>] = [:]
        func unwantedAddresses(_ family: AddressFamily) -> Set<IPAddress> {
            if let known = unwanted[family] { return known }
            let found = applied.addresses.keys.filter {
                $0.family == family && desired.state.addresses[$0] == nil
                    && applied.claims[.address($0)] != nil
            }
            unwanted[family] = Set(found)
            return Set(found)
        }
        for key in parts.virtualServers {
            let wanted = desired.state.virtualServers[key]
            let isOurs = wanted != nil || applied.claims[.virtualServer(key)] != nil
            guard isOurs, let present = applied.virtualServers[key],
                mayDrain(wanted, present), let unwanted = Self.unwanted(in: present, wanted)
            else {
                set(nil, for: key)
                finished[key] = nil
                continue
            }
            hold(key, in: parts, from: applied) {
                wanted == nil ? unwantedAddresses(key.family) : []
            }
            let said = desired.departureRule(of: key) ?? parts.departing[key]
            let rule = said ?? Self.rule(of: key, in: applied)
            let limit = policy.limit(for: rule)
            var departures: [SocketEndpoint: Departure] = [:]
            if let known = finished[key] {
                let left = known.intersection(unwanted.map(\.address))
                finished[key] = left.isEmpty ? nil : left
            }
            for server in unwanted {
                let address = server.address
                if finished[key]?.contains(address) ?? false { continue }
                if var known = leaving[key]?[address] {
                    if said != nil { known.term.limit = limit }
                    departures[address] = known
                    continue
                }
                var term = Departure.Term(since: now, limit: limit)
                if let earlier = restored[key]?[address] {
                    term = Departure.Term(
                        since: min(earlier.since, now),
                        limit: said == nil ? earlier.limit : limit
                    )
                }
                guard term.limit > .zero else {
                    finished[key, default: []].insert(address)
                    continue
                }
                departures[address] = Departure(
                    term,
                    of: rule?.transport,
                    address.address.family,
                    now: now
                )
            }
            set(departures.isEmpty ? nil : departures, for: key)
        }
    }

    /// The real servers that are there and not wanted; nil for none, as nearly always.
    private static func unwanted(
        in present: IPVSState.Entry,
        _ wanted: IPVSState.Entry?
    ) -> [RealServer]? {
        guard let wanted else { return present.realServers.isEmpty ? nil : present.realServers }
        if present.realServers == wanted.realServers { return nil }
        let unwanted = present.realServers.filter { !wanted.position(of: $0.address).isPresent }
        return unwanted.isEmpty ? nil : unwanted
    }

    /// Not where new connections would be refused because of a real server without weight.
    private func mayDrain(_ wanted: IPVSState.Entry?, _ present: IPVSState.Entry) -> Bool {
        guard let wanted, !wanted.realServers.isEmpty else { return true }
        return wanted.server.scheduler.passesWeightless(wanted.server.schedulerFlags)
    }

    /// What can be told of a virtual server that an earlier run left.
    private static func rule(of key: VirtualServerKey, in state: IPVSState) -> DepartureRule? {
        switch key {
        case .address(_, let transport): return DepartureRule(transport: transport)
        case .firewallMark(let mark, let family):
            let marked = state.sets[AddressSet(.inside, family)] ?? [:]
            for (member, value) in marked where value == mark {
                guard case .frontend(_, let transport) = member else { continue }
                return DepartureRule(transport: transport)
            }
            return nil
        }
    }

    private mutating func set(
        _ departures: [SocketEndpoint: Departure]?,
        for key: VirtualServerKey
    ) {
        let before = leaving[key]
        if restored.removeValue(forKey: key) != nil { version += 1 }
        if departures == nil { letGo(of: key) }
        guard before != nil || departures != nil else { return }
        leaving[key] = departures
        if before != departures { version += 1 }
        let looks = (departures ?? [:]).values.map(\.nextLook).min()
        // The moment may be too early now, which costs a look at nothing.
        nextLook = leaving.isEmpty ? nil : [nextLook, looks].compactMap(\.self).min()
    }
}

// MARK: - What they need

extension Departures {
    /// Notes the addresses that connections to a virtual server come to.
    private mutating func hold(
        _ key: VirtualServerKey,
        in parts: TouchedParts,
        from applied: IPVSState,
        otherwise unknown: () -> Set<IPAddress>
    ) {
        var all = held[key] ?? []
        let before = all
        switch key {
        case .address(let endpoint, _): all.insert(endpoint.address)
        case .firewallMark:
            if let left = parts.departingAddresses[key] {
                all.formUnion(left)
            } else if held[key] == nil {
                all = unknown()
            }
        }
        held[key] = all
        for address in all.subtracting(before) { addresses[address, default: Hold()].uses += 1 }
        for address in all where addresses[address]?.announcement == nil {
            addresses[address]?.announcement = applied.addresses[address]
        }
    }

    private mutating func letGo(of key: VirtualServerKey) {
        for address in held.removeValue(forKey: key) ?? [] {
            guard let hold = addresses[address] else { continue }
            if hold.uses > 1 {
                addresses[address]?.uses = hold.uses - 1
            } else {
                addresses[address] = nil
                released.insert(address)
            }
        }
    }
}

// MARK: - Who has left

extension Departures {
    /// The virtual servers to look at, the most urgent first.
    package func due(at now: Duration, atMost count: Int) -> [VirtualServerKey] {
        guard let nextLook, nextLook <= now else { return [] }
        var due: [(look: Duration, key: VirtualServerKey)] = []
        for (key, departures) in leaving {
            let look = departures.values.map(\.nextLook).min() ?? now
            if look <= now { due.append((look, key)) }
        }
        due.sort { ($0.look, $0.key) < ($1.look, $1.key) }
        return due.prefix(count).map(\.key)
    }

    /// Takes in what the real servers of a virtual server carry, and answers who has left; those do
    /// not leave any more, but are only not wanted.
    ///
    /// Whoever has its weight still in `present`, as that could not be taken, may get connections.
    package mutating func look(
        at loads: [SocketEndpoint: RealServerLoad],
        of key: VirtualServerKey,
        in present: IPVSState.Entry?,
        now: Duration
    ) -> [Ended] {
        guard let policy, var departures = leaving[key] else { return [] }
        var ended: [Ended] = []
        for (address, departure) in departures.sorted(by: { $0.key < $1.key }) {
            var departure = departure
            if let present, present.hasWeight(address) {
                departure.nextLook = Departure.look(after: now)
                departures[address] = departure
                continue
            }
            let load = loads[address] ?? RealServerLoad()
            if let ending = departure.look(at: load, policy, now: now) {
                departures[address] = nil
                finished[key, default: []].insert(address)
                ended.append(
                    Ended(key: key, address: address, ending: ending, connections: load.connections)
                )
            } else {
                departures[address] = departure
            }
        }
        set(departures.isEmpty ? nil : departures, for: key)
        return ended
    }

    /// Looks at a virtual server again later, as it could not be read.
    package mutating func postpone(_ key: VirtualServerKey, now: Duration) {
        guard var departures = leaving[key] else { return }
        for address in departures.keys {
            departures[address]?.nextLook = Departure.look(after: now)
        }
        set(departures, for: key)
    }

    /// Forgets who has left these virtual servers, as far as the kernel has them no more.
    package mutating func forgetGone(
        from keys: Set<VirtualServerKey>,
        in applied: IPVSState
    ) {
        guard !finished.isEmpty else { return }
        for key in keys {
            guard let known = finished[key] else { continue }
            let present = applied.virtualServers[key]
            let left = known.filter { present?.position(of: $0).isPresent ?? false }
            finished[key] = left.isEmpty ? nil : left
        }
    }

    /// Finds out when the next look is due, after all that were due have been made.
    package mutating func schedule() {
        nextLook = leaving.values.lazy.flatMap { $0.values.lazy.map(\.nextLook) }.min()
    }
}

extension IPVSState.Entry {
    fileprivate func hasWeight(_ address: SocketEndpoint) -> Bool {
        let (index, isPresent) = position(of: address)
        return isPresent && realServers[index].weight > 0
    }
}
