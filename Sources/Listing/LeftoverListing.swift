import Addressing
import DataplaneModel
package import KubeProxyLeftovers

/// What kube-proxy left, as text: the commands that remove it, and what has been removed.
package enum LeftoverListing {
    /// Names of one kind that are written out in a summary; the rest is counted.
    private static let mostNames = 20

    private static var plans: PlanListing { PlanListing(device: ProxyNames.device) }

    /// The steps as commands that an operator knows, in their order; remarks are comments.
    ///
    /// Empty where there is neither.
    package static func commands(of leftovers: Leftovers) -> String {
        (leftovers.remarks.map { "# \($0)" } + leftovers.steps.flatMap(commands))
            .map { $0 + "\n" }.joined()
    }

    private static func commands(of step: LeftoverStep) -> [String] {
        switch step {
        case .deleteTable(let family):
            return ["nft delete table \(LeftoverStep.tableName(family))"]
        case .removeRules(let removal):
            let command = "\(removal.program) -t \(removal.table)"
            return removal.calls.map { "\(command) -D \($0)" }
                + (removal.emptied + removal.deleted).map { "\(command) -F \($0)" }
                + removal.deleted.map { "\(command) -X \($0)" }
        case .destroySet(let name, let users):
            return users.map { "# \(name) is in use, and cannot be destroyed before: \($0)" }
                + ["ipset destroy \(name)"]
        case .deleteVirtualServer(let key, let isNodePort):
            let command = lines(of: .deleteVirtualServer(key))
            return isNodePort
                ? command.map { $0 + "   # a node port" } : command
        case .removeAddress(let address):
            return lines(of: .withdraw(address, .bound))
        case .removeDevice:
            return ["ip link del \(ProxyNames.device)"]
        }
    }

    private static func lines(of operation: Operation) -> [String] {
        plans.text(of: Plan([operation])).split(separator: "\n").map { String($0) }
    }

    /// What has been removed, with counts and names, a kind a line; empty where nothing has.
    package static func summary(of removed: [LeftoverStep]) -> String {
        var tables: [String] = []
        var calls: [String] = []
        var emptied: [String] = []
        var chains: [String: [String]] = [:]
        var sets: [String] = []
        var servers: [String] = []
        var addresses: [String] = []
        var devices: [String] = []
        for step in removed {
            switch step {
            case .deleteTable(let family): tables.append(LeftoverStep.tableName(family))
            case .removeRules(let removal):
                let place = "\(removal.program) \(removal.table)"
                calls += removal.calls.map { "\(place) \($0.prefix { $0 != " " })" }
                emptied += removal.emptied.map { "\(place) \($0)" }
                chains[place, default: []] += removal.deleted
            case .destroySet(let name, _): sets.append(name)
            case .deleteVirtualServer(let key, _): servers.append("\(key)")
            case .removeAddress(let address): addresses.append("\(address)")
            case .removeDevice: devices.append(ProxyNames.device)
            }
        }
        var lines = [
            line(tables, "nftables table", "nftables tables"),
            line(calls, "rule that called its chains", "rules that called its chains"),
            line(emptied, "chain emptied", "chains emptied"),
        ]
        lines += chains.sorted { $0.key > $1.key }.map { place, names in
            line(grouped(names), "chain (\(place))", "chains (\(place))", count: names.count)
        }
        lines += [
            line(sets, "address set", "address sets"),
            line(servers, "virtual server", "virtual servers"),
            line(addresses, "service address", "service addresses"),
            line(devices, "device", "devices"),
        ]
        return lines.joined()
    }

    /// Chains that are named by hashes say nothing one by one.
    private static func grouped(_ chains: [String]) -> [String] {
        var names: [String] = []
        var hashed: [String: Int] = [:]
        for chain in chains {
            if let prefix = ProxyNames.prefix(ofChain: chain) {
                hashed[prefix, default: 0] += 1
            } else {
                names.append(chain)
            }
        }
        return names
            + hashed.sorted { $0.key < $1.key }.map { prefix, count in "\(count) \(prefix)…" }
    }

    private static func line(
        _ names: [String],
        _ noun: String,
        _ nouns: String,
        count: Int? = nil
    ) -> String {
        guard !names.isEmpty else { return "" }
        let count = count ?? names.count
        let rest = names.count - mostNames
        return "  \(count) \(count == 1 ? noun : nouns): "
            + names.prefix(mostNames).joined(separator: ", ")
            + (rest > 0 ? " and \(rest) more" : "") + "\n"
    }
}
