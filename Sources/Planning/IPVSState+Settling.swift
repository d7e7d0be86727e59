package import DataplaneModel

extension IPVSState {
    /// The state after every step of the plan for these parts has succeeded.
    ///
    /// The same as applying the steps one by one, without repeating their work; the real servers
    /// then share their storage with the desired state.
    package mutating func settle(
        _ parts: TouchedParts,
        at desired: IPVSState,
        departures: Departures = Departures(nil)
    ) {
        if parts.node {
            parameters.merge(desired.parameters) { $1 }
            apply(.setTimeouts(desired.timeouts))
            filters.merge(desired.filters) { $1 }
            for set in desired.sets.keys where sets[set] == nil { sets[set] = [:] }
        }
        for (set, members) in parts.members {
            for member in members {
                if let mark = desired.sets[set]?[member] {
                    sets[set, default: [:]][member] = mark
                } else if !parts.postponesRemovals, !departures.holds(member) {
                    sets[set]?[member] = nil
                }
            }
        }
        if desired.hasDevice { hasDevice = true }
        for key in parts.virtualServers {
            let object = OwnedObject.virtualServer(key)
            let target = departures.target(
                of: key,
                wanted: desired.virtualServers[key],
                present: virtualServers[key]
            )
            if let target {
                virtualServers[key] = target
                if let owner = desired.claims[object] { claims[object] = owner }
            } else if claims.removeValue(forKey: object) != nil {
                virtualServers[key] = nil
            }
        }
        for address in parts.addresses {
            let object = OwnedObject.address(address)
            if let wanted = desired.addresses[address] {
                if foreignAddresses.contains(address) {
                    if addresses[address] != nil { claims[object] = desired.claims[object] }
                    continue
                }
                addresses[address] = wanted
                claims[object] = desired.claims[object]
            } else if departures.holds(address) {
                if claims[object] != nil, !foreignAddresses.contains(address) {
                    addresses[address] = departures.announcement(of: address) ?? addresses[address]
                }
            } else if claims.removeValue(forKey: object) != nil {
                addresses[address] = nil
            }
        }
    }
}
