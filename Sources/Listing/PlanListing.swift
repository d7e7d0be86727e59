package import Addressing
package import DataplaneModel

/// A plan as commands that an operator knows: the same changes, by `ipvsadm`, `ip`, `ipset`,
/// `iptables` and `sysctl`.
package struct PlanListing {
    /// The device that service addresses are announced on.
    package var device: String
    /// Where chains stand in for virtual servers: the inputs of `iptables-restore` that make them what
    /// they should be.
    package var chains: [AddressFamily: String]?
    private let rules = SavedRules(names: NumericNames())

    package init(device: String, chains: [AddressFamily: String]? = nil) {
        self.device = device
        self.chains = chains
    }

    /// One command a line, in the order in which they would be done.
    ///
    /// What is only written into our own record has no command, and is a remark.
    package func text(of plan: Plan) -> String {
        var text = ""
        var areChainsDone = chains == nil
        for operation in plan.operations {
            if chains != nil, operation.virtualServer != nil {
                // Whatever a plan does to them takes effect at once.
                if !areChainsDone { text += restorations }
                areChainsDone = true
            } else {
                text += commands(of: operation).map { $0 + "\n" }.joined()
            }
        }
        return text
    }

    private var restorations: String {
        (chains ?? [:]).sorted { $0.key < $1.key }.filter { !$0.value.isEmpty }.map {
            let program = $0.key == .ipv4 ? "iptables-restore" : "ip6tables-restore"
            return "\(program) --noflush <<'END'\n\($0.value)END\n"
        }.joined()
    }

    private func commands(of operation: Operation) -> [String] {
        switch operation {
        case .setParameter(let parameter, let value):
            return ["sysctl -w \(parameter.rawValue)=\(value)"]
        case .setTimeouts(let timeouts):
            return ["ipvsadm --set \(timeouts.tcp) \(timeouts.tcpFin) \(timeouts.udp)"]
        case .prepareDevice:
            return [
                "ip link add \(device) type dummy", "ip link set \(device) addrgenmode none up",
            ]
        case .claim(let object, let name):
            return ["# from now on \(object) is ours\(name.isEmpty ? "" : ", for \(name)")"]
        case .release(let object):
            return ["# \(object) is no longer ours"]
        case .addVirtualServer(let server):
            return ["ipvsadm -A \(rules.option(of: server.key)) \(specification(of: server))"]
        case .editVirtualServer(let server):
            return ["ipvsadm -E \(rules.option(of: server.key)) \(specification(of: server))"]
        case .deleteVirtualServer(let key):
            return ["ipvsadm -D \(rules.option(of: key))"]
        case .addRealServer(let server, let key):
            return ["ipvsadm -a \(rules.option(of: key)) \(specification(of: server, key))"]
        case .editRealServer(let server, let key):
            return ["ipvsadm -e \(rules.option(of: key)) \(specification(of: server, key))"]
        case .deleteRealServer(let address, let key):
            return ["ipvsadm -d \(rules.option(of: key)) -r \(address)"]
        case .announce(let address, let announcement):
            return [announcementCommand("add", address, announcement)]
        case .replaceAnnouncement(let address, let old, let new):
            let isSameKind = (old == .bound) == (new == .bound)
            return (isSameKind ? [] : [announcementCommand("del", address, old)])
                + [announcementCommand("replace", address, new)]
        case .withdraw(let address, let announcement):
            return [announcementCommand("del", address, announcement)]
        case .createSet(let set, _):
            return [creation(of: set)]
        case .putMember(let member, let mark, let set):
            let mark = set.hasMarks ? " skbmark 0x\(String(mark, radix: 16))/0xffffffff" : ""
            return ["ipset add -exist \(set.name) \(member)\(mark)"]
        case .removeMember(let member, let set):
            return ["ipset del -exist \(set.name) \(member)"]
        case .installFilter(let filter):
            return commands(of: filter)
        }
    }

    private func specification(of server: VirtualServer) -> String {
        var netmask: String?
        if let persistence = server.persistence,
            Int(persistence.prefixLength) != server.key.family.bits
        {
            netmask =
                server.key.family == .ipv4
                ? IPPrefix(holding: .ipv4(.max), length: Int(persistence.prefixLength)).address
                    .description
                : String(persistence.prefixLength)
        }
        return rules.specification(of: server, netmask: netmask)
    }

    private func specification(of server: RealServer, _ key: VirtualServerKey) -> String {
        rules.specification(of: server, of: key)
    }

    private func announcementCommand(
        _ verb: String,
        _ address: IPAddress,
        _ announcement: Announcement
    ) -> String {
        let program = address.family == .ipv4 ? "ip" : "ip -6"
        switch announcement {
        case .bound:
            return "\(program) addr \(verb) \(address)/\(address.family.bits) dev \(device)"
        case .route(let source):
            // Deleting a route does not need its source.
            let suffix = verb == "del" ? "" : source.map { " src \($0)" } ?? ""
            return "\(program) route \(verb) local \(address) dev \(device) table local proto 70"
                + suffix
        }
    }

    private func creation(of set: AddressSet) -> String {
        switch set.kind {
        case .port: "ipset create -exist \(set.name) bitmap:port range 0-65535"
        case .address, .addressPort, .addressPortAddress, .addressPortPrefix:
            "ipset create -exist \(set.name) \(set.kind.rawValue)"
                + " family \(set.family == .ipv4 ? "inet" : "inet6")"
                + (set.hasMarks ? " skbinfo" : "")
        }
    }

    private func commands(of filter: PacketFilter) -> [String] {
        let program = filter.family == .ipv4 ? "iptables" : "ip6tables"
        var lines: [String] = []
        for chain in filter.chains {
            lines.append("\(program) -t \(chain.table) -N \(chain.name)")
        }
        for chain in filter.chains {
            for rule in chain.rules {
                lines.append(
                    "\(program) -t \(chain.table) \(rule.text(in: chain.name, filter.family))"
                )
            }
        }
        for jump in filter.jumps {
            lines.append("\(program) -t \(jump.table) \(jump.isFirst ? "-I" : "-A") \(jump.text)")
        }
        return lines
    }
}
