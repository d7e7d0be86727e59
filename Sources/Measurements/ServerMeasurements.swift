import Addressing
package import DataplaneModel

/// What is known of a virtual server besides what the kernel says of it.
package struct ServedPort: Hashable, Sendable {
    /// The Service port that it is for, as in `IPVSState.claims`: `default/web:http`.
    package let owner: String
    /// How many real servers it should have.
    package let realServers: Int

    package init(owner: String, realServers: Int) {
        self.owner = owner
        self.realServers = realServers
    }
}

/// Writes what the kernel counts for virtual and real servers.
package struct ServerMeasurements: Sendable {
    /// Each real server gets series of its own.
    package var showsRealServers: Bool
    /// The most series that are written.
    package var maximumSeries: Int
    /// False for chains of the packet filter: the kernel then counts no connections, and only what
    /// was set is known.
    package var hasCounters: Bool

    package init(showsRealServers: Bool = true, maximumSeries: Int, hasCounters: Bool = true) {
        self.showsRealServers = showsRealServers
        self.maximumSeries = maximumSeries
        self.hasCounters = hasCounters
    }

    private struct VirtualServerSeries {
        let family: MetricFamily
        let value: (VirtualServerReading, ServedPort) -> UInt64
    }

    private struct RealServerSeries {
        let family: MetricFamily
        let value: (RealServerReading) -> UInt64
    }

    /// Labels that are written already, one after the other.
    private struct WrittenLabels {
        private var bytes: [UInt8] = []
        private var ends: [Int] = []

        mutating func append(_ write: (inout [UInt8]) -> Void) {
            var labels: [UInt8] = []
            labels.reserveCapacity(192)
            write(&labels)
            bytes += labels
            ends.append(bytes.count)
        }

        subscript(index: Int) -> ArraySlice<UInt8> {
            bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
        }
    }

    /// The virtual servers whose real servers there is room for: those of others need not be read.
    package func withRealServers(
        among served: [VirtualServerKey: ServedPort]
    ) -> Set<VirtualServerKey> {
        guard showsRealServers else { return [] }
        let virtual = Self.virtualSeries(hasCounters: hasCounters).count
        let shown = min(served.count, maximumSeries / virtual)
        let each = Self.realSeries(hasCounters: hasCounters).count
        var room = (maximumSeries - shown * virtual) / each
        var keys: Set<VirtualServerKey> = []
        for key in served.keys.sorted().prefix(shown) {
            guard room > 0, let port = served[key] else { break }
            room -= port.realServers
            keys.insert(key)
        }
        return keys
    }

    /// Writes the series of the virtual servers that are served, and answers how many series there
    /// was no room for.
    ///
    /// Those of virtual servers come first, in the order of their keys, then those of real servers,
    /// each server with all of its series or none.
    package func write(
        _ readings: [VirtualServerReading],
        served: [VirtualServerKey: ServedPort],
        to exposition: inout Exposition
    ) -> Int {
        var servers: [(reading: VirtualServerReading, port: ServedPort)] = []
        servers.reserveCapacity(readings.count)
        for reading in readings {
            guard let port = served[reading.server.key] else { continue }
            servers.append((reading, port))
        }
        servers.sort { $0.reading.server.key < $1.reading.server.key }
        let virtual = Self.virtualSeries(hasCounters: hasCounters)
        let real = showsRealServers ? Self.realSeries(hasCounters: hasCounters) : []
        let shown = min(servers.count, maximumSeries / virtual.count)
        let room = maximumSeries - shown * virtual.count
        let shownReal = real.isEmpty ? 0 : room / real.count
        var labels = WrittenLabels()
        var realLabels = WrittenLabels()
        var realReadings: [RealServerReading] = []
        for (reading, port) in servers.prefix(shown) {
            var common: [UInt8] = []
            common.appendLabels(of: reading.server.key, owner: port.owner)
            labels.append { $0 = common }
            guard realReadings.count < shownReal else { continue }
            let sorted = reading.realServers.sorted { $0.server.address < $1.server.address }
            for server in sorted.prefix(shownReal - realReadings.count) {
                realReadings.append(server)
                realLabels.append {
                    $0 += common
                    $0.appendLabels(of: server.server.address)
                }
            }
        }
        exposition.reserveCapacity(
            exposition.bytes.count
                + 256 * (shown * virtual.count + realReadings.count * real.count)
        )
        for series in virtual where shown > 0 {
            exposition.begin(series.family)
            for index in 0..<shown {
                let (reading, port) = servers[index]
                exposition.add(written: labels[index], series.value(reading, port))
            }
        }
        for series in real where !realReadings.isEmpty {
            exposition.begin(series.family)
            for (index, reading) in realReadings.enumerated() {
                exposition.add(written: realLabels[index], series.value(reading))
            }
        }
        let wanted = servers.reduce(0) { $0 + $1.port.realServers }
        let missing = max(0, wanted - realReadings.count)
        return (servers.count - shown) * virtual.count + missing * real.count
    }

    private static func virtualSeries(hasCounters: Bool) -> [VirtualServerSeries] {
        var series = [
            VirtualServerSeries(
                family: MetricFamily(
                    .gauge,
                    "fairlead_virtual_server_real_servers",
                    "Real servers that a virtual server should have, those that drain included."
                )
            ) { UInt64($1.realServers) }
        ]
        guard hasCounters else { return series }
        for (name, help, value) in traffic {
            series.append(
                VirtualServerSeries(
                    family: MetricFamily(
                        .counter,
                        "fairlead_virtual_server_\(name)_total",
                        "\(help) a virtual server, by the kernel's count."
                    )
                ) { reading, _ in reading.statistics[keyPath: value] }
            )
        }
        return series
    }

    private static func realSeries(hasCounters: Bool) -> [RealServerSeries] {
        var series = [
            RealServerSeries(
                family: MetricFamily(
                    .gauge,
                    "fairlead_real_server_weight",
                    "Weight of a real server; 0 takes no new connections."
                )
            ) { UInt64(clamping: $0.server.weight) },
            RealServerSeries(
                family: MetricFamily(
                    .gauge,
                    "fairlead_real_server_draining",
                    "1 for a real server that takes no new connections and keeps those it has."
                )
            ) { $0.server.weight == 0 ? 1 : 0 },
        ]
        guard hasCounters else { return series }
        series.append(
            RealServerSeries(
                family: MetricFamily(
                    .gauge,
                    "fairlead_real_server_active_connections",
                    "Established connections to a real server."
                )
            ) { UInt64($0.activeConnections) }
        )
        series.append(
            RealServerSeries(
                family: MetricFamily(
                    .gauge,
                    "fairlead_real_server_inactive_connections",
                    "Connections to a real server that begin or end, and all those of UDP."
                )
            ) { UInt64($0.inactiveConnections) }
        )
        for (name, help, value) in traffic {
            series.append(
                RealServerSeries(
                    family: MetricFamily(
                        .counter,
                        "fairlead_real_server_\(name)_total",
                        "\(help) a real server, by the kernel's count."
                    )
                ) { $0.statistics[keyPath: value] }
            )
        }
        return series
    }

    private static var traffic: [(String, String, KeyPath<TrafficStatistics, UInt64>)] {
        [
            ("connections", "Connections to", \.connections),
            ("incoming_packets", "Packets to", \.inPackets),
            ("outgoing_packets", "Packets from", \.outPackets),
            ("incoming_bytes", "Bytes to", \.inBytes),
            ("outgoing_bytes", "Bytes from", \.outBytes),
        ]
    }
}

