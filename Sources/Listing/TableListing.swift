import Addressing
package import DataplaneModel

/// What a table listing shows of each server.
package enum ListingColumns: Hashable, Sendable, CaseIterable {
    /// Forwarding method, weight and connections.
    case plain
    /// Totals since the counters were zero.
    case statistics
    /// The kernel's estimates per second.
    case rate
    case thresholds
    case persistentConnections
    /// As `plain`, with the kind of tunnel.
    case tunnels
}

/// The tables of `ipvsadm -L`, byte for byte (version 1.31).
package struct TableListing<Names: NameResolving> {
    package var columns: ListingColumns
    /// All digits of every counter.
    package var exact: Bool
    /// Otherwise in the kernel's order.
    package var isSorted: Bool
    package var names: Names
    /// Adds the name of its Service port to each virtual server that has one.
    ///
    /// `ipvsadm` has no such column.
    package var serviceNames: [VirtualServerKey: String]?

    package init(
        columns: ListingColumns = .plain,
        exact: Bool = false,
        isSorted: Bool = true,
        names: Names,
        serviceNames: [VirtualServerKey: String]? = nil
    ) {
        self.columns = columns
        self.exact = exact
        self.isSorted = isSorted
        self.names = names
        self.serviceNames = serviceNames
    }

    /// The same table for virtual servers that chains of the packet filter stand in for.
    ///
    /// The first line says so; there are no counters, and the one scheduler is called random.
    package func text(ofChains servers: [VirtualServerReading]) -> String {
        var text =
            "Virtual servers in chains of iptables (this node is served without IPVS)\n" + title
        for server in isSorted ? ListingOrder.sorted(servers) : servers {
            append(server, to: &text)
        }
        return text
    }

    /// The whole table, as `ipvsadm -L` prints it.
    package func text(
        of servers: [VirtualServerReading],
        information: IPVSInformation
    ) -> String {
        let version = information.version
        var text =
            "IP Virtual Server version \(version >> 16 & 255).\(version >> 8 & 255)"
            + ".\(version & 255) (size=\(information.connectionTableSize))\n"
        text += title
        for server in isSorted ? ListingOrder.sorted(servers) : servers {
            append(server, to: &text)
        }
        return text
    }

    /// One virtual server, as `ipvsadm -L -t …` prints it: without the first line.
    package func text(of server: VirtualServerReading) -> String {
        var text = title
        append(server, to: &text)
        return text
    }

    private var title: String {
        let first = "Prot LocalAddress:Port"
        let second = "  -> RemoteAddress:Port"
        func counters(_ headings: [String]) -> String {
            first.padded(to: 33) + headings.map { " " + $0.aligned(to: 8) }.joined()
                + "\n" + second + "\n"
        }
        func fields(_ headings: [(String, Int)]) -> String {
            first.padded(to: 33) + headings.map { " " + $0.0.padded(to: $0.1) }.joined()
                + "\n" + second + "\n"
        }
        return switch columns {
        case .statistics: counters(["Conns", "InPkts", "OutPkts", "InBytes", "OutBytes"])
        case .rate: counters(["CPS", "InPPS", "OutPPS", "InBPS", "OutBPS"])
        case .thresholds:
            fields([
                ("Uthreshold", 10), ("Lthreshold", 10), ("ActiveConn", 10), ("InActConn", 10),
            ])
        case .persistentConnections:
            fields([("Weight", 9), ("PersistConn", 11), ("ActiveConn", 10), ("InActConn", 10)])
        case .tunnels:
            "\(first) Scheduler Flags\n"
                + "\(second)           Forward TunnelInfo    Weight ActiveConn InActConn\n"
        case .plain:
            "\(first) Scheduler Flags\n"
                + "\(second)           Forward Weight ActiveConn InActConn\n"
        }
    }

    private func append(_ reading: VirtualServerReading, to text: inout String) {
        let name = heading(of: reading.server.key)
        switch columns {
        case .statistics:
            text += name.padded(to: 33) + totals(reading.statistics)
        case .rate:
            let rates = reading.statistics
            text += name.padded(to: 33)
            for rate in [
                rates.connectionRate, rates.inPacketRate, rates.outPacketRate, rates.inByteRate,
                rates.outByteRate,
            ] {
                text += largeNumber(rate, exact: exact)
            }
        case .plain, .thresholds, .persistentConnections, .tunnels:
            text += "\(name) \(reading.server.scheduler)\(details(of: reading))"
        }
        if let service = serviceNames?[reading.server.key] { text += "  \(service)" }
        text += "\n"
        let servers = isSorted ? ListingOrder.sorted(reading.realServers) : reading.realServers
        for server in servers { append(server, of: reading.server.key, to: &text) }
    }

    private func heading(of key: VirtualServerKey) -> String {
        switch key {
        case .address(let endpoint, let transport):
            let name =
                transport.description.padded(to: 4) + " " + names.text(of: endpoint, transport)
            return endpoint.address.family == .ipv4 ? String(name.prefix(33)) : name
        case .firewallMark(let mark, let family):
            let number = Int32(bitPattern: mark)
            return family == .ipv4 ? "FWM  \(number)" : "FWM  \(number) IPv6"
        }
    }

    private func details(of reading: VirtualServerReading) -> String {
        let server = reading.server
        var text = ""
        let flags = server.schedulerFlagNames
        if !server.schedulerFlags.isEmpty { text += " (\(flags.joined(separator: ",")))" }
        if let persistence = server.persistence {
            text += " persistent \(persistence.timeout)"
            if let mask = reading.listedNetmask { text += " mask \(mask)" }
            if let engine = server.persistenceEngine { text += " pe \(engine)" }
        }
        if server.onePacket { text += " ops" }
        return text
    }

    private func totals(_ statistics: TrafficStatistics) -> String {
        [
            statistics.connections, statistics.inPackets, statistics.outPackets,
            statistics.inBytes, statistics.outBytes,
        ].map { largeNumber($0, exact: exact) }.joined()
    }

    private func append(
        _ reading: RealServerReading,
        of key: VirtualServerKey,
        to text: inout String
    ) {
        let server = reading.server
        var name = names.text(of: server.address, key.transport)
        if server.address.address.family == .ipv4 { name = String(name.prefix(28)) }
        text += "  -> " + name.padded(to: 28)
        let connections: [(String, Int)] = [
            (String(reading.activeConnections), 10), (String(reading.inactiveConnections), 10),
        ]
        let weight = String(server.weight)
        var fields: [(String, Int)] = []
        switch columns {
        case .statistics:
            text += totals(reading.statistics)
        case .rate:
            let rates = reading.statistics
            for rate in [rates.connectionRate, rates.inPacketRate, rates.outPacketRate] {
                text += " " + String(rate).aligned(to: 8)
            }
            text += largeNumber(rates.inByteRate, exact: exact)
            text += largeNumber(rates.outByteRate, exact: exact)
        case .thresholds:
            fields = [
                (String(server.upperThreshold), 10), (String(server.lowerThreshold), 10),
            ]
            fields += connections
        case .persistentConnections:
            fields = [(weight, 9), (String(reading.persistentConnections), 11)] + connections
        case .tunnels:
            fields = [(server.forwarding.listedName, 7), (server.listedTunnel, 13), (weight, 6)]
            fields += connections
        case .plain:
            fields = [(server.forwarding.listedName, 7), (weight, 6)] + connections
        }
        for (field, width) in fields { text += " " + field.padded(to: width) }
        text += "\n"
    }
}
