import Addressing
import DataplaneModel
import Measurements
import TestSupport
import Testing

@Suite struct ServerMeasurementsTests {
    private static func reading(
        _ key: VirtualServerKey,
        connections: UInt64 = 0,
        real: [RealServerReading] = []
    ) -> VirtualServerReading {
        var statistics = TrafficStatistics()
        statistics.connections = connections
        statistics.inPackets = 2 * connections
        statistics.outPackets = 3 * connections
        statistics.inBytes = UInt64.max
        statistics.outBytes = 5 * connections
        return VirtualServerReading(
            server: VirtualServer(key: key, scheduler: .roundRobin),
            netmask: 0,
            statistics: statistics,
            realServers: real
        )
    }

    private static func real(_ number: UInt32, weight: Int32 = 1) -> RealServerReading {
        var statistics = TrafficStatistics()
        statistics.connections = UInt64(number)
        return RealServerReading(
            server: RealServer(
                address: SocketEndpoint(.ipv4(0x0af4_0000 + number), 8080),
                weight: weight
            ),
            activeConnections: 3,
            inactiveConnections: 4,
            statistics: statistics
        )
    }

    private static let web = VirtualServerKey.address(
        SocketEndpoint(.ipv4(0x0a60_0001), 80),
        .tcp
    )
    private static let other = VirtualServerKey.address(
        SocketEndpoint(.ipv6(high: 0xfd00 << 48, low: 1), 53),
        .udp
    )
    private static let marked = VirtualServerKey.firewallMark(4097, .ipv6)

    private func parsed(
        _ measurements: ServerMeasurements,
        _ readings: [VirtualServerReading],
        _ owners: [VirtualServerKey: String]
    ) throws -> (exposition: ParsedExposition, leftOut: Int, series: Int) {
        var exposition = Exposition()
        let counts = Dictionary(
            uniqueKeysWithValues: readings.map { ($0.server.key, $0.realServers.count) }
        )
        var served: [VirtualServerKey: ServedPort] = [:]
        for (key, owner) in owners {
            served[key] = ServedPort(owner: owner, realServers: counts[key] ?? 0)
        }
        let leftOut = measurements.write(readings, served: served, to: &exposition)
        let text = String(decoding: exposition.bytes, as: UTF8.self)
        return (try ParsedExposition(text), leftOut, exposition.seriesCount)
    }

