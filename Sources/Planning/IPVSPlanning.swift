import Addressing
package import DataplaneModel

extension IPVSState {
    /// The steps from this state to the desired one, for the touched parts.
    ///
    /// It grows from the packet's exit to its entry and shrinks in reverse: what traffic relies on
    /// is there before traffic can reach it, and new real servers are there before old ones go. What
    /// is neither wanted nor claimed as ours is left alone. The steps come in one order whatever the
    /// order of the input.
    ///
    /// Real servers that `departures` has keep their connections, and what those need.
    ///
    /// A new virtual server gets its real servers in an order that the name of the node makes: its
    /// first connection goes to the one that came last, and not on all nodes to the same.
    package func plan(
        to desired: IPVSState,
        touching parts: TouchedParts,
        departures: Departures = Departures(nil),
        onNode node: String = ""
    ) -> Plan {
        var steps = PlanSections()
        if parts.node { planNode(to: desired, into: &steps) }
        if !parts.virtualServers.isEmpty || !parts.addresses.isEmpty,
            desired.hasDevice, !hasDevice, !parts.node
        {
            steps.foundation.append(.prepareDevice)
        }
        for (set, members) in parts.members.sorted(by: { $0.key < $1.key }) {
            planMembers(
                members,
                of: set,
                to: desired,
                keeping: { parts.postponesRemovals || departures.holds($0) },
                into: &steps
            )
        }
        for key in parts.virtualServers.sorted() {
            planVirtualServer(key, to: desired, departures, onNode: node, into: &steps)
        }
        for address in parts.addresses.sorted() {
            planAddress(address, to: desired, departures, into: &steps)
        }
        return steps.plan
    }

    private func planNode(to desired: IPVSState, into steps: inout PlanSections) {
        for (parameter, value) in desired.parameters.sorted(by: { $0.key < $1.key })
        where parameters[parameter] != value {
            // Forwarding comes after all others: at that moment the kernel drops the default routes
            // it learned from router advertisements on interfaces whose accept_ra is not yet 2
            // (`addrconf_fixup_forwarding`).
            if parameter == KernelRequirements.forwardIPv6 {
                steps.forwarding.append(.setParameter(parameter, value))
            } else {
                steps.foundation.append(.setParameter(parameter, value))
            }
        }
        var missing = ConnectionTimeouts()
        if desired.timeouts.tcp != timeouts.tcp { missing.tcp = desired.timeouts.tcp }
        if desired.timeouts.tcpFin != timeouts.tcpFin { missing.tcpFin = desired.timeouts.tcpFin }
        if desired.timeouts.udp != timeouts.udp { missing.udp = desired.timeouts.udp }
        if missing != ConnectionTimeouts() { steps.foundation.append(.setTimeouts(missing)) }
        if desired.hasDevice, !hasDevice { steps.foundation.append(.prepareDevice) }
        for (set, members) in desired.sets.sorted(by: { $0.key < $1.key }) where sets[set] == nil {
            steps.foundation.append(.createSet(set, capacity: members.count))
        }
        for (family, filter) in desired.filters.sorted(by: { $0.key < $1.key })
        where filters[family] != filter {
            steps.filters.append(.installFilter(filter))
        }
    }

    private func planMembers(
        _ members: Set<SetMember>,
        of set: AddressSet,
        to desired: IPVSState,
        keeping isKept: (SetMember) -> Bool,
        into steps: inout PlanSections
    ) {
        let wanted = desired.sets[set] ?? [:]
        let present = sets[set] ?? [:]
        // What keeps packets out comes after the exceptions from it, and goes before them.
        let isGuard = set.role == .limited || set.role == .drop
        for member in members.sorted() {
            if let mark = wanted[member] {
                guard present[member] != mark else { continue }
                let step = Operation.putMember(member, mark: mark, of: set)
                if isGuard { steps.guards.append(step) } else { steps.memberships.append(step) }
            } else if present[member] != nil, !isKept(member) {
                let step = Operation.removeMember(member, of: set)
                if isGuard {
                    steps.guardDepartures.append(step)
                } else {
                    steps.departures.append(step)
                }
            }
        }
    }

    private func planVirtualServer(
        _ key: VirtualServerKey,
        to desired: IPVSState,
        _ departures: Departures,
        onNode node: String,
        into steps: inout PlanSections
    ) {
        let object = OwnedObject.virtualServer(key)
        let claim = claims[object]
        let target = departures.target(
            of: key,
            wanted: desired.virtualServers[key],
            present: virtualServers[key]
        )
        guard let wanted = target else {
            guard claim != nil else { return }
            if virtualServers[key] != nil { steps.deletions.append(.deleteVirtualServer(key)) }
            steps.releases.append(.release(object))
            return
        }
        if let owner = desired.claims[object], owner != claim {
            steps.claims.append(.claim(object, owner))
        }
        guard let present = virtualServers[key] else {
            Self.planNew(wanted, onNode: node, into: &steps)
            return
        }
        if present.server != wanted.server {
            steps.growth.append(.editVirtualServer(wanted.server))
        }
        Self.planRealServers(from: present.realServers, to: wanted, into: &steps)
    }

