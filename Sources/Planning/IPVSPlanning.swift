package import Addressing
package import DataplaneModel

/// The parts of a state that may differ from what is wanted.
package struct TouchedParts: Sendable {
    package var virtualServers: Set<VirtualServerKey> = []
    package var addresses: Set<IPAddress> = []
    /// Kernel parameters, timeouts, and the service device.
    package var node = false

    package init() {}

    package mutating func reserveCapacity(_ count: Int) {
        virtualServers.reserveCapacity(count)
        addresses.reserveCapacity(count)
    }

    package var isEmpty: Bool { virtualServers.isEmpty && addresses.isEmpty && !node }

    /// The same in portions, each with all that belongs to some of the addresses.
    ///
    /// A portion is planned and done before the next is planned: the first Services are served before
    /// the last are planned, and the memory for a plan does not grow with the cluster. An address is
    /// announced only after its virtual servers stand, so they stay together.
    package func portions(of size: Int) -> [TouchedParts] {
        guard virtualServers.count > size || addresses.count > size else { return [self] }
        var first = TouchedParts()
        first.node = node
        var portions = [first]
        func isEarlier(_ left: VirtualServerKey, _ right: VirtualServerKey) -> Bool {
            switch (left, right) {
            case (.address(let first, _), .address(let second, _)) where first != second:
                first.address < second.address
            default:
                left < right
            }
        }
        var current: IPAddress?
        var withServers: Set<IPAddress> = []
        for key in virtualServers.sorted(by: isEarlier) {
            var address: IPAddress?
            if case .address(let endpoint, _) = key { address = endpoint.address }
            if portions[portions.count - 1].virtualServers.count >= size, address != current {
                portions.append(TouchedParts())
            }
            current = address
            portions[portions.count - 1].virtualServers.insert(key)
            if let address, addresses.contains(address) {
                portions[portions.count - 1].addresses.insert(address)
                withServers.insert(address)
            }
        }
        portions[0].addresses.formUnion(addresses.subtracting(withServers))
        return portions
    }

    /// All that is wanted, and all that is ours.
    package static func everything(of applied: IPVSState, and desired: IPVSState) -> TouchedParts {
        var parts = TouchedParts()
        parts.reserveCapacity(desired.virtualServers.count)
        parts.node = true
        parts.virtualServers.formUnion(desired.virtualServers.keys)
        parts.addresses.formUnion(desired.addresses.keys)
        for object in applied.claims.keys {
            switch object {
            case .virtualServer(let key): parts.virtualServers.insert(key)
            case .address(let address): parts.addresses.insert(address)
            }
        }
        return parts
    }
}

extension IPVSState {
    /// The steps from this state to the desired one, for the touched parts.
    ///
    /// It grows from the packet's exit to its entry and shrinks in reverse: what traffic relies on
    /// is there before traffic can reach it, and new real servers are there before old ones go. What
    /// is neither wanted nor claimed as ours is left alone. The steps come in one order whatever the
    /// order of the input.
    package func plan(to desired: IPVSState, touching parts: TouchedParts) -> Plan {
        var steps = PlanSections()
        if parts.node { planNode(to: desired, into: &steps) }
        if !parts.virtualServers.isEmpty || !parts.addresses.isEmpty,
            desired.hasDevice, !hasDevice, !parts.node
        {
            steps.foundation.append(.prepareDevice)
        }
        for key in parts.virtualServers.sorted() {
            planVirtualServer(key, to: desired, into: &steps)
        }
        for address in parts.addresses.sorted() {
            planAddress(address, to: desired, into: &steps)
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
    }

    private func planVirtualServer(
        _ key: VirtualServerKey,
        to desired: IPVSState,
        into steps: inout PlanSections
    ) {
        let object = OwnedObject.virtualServer(key)
        let claim = claims[object]
        guard let wanted = desired.virtualServers[key] else {
            guard claim != nil else { return }
            if virtualServers[key] != nil { steps.deletions.append(.deleteVirtualServer(key)) }
            steps.releases.append(.release(object))
            return
        }
        if let owner = desired.claims[object], owner != claim {
            steps.claims.append(.claim(object, owner))
        }
        guard let present = virtualServers[key] else {
            Self.planNew(wanted, into: &steps)
            return
        }
        if present.server != wanted.server {
            steps.growth.append(.editVirtualServer(wanted.server))
        }
        Self.planRealServers(from: present.realServers, to: wanted, into: &steps)
    }

    /// `mh` computes its whole table anew at each real server that is added; as `rr` first and `mh`
    /// last it does so once.
    private static func planNew(_ wanted: Entry, into steps: inout PlanSections) {
        let key = wanted.server.key
        var first = wanted.server
        let isLate = first.scheduler == .maglevHashing && wanted.realServers.count > 1
        if isLate {
            first.scheduler = .roundRobin
            first.schedulerFlags = []
        }
        steps.growth.append(.addVirtualServer(first))
        for server in wanted.realServers { steps.growth.append(.addRealServer(server, of: key)) }
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
        into steps: inout PlanSections
    ) {
        let object = OwnedObject.address(address)
        let isClaimed = claims[object] != nil
        let present = addresses[address]
        guard let wanted = desired.addresses[address] else {
            guard isClaimed else { return }
            if let present { steps.withdrawals.append(.withdraw(address, present)) }
            steps.releases.append(.release(object))
            return
        }
        guard present != nil || !foreignAddresses.contains(address) else { return }
        if !isClaimed { steps.claims.append(.claim(object, "")) }
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

/// A plan in the making, by what may come only after what.
private struct PlanSections {
    var foundation: [Operation] = []
    var forwarding: [Operation] = []
    var claims: [Operation] = []
    var growth: [Operation] = []
    var reduction: [Operation] = []
    var announcements: [Operation] = []
    var withdrawals: [Operation] = []
    var deletions: [Operation] = []
    var releases: [Operation] = []

    var plan: Plan {
        Plan(sections: [
            foundation, forwarding, claims, growth, reduction, announcements, withdrawals,
            deletions, releases,
        ])
    }
}