    @Test func everyServerHasItsServiceAndItsNumbers() throws {
        let (exposition, leftOut, series) = try parsed(
            ServerMeasurements(maximumSeries: 1000),
            [
                Self.reading(Self.other, connections: 9),
                Self.reading(
                    Self.web,
                    connections: 7,
                    real: [Self.real(2), Self.real(3, weight: 0)]
                ),
                Self.reading(Self.marked),
            ],
            [
                Self.web: "default/web:http", Self.other: "kube-system/dns",
                Self.marked: "default/lb:http",
            ]
        )
        let labels = [
            "namespace": "default", "service": "web", "port_name": "http", "ip_family": "IPv4",
            "address": "10.96.0.1", "port": "80", "protocol": "TCP", "mark": "",
        ]
        #expect(exposition["fairlead_virtual_server_connections_total", labels] == 7)
        #expect(exposition["fairlead_virtual_server_incoming_packets_total", labels] == 14)
        #expect(exposition["fairlead_virtual_server_outgoing_packets_total", labels] == 21)
        #expect(exposition["fairlead_virtual_server_incoming_bytes_total", labels] == 0x1p64)
        #expect(exposition["fairlead_virtual_server_outgoing_bytes_total", labels] == 35)
        #expect(exposition["fairlead_virtual_server_real_servers", labels] == 2)
        let dns = [
            "namespace": "kube-system", "service": "dns", "port_name": "", "ip_family": "IPv6",
            "address": "fd00::1", "port": "53", "protocol": "UDP", "mark": "",
        ]
        #expect(exposition["fairlead_virtual_server_connections_total", dns] == 9)
        #expect(
            exposition.series(
                "fairlead_virtual_server_connections_total",
                where: ["mark": "4097", "address": "", "ip_family": "IPv6", "service": "lb"]
            ).count == 1
        )
        var drained = labels
        drained["real_address"] = "10.244.0.3"
        drained["real_port"] = "8080"
        #expect(exposition["fairlead_real_server_draining", drained] == 1)
        #expect(exposition["fairlead_real_server_weight", drained] == 0)
        #expect(exposition["fairlead_real_server_active_connections", drained] == 3)
        #expect(exposition["fairlead_real_server_inactive_connections", drained] == 4)
        #expect(exposition["fairlead_real_server_connections_total", drained] == 3)
        #expect(leftOut == 0)
        #expect(series == 3 * 6 + 2 * 9)
    }

    @Test func theOrderDoesNotDependOnThatOfTheKernel() {
        let servers = [Self.real(3), Self.real(1), Self.real(2)]
        let readings = [Self.web, Self.marked, Self.other].map { Self.reading($0, real: servers) }
        var served: [VirtualServerKey: ServedPort] = [:]
        for reading in readings {
            served[reading.server.key] = ServedPort(owner: "default/web", realServers: 3)
        }
        var texts: Set<[UInt8]> = []
        for readings in [readings, readings.reversed()] {
            var exposition = Exposition()
            let turned = readings.map { reading in
                var turned = reading
                turned.realServers.reverse()
                return turned
            }
            _ = ServerMeasurements(maximumSeries: 100)
                .write(texts.isEmpty ? readings : turned, served: served, to: &exposition)
            texts.insert(exposition.bytes)
        }
        #expect(texts.count == 1)
    }

    @Test func virtualServersOfOthersAreNotShown() throws {
        let (exposition, leftOut, _) = try parsed(
            ServerMeasurements(maximumSeries: 1000),
            [Self.reading(Self.web, real: [Self.real(1)])],
            [:]
        )
        #expect(exposition.values.isEmpty)
        #expect(leftOut == 0)
    }

    @Test func withoutRealServersThereAreThoseOfVirtualServersAlone() throws {
        let (exposition, leftOut, series) = try parsed(
            ServerMeasurements(showsRealServers: false, maximumSeries: 1000),
            [Self.reading(Self.web, real: [Self.real(1)])],
            [Self.web: "default/web"]
        )
        #expect(exposition.kinds.keys.allSatisfy { $0.hasPrefix("fairlead_virtual_server_") })
        #expect(series == 6)
        #expect(leftOut == 0)
    }

    @Test func chainsHaveNoCounters() throws {
        let (exposition, _, _) = try parsed(
            ServerMeasurements(maximumSeries: 1000, hasCounters: false),
            [Self.reading(Self.web, real: [Self.real(1)])],
            [Self.web: "default/web"]
        )
        #expect(
            Set(exposition.kinds.keys) == [
                "fairlead_virtual_server_real_servers", "fairlead_real_server_weight",
                "fairlead_real_server_draining",
            ]
        )
    }

    /// The limit, what is written, and what is left out, of two virtual servers with two real ones.
    @Test(arguments: [
        (48, 48, 0), (47, 39, 9), (30, 30, 18), (20, 12, 36), (11, 6, 42), (5, 0, 48), (0, 0, 48),
    ])
    func whatThereIsNoRoomForIsLeftOutAndCounted(
        limit: Int,
        written: Int,
        leftOut: Int
    ) throws {
        let measurements = ServerMeasurements(maximumSeries: limit)
        let result = try parsed(
            measurements,
            [
                Self.reading(Self.other, real: [Self.real(1), Self.real(2)]),
                Self.reading(Self.web, real: [Self.real(1), Self.real(2)]),
            ],
            [Self.web: "default/web", Self.other: "default/other"]
        )
        // Real servers that are not shown are not asked for either.
        let port = ServedPort(owner: "default/web", realServers: 2)
        let asked = measurements.withRealServers(among: [Self.web: port, Self.other: port])
        let shownOf = Set(
            result.exposition.series("fairlead_real_server_weight").keys.map {
                $0.labels["service"]
            }
        )
        #expect(asked.count == shownOf.count)
        #expect(asked.contains(Self.web) == shownOf.contains("web"))
        #expect(result.series == written)
        #expect(result.leftOut == leftOut)
        let shown = result.exposition.series("fairlead_virtual_server_connections_total")
        // The first by its key is there as long as there is room for one.
        #expect(shown.isEmpty || shown.keys.contains { $0.labels["service"] == "web" })
    }
}
