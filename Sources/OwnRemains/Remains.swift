import Addressing
package import DataplaneModel
import Iptables

/// What fairlead has on a node, as the steps that remove it.
package struct Remains: Hashable, Sendable {
    /// In the order in which they have to be done.
    ///
    /// From the entry of a packet to its exit, so that none meets a half of something: first the
    /// addresses, then the virtual servers, and only then the rules that keep clients out of them;
    /// of the rules those that translate addresses before those that drop. Sets go after the rules
    /// that look into them, and last what says whose all this was.
    package let steps: [RemainsStep]
    /// What stays and why, and what could not be looked into, as sentences.
    package let remarks: [String]
    /// Virtual servers at addresses of Services that may be fairlead's, where the record that would
    /// say so is missing or damaged; they stay.
    package let doubtful: [VirtualServerKey]

    /// What of a node is fairlead's.
    ///
    /// Chains and sets are by their names, routes by their protocol, calls of chains by their
    /// comment; virtual servers and bound addresses have no owner in the kernel, and are by the record.
    package init(on node: ObservedRemains) {
        let bound = node.boundAndClaimed
        let claimed = node.virtualServers.filter { node.claims.contains(.virtualServer($0)) }
        var steps = node.routed.sorted().map { RemainsStep.removeRoute($0) }
        steps += bound.sorted().map { .removeAddress($0, device: node.deviceName) }
        steps += claimed.sorted().map { .deleteVirtualServer($0) }
        var remarks = node.doubts
        var users: [String: [String]] = [:]
        // IPv4 first, as `iptables` comes behind `ip6tables`.
        for (program, saved) in node.rules.sorted(by: { $0.key > $1.key }) {
            for name in [PacketFilter.Table.nat, .mangle, .filter] {
                guard let table = saved.tables[name] else { continue }
                let removal = FilterRemoval(of: table, name, by: program)
                if !removal.isEmpty { steps.append(.removeRules(removal)) }
                let place = "\(program) -t \(name)"
                remarks += removal.foreignCalls.map {
                    "the chain that \"\(place) -A \($0)\" calls stays, without rules, as that rule "
                        + "is not fairlead's"
                }
                for rule in table.rules where !FilterRemoval.owns(rule.chain) {
                    for set in rule.sets {
                        users[String(set), default: []].append("\(place) -A \(rule.text)")
                    }
                }
            }
        }
        steps += node.sets.filter { $0.hasPrefix(AddressSet.prefix) }.sorted()
            .map { .destroySet($0, users: users[$0] ?? []) }
        if let device = node.device, device.isUp, !device.hasMore,
            device.singles.isSubset(of: bound)
        {
            steps.append(.removeDevice(node.deviceName))
        }
        if !node.files.isEmpty {
            steps.append(.removeFiles(node.files, directory: node.stateDirectory))
        }
        var doubtful: [VirtualServerKey] = []
        if !node.isRecordWhole, !steps.isEmpty {
            remarks.append(Self.lostRecord(node))
            let places = node.routed.union(bound)
            doubtful = node.virtualServers.subtracting(claimed).filter { key in
                node.named.contains(key) || key.address.map { places.contains($0.address) } ?? false
            }.sorted()
        }
        self.doubtful = doubtful
        self.steps = steps
        self.remarks = remarks
    }

    /// Addresses that are written out in a remark.
    private static let mostNames = 20

    /// Whether there is nothing to remove; there may be remarks nevertheless.
    package var isEmpty: Bool { steps.isEmpty }

    private static func lostRecord(_ node: ObservedRemains) -> String {
        let unclaimed = node.unclaimed
        let rest = unclaimed.count - mostNames
        return "the record of what is fairlead's in \(node.stateDirectory) is missing or damaged: "
            + "virtual servers that it does not name stay"
            + (unclaimed.isEmpty
                ? ""
                : ", and so do addresses on \(node.deviceName): "
                    + unclaimed.prefix(mostNames).map { "\($0)" }.joined(separator: ", ")
                    + (rest > 0 ? " and \(rest) more" : ""))
    }
}

extension ObservedRemains {
    /// Addresses on the service device that the record claims.
    fileprivate var boundAndClaimed: Set<IPAddress> {
        (device?.singles ?? []).filter { claims.contains(.address($0)) }
    }

    /// Addresses on the service device that it does not claim.
    fileprivate var unclaimed: [IPAddress] {
        (device?.singles ?? []).subtracting(boundAndClaimed).sorted()
    }
}

extension VirtualServerKey {
    fileprivate var address: SocketEndpoint? {
        if case .address(let endpoint, _) = self { endpoint } else { nil }
    }
}

extension SavedRules.Rule {
    /// The sets of ours that it looks into or changes.
    fileprivate var sets: [Substring] {
        text.split(separator: " ").filter { $0.hasPrefix(AddressSet.prefix) && $0 != target }
    }

    private var target: Substring? { calledChain }
}