    /// `mh` computes its whole table anew at each real server that is added; as `rr` first and `mh`
    /// last it does so once.
    private static func planNew(
        _ wanted: Entry,
        onNode node: String,
        into steps: inout PlanSections
    ) {
        let key = wanted.server.key
        var first = wanted.server
        let isLate = first.scheduler == .maglevHashing && wanted.realServers.count > 1
        if isLate {
            first.scheduler = .roundRobin
            first.schedulerFlags = []
        }
        steps.growth.append(.addVirtualServer(first))
        var servers = wanted.realServers
        if !node.isEmpty, servers.count > 1 {
            let ranks = Dictionary(
                uniqueKeysWithValues: servers.map {
                    ($0.address, Fingerprint.of("\($0.address) \(node)"))
                }
            )
            servers.sort { ranks[$0.address] ?? "" < ranks[$1.address] ?? "" }
        }
        for server in servers { steps.growth.append(.addRealServer(server, of: key)) }
        if isLate { steps.growth.append(.editVirtualServer(wanted.server)) }
    }

    private static func planRealServers(
        from present: [RealServer],
        to wanted: Entry,
        into steps: inout PlanSections
    ) {
        let key = wanted.server.key
        var old = 0
        for server in wanted.realServers {
            while old < present.count, present[old].address < server.address {
                steps.reduction.append(.deleteRealServer(present[old].address, of: key))
                old += 1
            }
            if old < present.count, present[old].address == server.address {
                if present[old] != server {
                    let edit = Operation.editRealServer(server, of: key)
                    // Losing all weight is as good as leaving: others have to take over first.
                    if server.weight == 0 {
                        steps.reduction.append(edit)
                    } else {
                        steps.growth.append(edit)
                    }
                }
                old += 1
            } else {
                steps.growth.append(.addRealServer(server, of: key))
            }
        }
        for server in present[old...] {
            steps.reduction.append(.deleteRealServer(server.address, of: key))
        }
    }

    private func planAddress(
        _ address: IPAddress,
        to desired: IPVSState,
        _ departures: Departures,
        into steps: inout PlanSections
    ) {
        let object = OwnedObject.address(address)
        let present = addresses[address]
        guard let wanted = desired.addresses[address] else {
            guard claims[object] != nil else { return }
            if departures.holds(address) {
                // It may have been lost, with the service device for example.
                if let held = departures.announcement(of: address), present != held,
                    !foreignAddresses.contains(address)
                {
                    steps.announcements.append(
                        present.map { .replaceAnnouncement(address, from: $0, to: held) }
                            ?? .announce(address, held)
                    )
                }
                return
            }
            if let present { steps.withdrawals.append(.withdraw(address, present)) }
            steps.releases.append(.release(object))
            return
        }
        guard present != nil || !foreignAddresses.contains(address) else { return }
        if claims[object] != "" { steps.claims.append(.claim(object, "")) }
        if let present {
            // Replacing might hit the route of the other interface that has this address.
            if present != wanted, !foreignAddresses.contains(address) {
                steps.announcements.append(.replaceAnnouncement(address, from: present, to: wanted))
            }
        } else {
            steps.announcements.append(.announce(address, wanted))
        }
    }
}

extension IPVSState {
    /// Takes in that a step failed, which does not say that it was not done, where that is not read
    /// again before the next attempt.
    ///
    /// A claim counts as somebody's whom no Service port is called by: whoever wants the object
    /// claims it again, and where nobody does it is released again. Rules count as not there.
    package mutating func doubt(_ failed: Operation) {
        switch failed {
        case .claim(let object, _), .release(let object): claims[object] = "?"
        case .installFilter(let filter): filters[filter.family] = nil
        default: break
        }
    }
}

/// A plan in the making, by what may come only after what.
private struct PlanSections {
    var foundation: [Operation] = []
    var forwarding: [Operation] = []
    var memberships: [Operation] = []
    var guards: [Operation] = []
    var filters: [Operation] = []
    var claims: [Operation] = []
    var growth: [Operation] = []
    var reduction: [Operation] = []
    var announcements: [Operation] = []
    var withdrawals: [Operation] = []
    var deletions: [Operation] = []
    var guardDepartures: [Operation] = []
    var departures: [Operation] = []
    var releases: [Operation] = []

    var plan: Plan {
        Plan(sections: [
            foundation, forwarding, memberships, guards, filters, claims, growth, reduction,
            announcements, withdrawals, deletions, guardDepartures, departures, releases,
        ])
    }
}
