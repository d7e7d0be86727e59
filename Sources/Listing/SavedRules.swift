import Addressing
package import DataplaneModel

/// Virtual servers as commands that `ipvsadm -R` takes: what `ipvsadm -S` prints, byte for byte.
///
/// Thresholds are not among them; `ipvsadm` does not save them either.
package struct SavedRules<Names: NameResolving> {
    package var names: Names
    package var isSorted: Bool

    package init(names: Names, isSorted: Bool = true) {
        self.names = names
        self.isSorted = isSorted
    }

    /// Virtual servers with their real servers, a command a line.
    package func text(of servers: [VirtualServerReading]) -> String {
        var text = ""
        for reading in isSorted ? ListingOrder.sorted(servers) : servers {
            let server = reading.server
            let name = option(of: server.key)
            text += "-A \(name) \(specification(of: server, netmask: reading.listedNetmask))\n"
            let realServers =
                isSorted ? ListingOrder.sorted(reading.realServers) : reading.realServers
            for realServer in realServers.map(\.server) {
                text += "-a \(name) \(specification(of: realServer, of: server.key))\n"
            }
        }
        return text
    }

    /// What can be set of a virtual server: `-s rr -p 10800`.
    func specification(of server: VirtualServer, netmask: String?) -> String {
        var text = "-s \(server.scheduler)"
        if let persistence = server.persistence {
            text += " -p \(persistence.timeout)"
            if let netmask { text += " -M \(netmask)" }
        }
        if let engine = server.persistenceEngine { text += " --pe \(engine)" }
        if server.onePacket { text += " -o" }
        if !server.schedulerFlags.isEmpty {
            text += " -b \(server.schedulerFlagNames.joined(separator: ","))"
        }
        return text
    }

    /// A real server with all that can be set of it: `-r 10.244.1.2:8080 -m -w 1`.
    func specification(of server: RealServer, of key: VirtualServerKey) -> String {
        let address = names.text(of: server.address, key.transport)
        return "-r \(address) \(server.forwarding.option) -w \(server.weight)"
            + tunnel(of: server)
    }

    /// The option that names a virtual server: `-t 10.96.0.1:80`.
    func option(of key: VirtualServerKey) -> String {
        switch key {
        case .address(let endpoint, let transport):
            let option =
                switch transport {
                case .tcp: "-t"
                case .udp: "-u"
                case .sctp: "--sctp-service"
                }
            return "\(option) \(names.text(of: endpoint, transport))"
        case .firewallMark(let mark, let family):
            let number = Int32(bitPattern: mark)
            return family == .ipv4 ? "-f \(number)" : "-f \(number) -6"
        }
    }

    private func tunnel(of server: RealServer) -> String {
        guard server.forwarding == .tunnel else { return "" }
        let checksum =
            switch server.tunnel.checksum {
            case .none: "--tun-nocsum"
            case .computed: "--tun-csum"
            case .remote: "--tun-remcsum"
            }
        return switch server.tunnel.kind {
        case .ipip: " --tun-type ipip"
        case .gue: " --tun-type gue --tun-port \(server.tunnel.port) \(checksum)"
        case .gre: " --tun-type gre \(checksum)"
        }
    }
}
