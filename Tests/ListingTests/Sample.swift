import Addressing
import DataplaneModel
import Listing

/// One of everything that a listing can show, in an order that is not the sorted one.
enum Sample {
    static let information = IPVSInformation(version: 0x01_02_01, connectionTableSize: 4096)

    static func servers() throws -> [VirtualServerReading] {
        try tunnels() + balanced() + flagged() + persistent() + marks()
    }

    /// The kinds of forwarding, and a real server of the other family.
    static func tunnels() throws -> [VirtualServerReading] {
        [
            try virtual("192.168.0.1:80", .tcp, "wlc", traffic: 99_999_999) {
                let gue = Tunnel(kind: .gue, port: 6080)
                let remote = Tunnel(kind: .gue, port: 65535, checksum: .remote)
                let gre = Tunnel(kind: .gre, checksum: .computed)
                return [
                    try real("10.244.2.2:80", .tunnel, active: 1, inactive: 2, tunnel: gue),
                    try real("10.244.2.1:80", .tunnel),
                    try real("10.244.2.3:65535", .tunnel, tunnel: remote),
                    try real("10.244.2.4:80", .tunnel, tunnel: gre),
                    try real("10.244.2.5:80", .directRouting),
                    try real("10.244.2.6:80", .bypass),
                    try real(
                        "[fd00:10:244::5]:80",
                        .tunnel,
                        weight: 65535,
                        active: .max,
                        inactive: 1_234_567_890
                    ),
                ]
            }
        ]
    }

    private static func balanced() throws -> [VirtualServerReading] {
        var kubernetes = try virtual("10.96.0.1:443", .tcp, "rr", persistent: 10_800, traffic: 14) {
            [try real("192.168.10.21:6443", active: 3, traffic: 14)]
        }
        kubernetes.realServers[0].persistentConnections = 2
        kubernetes.realServers[0].server.upperThreshold = 100
        kubernetes.realServers[0].server.lowerThreshold = 75
        let web = try virtual(
            "10.96.7.7:80",
            .tcp,
            "mh",
            flags: [.first, .second],
            traffic: 123_456
        ) {
            [
                try real("10.244.1.10:8080", .localNode, weight: 2, traffic: 123_000),
                try real("10.244.1.9:8080", active: 1, inactive: 4, traffic: 456),
            ]
        }
        var dns = try virtual("10.96.0.10:53", .udp, "rr", traffic: 12_345_678_901) {
            [
                try real("10.244.0.3:53", weight: 0, inactive: 2, traffic: 5),
                try real("10.244.0.2:53", traffic: 12_345_678_896),
            ]
        }
        dns.server.onePacket = true
        return [kubernetes, web, dns, try virtual("10.96.0.10:53", .tcp, "rr")]
    }

    private static func flagged() throws -> [VirtualServerReading] {
        var all = try virtual(
            "10.96.0.43:80",
            .tcp,
            "dh",
            flags: .all,
            persistent: 1,
            netmask: 0xffff_0000
        )
        all.server.onePacket = true
        return [
            try virtual("10.96.0.40:3868", .sctp, "wrr", flags: [.first, .third]) {
                [try real("10.244.4.1:3868")]
            },
            try virtual("10.96.0.41:80", .tcp, "sh", flags: [.second, .third]),
            try virtual("10.96.0.42:80", .tcp, "sh", flags: .third),
            all,
        ]
    }

    private static func persistent() throws -> [VirtualServerReading] {
        var sip = try virtual(
            "10.96.0.20:5060",
            .udp,
            "rr",
            persistent: 600,
            netmask: 0xffff_ff00
        ) { [try real("10.244.1.9:5060")] }
        sip.server.persistenceEngine = "sip"
        var engineOnly = try virtual("10.96.0.21:5060", .udp, "rr")
        engineOnly.server.persistenceEngine = "sip"
        return [
            sip, engineOnly,
            try virtual("10.96.0.22:5060", .udp, "rr", persistent: 300, netmask: 0xff00_ff00),
            try virtual("[fd00:10:96::a]:53", .tcp, "lc", persistent: 300, netmask: 64) {
                [try real("[fd00:10:244::3]:53"), try real("[fd00:10:244::2]:53", traffic: 77)]
            },
            try virtual("[fd00:10:96::a]:53", .udp, "twos", persistent: 60),
        ]
    }

