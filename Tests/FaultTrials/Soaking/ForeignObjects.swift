import Addressing
import DataplaneModel
import LinuxDataplane
import NetworkLab
import TestSupport

/// What others have on the node: virtual servers, address sets, chains and addresses that come and go
/// and must stay exactly as they are meanwhile.
struct ForeignObjects {
    private let mode: DataplaneMode
    private(set) var virtualServers: [VirtualServerKey: IPVSState.Entry] = [:]
    private(set) var addresses: Set<IPAddress> = []
    private var sets: Set<Int> = []
    private var chains: Set<Int> = []

    init(_ mode: DataplaneMode) { self.mode = mode }

    /// Adds or removes one object; answers what kind it is.
    mutating func change(_ numbers: inout SeededGenerator) throws -> String {
        let number = Int.random(in: 1...4, using: &numbers)
        switch numbers.pick(["virtual server", "set", "chain", "address"]) {
        case "virtual server" where mode == .ipvs:
            try changeVirtualServer(number, &numbers)
            return "virtual server"
        case "set":
            let isThere = sets.contains(number)
            try Command.run(
                "ipset",
                ["restore"],
                input: isThere
                    ? "destroy SOAK-\(number)\n"
                    : "create SOAK-\(number) hash:ip\nadd SOAK-\(number) 198.18.0.\(number)\n"
            )
            if isThere { sets.remove(number) } else { sets.insert(number) }
            return "address set"
        case "chain":
            try changeChain(number)
            return "chain"
        default:
            let address = IPAddress.ipv4(0xc612_0200 + UInt32(number))
            let isThere = addresses.contains(address)
            try Command.run(
                "ip",
                ["addr", isThere ? "del" : "add", "\(address)/32", "dev", "node0"]
            )
            if isThere { addresses.remove(address) } else { addresses.insert(address) }
            return "address"
        }
    }

    private mutating func changeVirtualServer(
        _ number: Int,
        _ numbers: inout SeededGenerator
    ) throws {
        let key: VirtualServerKey =
            number == 4
            ? .firewallMark(77, .ipv4)
            : .address(SocketEndpoint(.ipv4(0xc612_0100 + UInt32(number)), 80), .tcp)
        if virtualServers.removeValue(forKey: key) != nil {
            try apply([.deleteVirtualServer(key)])
            return
        }
        let entry = IPVSState.Entry(
            server: VirtualServer(
                key: key,
                scheduler: numbers.pick([.roundRobin, .sourceHashing])
            ),
            realServers: (1...Int.random(in: 1...3, using: &numbers)).map {
                RealServer(
                    address: SocketEndpoint(.ipv4(0xc612_0300 + UInt32($0)), 80),
                    weight: Int32(7 * $0)
                )
            }
        )
        virtualServers[key] = entry
        try apply(Self.operations(entry))
    }

    private mutating func changeChain(_ number: Int) throws {
        let chain = "SOAK-\(number)"
        if chains.remove(number) != nil {
            try Command.run(
                "iptables-restore",
                ["--noflush"],
                input: "*filter\n-D INPUT -j \(chain)\n-F \(chain)\n-X \(chain)\nCOMMIT\n"
            )
        } else {
            chains.insert(number)
            let rule = "-A \(chain) -p tcp -m tcp --dport \(number) -j ACCEPT"
            try Command.run(
                "iptables-restore",
                ["--noflush"],
                input: "*filter\n:\(chain) - [0:0]\n\(rule)\n-A INPUT -j \(chain)\nCOMMIT\n"
            )
        }
    }

    /// Puts the virtual servers back that somebody flushed with all others.
    func restoreVirtualServers() throws {
        try apply(virtualServers.sorted { $0.key < $1.key }.flatMap { Self.operations($0.value) })
    }

    private static func operations(_ entry: IPVSState.Entry) -> [Operation] {
        [.addVirtualServer(entry.server)]
            + entry.realServers.map { .addRealServer($0, of: entry.server.key) }
    }

    private func apply(_ operations: [Operation]) throws {
        var socket = try IPVSSocket.required()
        for failure in socket.apply(operations[...]) { throw failure.error }
    }

    /// What others have beside virtual servers and addresses, as the tools print it.
    static func printed() throws -> [String] {
        let sets = try Command.run("ipset", ["save"])
        let rules = try Command.run("iptables-save")
        return (sets + rules).split(separator: "\n").map(String.init)
            .filter { !$0.contains("FAIRLEAD-") && !$0.hasPrefix("#") }
            .map { $0.hasPrefix(":") ? String($0.prefix { $0 != "[" }) : $0 }
    }

    /// The lines of `printed` that there must be.
    var expectedLines: Set<String> {
        var lines: Set<String> = []
        for number in sets { lines.insert("add SOAK-\(number) 198.18.0.\(number)") }
        for number in chains {
            lines.insert(":SOAK-\(number) - ")
            lines.insert("-A SOAK-\(number) -p tcp -m tcp --dport \(number) -j ACCEPT")
            lines.insert("-A INPUT -j SOAK-\(number)")
        }
        return lines
    }
}
