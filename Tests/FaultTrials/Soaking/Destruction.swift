import Addressing
import DataplaneModel
import LinuxDataplane
import NetworkLab
import TestSupport

/// What others do to what is ours, behind the back of the one who put it there.
struct Destruction {
    let mode: DataplaneMode

    private static let kinds = [
        "flushed IPVS", "deleted virtual server", "changed weight", "added real server",
        "removed real server", "changed scheduler", "flushed set", "flushed all sets",
        "emptied chain", "deleted jumps", "deleted device", "deleted route", "changed parameter",
    ]

    /// Does one thing to a kernel that holds `state`; answers what, or nil where there is nothing to
    /// do it to.
    func strike(
        _ state: IPVSState,
        sparing foreign: ForeignObjects,
        _ numbers: inout SeededGenerator
    ) throws -> String? {
        let kind = numbers.pick(Self.kinds)
        switch kind {
        case "flushed IPVS", "deleted virtual server", "changed weight", "added real server",
            "removed real server", "changed scheduler":
            guard mode == .ipvs else { return nil }
            return try strikeIPVS(kind, state, foreign, &numbers) ? kind : nil
        case "flushed set":
            guard let set = state.sets.keys.sorted().randomElement(using: &numbers) else {
                return nil
            }
            try Command.run("ipset", ["flush", set.name])
        case "flushed all sets":
            let commands = state.sets.keys.sorted().map { "flush \($0.name)\n" }.joined()
            try Command.run("ipset", ["restore"], input: commands)
        case "emptied chain":
            let chains = try ourChains()
            guard let chain = chains.randomElement(using: &numbers) else { return nil }
            try Command.run("iptables", ["-t", chain.table, "-F", chain.name])
        case "deleted jumps":
            let jumps = try Command.run("iptables-save", ["-t", "nat"]).split(separator: "\n")
                .filter {
                    $0.hasPrefix("-A ") && !$0.hasPrefix("-A FAIRLEAD-")
                        && $0.contains("-j FAIRLEAD-")
                }
                .map { "-D\($0.dropFirst(2))\n" }
            try Command.run(
                "iptables-restore",
                ["--noflush"],
                input: "*nat\n\(jumps.joined())COMMIT\n"
            )
        case "deleted device":
            guard state.hasDevice else { return nil }
            _ = try Command.execute("ip", ["link", "del", "kube-ipvs0"])
        case "deleted route":
            guard let address = state.addresses.keys.sorted().randomElement(using: &numbers) else {
                return nil
            }
            let family = address.family == .ipv4 ? "-4" : "-6"
            _ = try Command.execute(
                "ip",
                [
                    family, "route", "del", "local", "\(address)", "dev", "kube-ipvs0", "table",
                    "local",
                ]
            )
        default:
            let name = mode == .ipvs ? "vs/conntrack" : "ip_forward"
            try Command.run("sh", ["-c", "echo 0 >/proc/sys/net/ipv4/\(name)"])
        }
        return kind
    }

    private func ourChains() throws -> [(table: String, name: String)] {
        var chains: [(String, String)] = []
        for table in ["mangle", "nat", "filter"] {
            for line in try Command.run("iptables-save", ["-t", table]).split(separator: "\n")
            where line.hasPrefix(":FAIRLEAD-") {
                chains.append((table, String(line.dropFirst().prefix { $0 != " " })))
            }
        }
        return chains
    }

    private func strikeIPVS(
        _ kind: String,
        _ state: IPVSState,
        _ foreign: ForeignObjects,
        _ numbers: inout SeededGenerator
    ) throws -> Bool {
        if kind == "flushed IPVS" {
            try Command.run("ipvsadm", ["-C"])
            try foreign.restoreVirtualServers()
            return true
        }
        let ours = state.virtualServers.filter { state.claims[.virtualServer($0.key)] != nil }
            .sorted { $0.key < $1.key }.map(\.value)
        guard let entry = ours.randomElement(using: &numbers) else { return false }
        let key = entry.server.key
        var operation: Operation?
        switch kind {
        case "deleted virtual server": operation = .deleteVirtualServer(key)
        case "changed weight":
            operation = entry.realServers.randomElement(using: &numbers).map {
                var server = $0
                server.weight = $0.weight == 5 ? 0 : 5
                return .editRealServer(server, of: key)
            }
        case "removed real server":
            operation = entry.realServers.randomElement(using: &numbers).map {
                .deleteRealServer($0.address, of: key)
            }
        case "changed scheduler":
            var server = entry.server
            server.scheduler = .weightedLeastConnection
            operation = .editVirtualServer(server)
        default:
            let address: IPAddress =
                key.family == .ipv4
                ? .ipv4(0xc612_0309) : .ipv6(high: 0xfd00_0099 << 32, low: 9)
            operation = .addRealServer(RealServer(address: SocketEndpoint(address, 9)), of: key)
        }
        guard let operation else { return false }
        var socket = try IPVSSocket.required()
        // It may be so already.
        return socket.apply([operation]).isEmpty
    }
}
