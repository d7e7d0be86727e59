import Addressing
import DataplaneModel

/// What kube-proxy left on a node, as the steps that remove it.
package struct Leftovers: Hashable, Sendable {
    /// In the order in which they have to be done: rules before the sets they look into, addresses
    /// before their device.
    package let steps: [LeftoverStep]
    /// What stays and why, and what could not be looked into, as sentences.
    package let remarks: [String]

    /// What of a node is kube-proxy's.
    ///
    /// Rules, sets and tables are by their names. Virtual servers and addresses have no owner in
    /// the kernel: an address is kube-proxy's when it is a single one bound to its device, and a
    /// virtual server when it stands at such an address or is a node port. What is in fairlead's
    /// record never is.
    package init(on node: ObservedNode) {
        var steps = node.tables.sorted().map { LeftoverStep.deleteTable($0) }
        var remarks = node.doubts
        var users: [String: [String]] = [:]
        // IPv4 first, as `iptables` comes behind `ip6tables`.
        for (program, listing) in node.rules.sorted(by: { $0.key > $1.key }) {
            for table in listing.tables {
                let removal = RuleRemoval(of: table, by: program)
                if !removal.isEmpty { steps.append(.removeRules(removal)) }
                let place = "\(program) -t \(table.name)"
                remarks += Self.remarks(on: table, at: place)
                for rule in table.foreignRules {
                    for set in Set(rule.sets) {
                        users[set, default: []].append("\(place) -A \(rule.text)")
                    }
                }
            }
        }
        for set in ProxyNames.sets where node.sets.contains(set) {
            steps.append(.destroySet(set, users: users[set] ?? []))
        }
        let addresses = Self.addresses(on: node)
        steps += Self.virtualServers(on: node, addresses)
        steps += addresses.sorted().map { .removeAddress($0) }
        if addresses.contains(where: { $0.family == .ipv4 }),
            node.device?.routed.contains(where: { $0.family == .ipv4 }) ?? false
        {
            remarks.append(
                "fairlead's routes by \(ProxyNames.device) are kept; who deletes the last IPv4 "
                    + "address there by hand, with \"ip addr del\", deletes them too"
            )
        }
        if let device = node.device, !device.isInUse(besides: addresses) {
            steps.append(.removeDevice)
        }
        self.steps = steps
        self.remarks = remarks
    }

    /// Whether there is nothing to remove; there may be remarks nevertheless.
    package var isEmpty: Bool { steps.isEmpty }

    private static func remarks(on table: RuleListing.Table, at place: String) -> [String] {
        let calls = Dictionary(grouping: table.foreignCalls) { $0.target ?? "" }
        return calls.sorted { $0.key < $1.key }.map { chain, rules in
            let callers = rules.map { "-A \($0.text)" }.joined(separator: " and ")
            return "the chain \(chain) (\(place)) stays, without rules, as it is called by what is "
                + "not kube-proxy's: \(callers)"
        }
    }

    private static func addresses(on node: ObservedNode) -> Set<IPAddress> {
        guard let device = node.device else { return [] }
        // With an IPv4 address the kernel removes every local route to it, so those are left too.
        return device.singles.filter {
            !node.claims.contains(.address($0)) && !device.routed.contains($0)
        }
    }

    private static func virtualServers(
        on node: ObservedNode,
        _ addresses: Set<IPAddress>
    ) -> [LeftoverStep] {
        node.virtualServers.sorted { $0.key < $1.key }.compactMap { key, entry in
            guard case .address(let endpoint, _) = key,
                !node.claims.contains(.virtualServer(key))
            else { return nil }
            if addresses.contains(endpoint.address) {
                return .deleteVirtualServer(key, isNodePort: false)
            }
            let isNodePort =
                entry.realServers.allSatisfy { $0.forwarding == .masquerade }
                && node.hasNodePort(key, besides: addresses)
            return isNodePort ? .deleteVirtualServer(key, isNodePort: true) : nil
        }
    }
}

extension ObservedNode {
    /// Whether a virtual server stands at an address of the node and at a port that was one of
    /// kube-proxy's node ports.
    ///
    /// Which those were its sets say. Where somebody has removed the sets, a port of the usual
    /// range counts, as long as addresses on its device show that its ipvs mode was here.
    fileprivate func hasNodePort(
        _ key: VirtualServerKey,
        besides serviceAddresses: Set<IPAddress>
    ) -> Bool {
        guard case .address(let endpoint, let transport) = key,
            addresses.contains(endpoint.address), !endpoint.address.isLoopback,
            !claims.contains(.address(endpoint.address))
        else { return false }
        if let ports = nodePorts[ProxyNames.nodePortSet(transport, key.family)] {
            return ports.contains(endpoint.port)
        }
        return ProxyNames.nodePorts.contains(endpoint.port) && !serviceAddresses.isEmpty
    }
}

extension ObservedNode.Device {
    /// Whether somebody uses the device for something else than these addresses.
    ///
    /// kube-proxy leaves it down, and fairlead sets it up.
    fileprivate func isInUse(besides addresses: Set<IPAddress>) -> Bool {
        isUp || hasMore || !routed.isEmpty || !singles.isSubset(of: addresses)
    }
}
