package import Addressing
package import DataplaneModel
package import Routing
package import ServiceModel

/// What a kernel should hold, kept up to date one frontend at a time.
package struct DesiredIPVSState: Sendable {
    /// On whose behalf something is wanted.
    package enum Contributor: Hashable, Sendable, Comparable {
        case frontend(FrontendKey)
        case healthCheck(ObjectName)

        package static func < (left: Contributor, right: Contributor) -> Bool {
            switch (left, right) {
            case (.frontend(let first), .frontend(let second)): first < second
            case (.healthCheck(let first), .healthCheck(let second)): first < second
            case (.frontend, .healthCheck): true
            case (.healthCheck, .frontend): false
            }
        }
    }

    fileprivate struct Place: Hashable {
        let set: AddressSet
        let member: SetMember
    }

    package private(set) var state = IPVSState()
    private var contributions: [Contributor: LoweredFrontend] = [:]
    /// How many want each address beyond the first, and each member.
    private var furtherUses: [IPAddress: Int] = [:]
    private var furtherMembers: [Place: Int] = [:]
    /// Those who want each virtual server, sorted: the first decides.
    private var claimants: [VirtualServerKey: [Contributor]] = [:]

    package init() {}

    package mutating func reserveCapacity(_ count: Int) {
        state.reserveCapacity(count)
        contributions.reserveCapacity(count)
    }

    /// The packet filter's rules, and the sets that they name.
    package mutating func setFilters(_ filters: [AddressFamily: PacketFilter]) {
        state.filters = filters
        for family in filters.keys {
            for role in AddressSet.Role.allCases {
                let set = AddressSet(role, family)
                if state.sets[set] == nil { state.sets[set] = [:] }
            }
        }
    }

    /// Puts what one contributor wants in place of what it wanted before (nil: nothing any more), and
    /// adds to `parts` what may differ now.
    package mutating func set(
        _ lowered: LoweredFrontend?,
        for contributor: Contributor,
        touching parts: inout TouchedParts
    ) {
        let previous = contributions[contributor]
        contributions[contributor] = lowered
        replaceServers(previous, lowered, contributor, &parts)
        replaceAddress(previous?.announced, lowered?.announced, &parts)
        replaceMembers(previous?.memberships ?? [], lowered?.memberships ?? [], &parts)
    }

    private mutating func replaceServers(
        _ old: LoweredFrontend?,
        _ new: LoweredFrontend?,
        _ contributor: Contributor,
        _ parts: inout TouchedParts
    ) {
        let kept = new?.servers ?? []
        for entry in old?.servers ?? [] {
            let key = entry.server.key
            guard !kept.contains(where: { $0.server.key == key }) else { continue }
            parts.virtualServers.insert(key)
            parts.departing[key] = contributor.departureRule(old)
            if case .firewallMark = key {
                parts.departingAddresses[key, default: []].formUnion(
                    (old?.announced?.address).map { [$0] } ?? []
                )
            }
            withdraw(contributor, from: key)
        }
        for entry in kept {
            parts.virtualServers.insert(entry.server.key)
            put(entry, of: contributor, owner: new?.owner ?? "")
        }
        if !kept.isEmpty { state.hasDevice = true }
    }

    private mutating func put(
        _ entry: IPVSState.Entry,
        of contributor: Contributor,
        owner: String
    ) {
        let key = entry.server.key
        var all = claimants[key] ?? []
        if !all.contains(contributor) {
            all.append(contributor)
            all.sort()
            claimants[key] = all
        }
        guard all[0] == contributor else { return }
        state.virtualServers[key] = entry
        state.claims[.virtualServer(key)] = owner
    }

    private mutating func withdraw(_ contributor: Contributor, from key: VirtualServerKey) {
        var all = claimants[key] ?? []
        all.removeAll { $0 == contributor }
        claimants[key] = all.isEmpty ? nil : all
        guard let first = all.first, let lowered = contributions[first],
            let entry = lowered.servers.first(where: { $0.server.key == key })
        else {
            state.virtualServers[key] = nil
            state.claims[.virtualServer(key)] = nil
            return
        }
        state.virtualServers[key] = entry
        state.claims[.virtualServer(key)] = lowered.owner
    }

    private mutating func replaceAddress(
        _ old: LoweredFrontend.Announced?,
        _ new: LoweredFrontend.Announced?,
        _ parts: inout TouchedParts
    ) {
        if let old, old.address != new?.address {
            parts.addresses.insert(old.address)
            drop(old.address)
        }
        guard let new else { return }
        parts.addresses.insert(new.address)
        if old?.address != new.address {
            if state.addresses[new.address] != nil { furtherUses[new.address, default: 0] += 1 }
            state.claims[.address(new.address)] = ""
        }
        state.addresses[new.address] = new.announcement
        state.hasDevice = true
    }

    private mutating func drop(_ address: IPAddress) {
        if let further = furtherUses[address] {
            furtherUses[address] = further > 1 ? further - 1 : nil
        } else {
            state.addresses[address] = nil
            state.claims[.address(address)] = nil
        }
    }

    private mutating func replaceMembers(
        _ old: [LoweredFrontend.Membership],
        _ new: [LoweredFrontend.Membership],
        _ parts: inout TouchedParts
    ) {
        guard old != new else { return }
        // Whoever names a member twice wants it once.
        let (old, new) = (Self.distinct(old), Self.distinct(new))
        let (oldPlaces, newPlaces) = (Set(old.map(Place.init)), Set(new.map(Place.init)))
        for membership in new {
            if !oldPlaces.contains(Place(membership)),
                state.sets[membership.set]?[membership.member] != nil
            {
                furtherMembers[Place(membership), default: 0] += 1
            }
            // A family that has no filter yet has no sets either.
            if state.sets[membership.set] == nil { parts.node = true }
            state.sets[membership.set, default: [:]][membership.member] = membership.mark
            parts.members[membership.set, default: []].insert(membership.member)
        }
        for membership in old where !newPlaces.contains(Place(membership)) {
            parts.members[membership.set, default: []].insert(membership.member)
            let place = Place(membership)
            if let further = furtherMembers[place] {
                furtherMembers[place] = further > 1 ? further - 1 : nil
            } else {
                state.sets[membership.set]?[membership.member] = nil
            }
        }
    }

    private static func distinct(
        _ memberships: [LoweredFrontend.Membership]
    ) -> [LoweredFrontend.Membership] {
        var seen: Set<Place> = []
        return memberships.filter { seen.insert(Place($0)).inserted }
    }

    /// How real servers leave a virtual server that is wanted; nil for one that nobody wants.
    package func departureRule(of key: VirtualServerKey) -> DepartureRule? {
        guard let first = claimants[key]?.first else { return nil }
        return first.departureRule(contributions[first])
    }

    /// The frontends that want a virtual server.
    package func frontends(of key: VirtualServerKey) -> [FrontendKey] {
        (claimants[key] ?? []).compactMap { contributor in
            if case .frontend(let frontend) = contributor { frontend } else { nil }
        }
    }

    /// Announces every address anew, where the lowering now says something else; answers which.
    package mutating func announce(with lowering: IPVSLowering) -> [IPAddress] {
        var changed: [IPAddress] = []
        for (address, announcement) in state.addresses {
            let now = lowering.announcement(of: address)
            if now != announcement { changed.append(address) }
        }
        for address in changed { state.addresses[address] = lowering.announcement(of: address) }
        return changed
    }

    /// Replaces all kernel parameters that are wanted.
    package mutating func setParameters(_ parameters: [KernelParameter: String]) {
        state.parameters = parameters
    }

    /// Replaces the time-outs that are wanted; 0 is any.
    package mutating func setTimeouts(_ timeouts: ConnectionTimeouts) { state.timeouts = timeouts }
}

extension DesiredIPVSState.Contributor {
    fileprivate func departureRule(_ lowered: LoweredFrontend?) -> DepartureRule? {
        guard case .frontend(let key) = self else { return nil }
        return DepartureRule(transport: key.transport, timeout: lowered?.drainTimeout)
    }
}

extension DesiredIPVSState.Place {
    fileprivate init(_ membership: LoweredFrontend.Membership) {
        self.init(set: membership.set, member: membership.member)
    }
}
