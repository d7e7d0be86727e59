import Addressing
package import DataplaneModel

extension IPVSState {
    /// What is ours and serves, as lines, so that two kernels with different histories can be compared.
    ///
    /// Marks depend on who asked first, so each is called by its owner.
    package func comparable() -> Set<String> {
        var owners: [UInt32: String] = [:]
        for (object, owner) in claims {
            if case .virtualServer(.firewallMark(let mark, _)) = object { owners[mark] = owner }
        }
        func name(_ key: VirtualServerKey) -> String {
            guard case .firewallMark(let mark, let family) = key else { return "\(key)" }
            return "mark of \(owners[mark] ?? "nobody") for \(family)"
        }
        var lines: Set<String> = []
        for (key, entry) in virtualServers where claims[.virtualServer(key)] != nil {
            let server = entry.server
            lines.insert(
                "\(name(key)) scheduler \(server.scheduler) flags \(server.schedulerFlags.rawValue)"
                    + " persistence \(server.persistence.map { "\($0.timeout)/\($0.prefixLength)" } ?? "none")"
            )
            for real in entry.realServers {
                lines.insert(
                    "\(name(key)) real server \(real.address) weight \(real.weight) "
                        + "forwarding \(real.forwarding) thresholds \(real.upperThreshold) "
                        + "\(real.lowerThreshold)"
                )
            }
        }
        for (object, owner) in claims {
            switch object {
            case .virtualServer(let key): lines.insert("claim of \(owner) to \(name(key))")
            case .address(let address): lines.insert("claim to \(address)")
            }
        }
        for (address, announcement) in addresses { lines.insert("\(address) is \(announcement)") }
        for (set, members) in sets {
            for (member, mark) in members {
                lines.insert(
                    "\(set) has \(member)"
                        + (mark == 0 ? "" : " with the mark of \(owners[mark] ?? "nobody")")
                )
            }
        }
        for (family, filter) in filters {
            lines.insert("rules for \(family) are \(filter.fingerprint)")
        }
        if hasDevice { lines.insert("the service device is there") }
        return lines
    }
}

extension IPVSState {
    /// Which parts are not the same in another state, by their names.
    package func differences(from other: IPVSState) -> [String] {
        var parts: [String] = []
        for key in Set(virtualServers.keys).union(other.virtualServers.keys)
        where virtualServers[key] != other.virtualServers[key] {
            parts.append("\(key)")
        }
        for object in Set(claims.keys).union(other.claims.keys)
        where claims[object] != other.claims[object] {
            parts.append("claim to \(object)")
        }
        for set in Set(sets.keys).union(other.sets.keys) where sets[set] != other.sets[set] {
            parts.append("\(set)")
        }
        if addresses != other.addresses { parts.append("addresses") }
        if foreignAddresses != other.foreignAddresses { parts.append("foreign addresses") }
        if filters != other.filters { parts.append("filters") }
        if parameters != other.parameters { parts.append("parameters") }
        if timeouts != other.timeouts { parts.append("time-outs") }
        if hasDevice != other.hasDevice { parts.append("device") }
        return parts.sorted()
    }
}