    private static func marks() throws -> [VirtualServerReading] {
        [
            virtual(
                .firewallMark(3001, .ipv4),
                "rr",
                realServers: [try real("10.244.1.9:8080", .tunnel, traffic: 9)]
            ),
            virtual(
                .firewallMark(7, .ipv6),
                "wlc",
                persistent: 360,
                netmask: 48,
                realServers: [try real("[fd00:10:244::2]:53")]
            ),
            virtual(.firewallMark(7, .ipv4), "wlc"),
            virtual(.firewallMark(0x8000_0001, .ipv4), "rr"),
        ]
    }

    struct NotAnEndpoint: Error { let text: String }

    static func endpoint(_ text: String) throws -> SocketEndpoint {
        guard let endpoint = SocketEndpoint(text) else { throw NotAnEndpoint(text: text) }
        return endpoint
    }

    static func virtual(
        _ text: String,
        _ transport: TransportProtocol,
        _ scheduler: String,
        flags: SchedulerFlags = [],
        persistent: UInt32? = nil,
        netmask: UInt32? = nil,
        traffic: UInt64 = 0,
        realServers: () throws -> [RealServerReading] = { [] }
    ) throws -> VirtualServerReading {
        virtual(
            .address(try endpoint(text), transport),
            scheduler,
            flags: flags,
            persistent: persistent,
            netmask: netmask,
            traffic: traffic,
            realServers: try realServers()
        )
    }

    static func virtual(
        _ key: VirtualServerKey,
        _ scheduler: String,
        flags: SchedulerFlags = [],
        persistent: UInt32? = nil,
        netmask: UInt32? = nil,
        traffic: UInt64 = 0,
        realServers: [RealServerReading] = []
    ) -> VirtualServerReading {
        let netmask = netmask ?? (key.family == .ipv4 ? .max : 128)
        let length = key.family == .ipv4 ? netmask.nonzeroBitCount : Int(netmask)
        let server = VirtualServer(
            key: key,
            scheduler: Scheduler(rawValue: scheduler),
            schedulerFlags: flags,
            persistence: persistent.map {
                Persistence(timeout: $0, prefixLength: UInt8(truncatingIfNeeded: length))
            }
        )
        return VirtualServerReading(
            server: server,
            netmask: netmask,
            statistics: statistics(traffic),
            realServers: realServers
        )
    }

    static func real(
        _ text: String,
        _ forwarding: ForwardingMethod = .masquerade,
        weight: Int32 = 1,
        active: UInt32 = 0,
        inactive: UInt32 = 0,
        tunnel: Tunnel = Tunnel(),
        traffic: UInt64 = 0
    ) throws -> RealServerReading {
        RealServerReading(
            server: RealServer(
                address: try endpoint(text),
                forwarding: forwarding,
                weight: weight,
                tunnel: tunnel
            ),
            activeConnections: active,
            inactiveConnections: inactive,
            statistics: statistics(traffic)
        )
    }

    /// Ten different numbers from one.
    static func statistics(_ connections: UInt64) -> TrafficStatistics {
        var statistics = TrafficStatistics()
        statistics.connections = connections
        statistics.inPackets = connections * 10
        statistics.outPackets = connections * 100
        statistics.inBytes = connections * 1_000
        statistics.outBytes = connections * 10_000
        statistics.connectionRate = connections / 100
        statistics.inPacketRate = connections / 10
        statistics.outPacketRate = connections
        statistics.inByteRate = connections * 10
        statistics.outByteRate = connections * 100
        return statistics
    }
}

/// A host table and a table of services, with names longer than the columns.
struct SampleNames: NameResolving {
    func hostName(of address: IPAddress) -> String? {
        switch address.description {
        case "10.96.0.1": "kubernetes.default.svc.cluster.local"
        case "192.168.10.21": "control-plane-1.nodes.example.org"
        case "10.96.0.10": "dns"
        case "10.244.1.9": "web-1"
        case "fd00:10:96::a": "dns6.kube-system.svc.cluster.local"
        case "fd00:10:244::2": "coredns-0123456789-abcde.pods.kube-system.svc.cluster.example.org"
        default: nil
        }
    }

    func serviceName(of port: UInt16, _ transport: TransportProtocol) -> String? {
        switch (port, transport) {
        case (443, .tcp): "https"
        case (6443, .tcp): "sun-sr-https"
        case (53, _): "domain"
        case (8080, .tcp): "http-alt"
        case (5060, .udp): "sip"
        default: nil
        }
    }
}