extension [UInt8] {
    fileprivate mutating func appendLabels(of key: VirtualServerKey, owner: String) {
        // An owner is `namespace/service:port`, or without the port's name where it has none.
        let (namespace, rest) = owner.split(at: "/")
        let (service, port) = rest.split(at: ":")
        appendLabel("namespace", namespace)
        appendLabel("service", service)
        appendLabel("port_name", port)
        appendLabel("ip_family", key.family.description)
        switch key {
        case .address(let endpoint, let transport):
            appendLabel("address", endpoint.address)
            appendLabel("port", endpoint.port)
            appendLabel("protocol", transport.description)
            appendLabel("mark", "")
        case .firewallMark(let mark, _):
            appendLabel("address", "")
            appendLabel("port", "")
            appendLabel("protocol", "")
            beginLabel("mark")
            appendDigits(UInt64(mark))
            append(UInt8(ascii: "\""))
        }
    }

    fileprivate mutating func appendLabels(of endpoint: SocketEndpoint) {
        appendLabel("real_address", endpoint.address)
        appendLabel("real_port", endpoint.port)
    }

    private mutating func appendLabel(_ name: String, _ address: IPAddress) {
        guard address.family == .ipv4 else { return appendLabel(name, "\(address)") }
        beginLabel(name)
        for shift in [24, 16, 8, 0] as [UInt64] {
            appendDigits(address.low >> shift & 0xff)
            if shift > 0 { append(UInt8(ascii: ".")) }
        }
        append(UInt8(ascii: "\""))
    }

    private mutating func appendLabel(_ name: String, _ port: UInt16) {
        beginLabel(name)
        appendDigits(UInt64(port))
        append(UInt8(ascii: "\""))
    }
}

extension StringProtocol {
    /// What stands before the first such character, and what behind it.
    fileprivate func split(at separator: Character) -> (SubSequence, SubSequence) {
        guard let index = firstIndex(of: separator) else { return (self[...], self[endIndex...]) }
        return (self[..<index], self[self.index(after: index)...])
    }
}
