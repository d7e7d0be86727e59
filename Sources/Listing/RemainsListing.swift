import Addressing
import DataplaneModel
package import OwnRemains

/// What fairlead has on a node, as text: the commands that remove it, and what has been removed.
package enum RemainsListing {
    /// Names of one kind that are written out in a summary; the rest is counted.
    private static let mostNames = 20

    /// The steps as commands that an operator knows, in their order; remarks are comments.
    ///
    /// Empty where there is neither.
    package static func commands(of remains: Remains) -> String {
        let cuts = remains.steps.contains {
            if case .deleteVirtualServer = $0 { true } else { false }
        }
        return
            (notes(on: remains).map { "# \($0)" }
            + (cuts ? ["# connections through virtual servers that go are cut"] : [])
            + remains.steps.flatMap(commands))
            .map { $0 + "\n" }.joined()
    }

    /// What stays and why, each with the command that would remove it where there is one.
    package static func notes(on remains: Remains) -> [String] {
        remains.remarks
            + remains.doubtful.map { key in
                "the virtual server \(key) stays, as no record says that it is fairlead's; to remove "
                    + "it: \(deletion(of: key))"
            }
    }

    /// That virtual servers stay, in a sentence; nil where none does.
    package static func shortfall(of remains: Remains) -> String? {
        switch remains.doubtful.count {
        case 0: nil
        case 1: "1 virtual server stays, as nothing says whose it is"
        case let count: "\(count) virtual servers stay, as nothing says whose they are"
        }
    }

    private static func deletion(of key: VirtualServerKey) -> String {
        "ipvsadm -D \(SavedRules(names: NumericNames()).option(of: key))"
    }

    private static func commands(of step: RemainsStep) -> [String] {
        switch step {
        case .removeRoute(let address):
            return ["\(program(address)) route del local \(address) table local proto 70"]
        case .removeAddress(let address, let device):
            return [
                "\(program(address)) addr del \(address)/\(address.family.bits) dev \(device)"
            ]
        case .deleteVirtualServer(let key):
            return [deletion(of: key)]
        case .removeRules(let removal):
            return [
                "\(removal.program)-restore --noflush <<'END'\n\(removal.restoreInput)END"
            ]
        case .destroySet(let name, let users):
            return users.map { "# \(name) is in use, and cannot be destroyed before: \($0)" }
                + ["ipset destroy \(name)"]
        case .removeDevice(let name):
            return ["ip link del \(name)"]
        case .removeFiles(let names, let directory):
            return [
                "rm -f " + (names + ["lock"]).map { "\(directory)/\($0)" }.joined(separator: " "),
                "rmdir --ignore-fail-on-non-empty \(directory)",
            ]
        }
    }

    private static func program(_ address: IPAddress) -> String {
        address.family == .ipv4 ? "ip" : "ip -6"
    }

    /// What has been removed, with counts and names, a kind a line; empty where nothing has.
    package static func summary(of removed: [RemainsStep]) -> String {
        var routes: [String] = []
        var addresses: [String] = []
        var servers: [String] = []
        var lines: [String] = []
        var sets: [String] = []
        var devices: [String] = []
        var directories: [String] = []
        for step in removed {
            switch step {
            case .removeRoute(let address): routes.append("\(address)")
            case .removeAddress(let address, _): addresses.append("\(address)")
            case .deleteVirtualServer(let key): servers.append("\(key)")
            case .removeRules(let removal):
                let place = "(\(removal.program) \(removal.table))"
                lines += [
                    line(removal.calls, "call \(place)", "calls \(place)", areNamed: false),
                    line(removal.emptied, "chain emptied \(place)", "chains emptied \(place)"),
                    line(removal.deleted, "chain \(place)", "chains \(place)"),
                ]
            case .destroySet(let name, _): sets.append(name)
            case .removeDevice(let name): devices.append(name)
            case .removeFiles(_, let directory): directories.append(directory)
            }
        }
        return line(routes, "service address", "service addresses")
            + line(addresses, "bound service address", "bound service addresses")
            + line(servers, "virtual server", "virtual servers") + lines.joined()
            + line(sets, "address set", "address sets") + line(devices, "device", "devices")
            + line(directories, "state directory", "state directories")
    }

    private static func line(
        _ names: [String],
        _ noun: String,
        _ nouns: String,
        areNamed: Bool = true
    ) -> String {
        guard !names.isEmpty else { return "" }
        let count = "  \(names.count) \(names.count == 1 ? noun : nouns)"
        guard areNamed else { return count + "\n" }
        let rest = names.count - mostNames
        return count + ": " + names.prefix(mostNames).joined(separator: ", ")
            + (rest > 0 ? " and \(rest) more" : "") + "\n"
    }
}
