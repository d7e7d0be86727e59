/// The traffic counters of a virtual or real server, as 64-bit numbers.
package struct TrafficStatistics: Hashable, Sendable {
    package var connections: UInt64 = 0
    package var inPackets: UInt64 = 0
    package var outPackets: UInt64 = 0
    package var inBytes: UInt64 = 0
    package var outBytes: UInt64 = 0
    /// The five rates are the kernel's estimates per second, and 0 where it does not estimate.
    package var connectionRate: UInt64 = 0
    package var inPacketRate: UInt64 = 0
    package var outPacketRate: UInt64 = 0
    package var inByteRate: UInt64 = 0
    package var outByteRate: UInt64 = 0

    package init() {}
}

/// A virtual server as it was read: what was set, and what has happened since.
package struct VirtualServerReading: Hashable, Sendable {
    package var server: VirtualServer
    /// The netmask in the form the kernel gave it, also where persistence is off; `ipvsadm` prints
    /// what is not contiguous too.
    ///
    /// IPv4: the mask's number, 0xffff_ffff for a single host. IPv6: the prefix length.
    package var netmask: UInt32
    package var statistics: TrafficStatistics
    /// In the kernel's own order.
    package var realServers: [RealServerReading]

    package init(
        server: VirtualServer,
        netmask: UInt32,
        statistics: TrafficStatistics,
        realServers: [RealServerReading]
    ) {
        self.server = server
        self.netmask = netmask
        self.statistics = statistics
        self.realServers = realServers
    }
}

/// A real server as it was read.
package struct RealServerReading: Hashable, Sendable {
    package var server: RealServer
    package var activeConnections: UInt32
    package var inactiveConnections: UInt32
    package var persistentConnections: UInt32
    package var statistics: TrafficStatistics

    package init(
        server: RealServer,
        activeConnections: UInt32 = 0,
        inactiveConnections: UInt32 = 0,
        persistentConnections: UInt32 = 0,
        statistics: TrafficStatistics = TrafficStatistics()
    ) {
        self.server = server
        self.activeConnections = activeConnections
        self.inactiveConnections = inactiveConnections
        self.persistentConnections = persistentConnections
        self.statistics = statistics
    }
}

/// What IPVS says of itself.
package struct IPVSInformation: Hashable, Sendable {
    /// `major << 16 | minor << 8 | patch`.
    package var version: UInt32
    /// Buckets of the connection table.
    package var connectionTableSize: UInt32

    package init(version: UInt32, connectionTableSize: UInt32) {
        self.version = version
        self.connectionTableSize = connectionTableSize
    }
}

/// How long IPVS remembers a silent connection, in whole seconds; 0 means "as it is" when set.
package struct ConnectionTimeouts: Hashable, Sendable {
    package var tcp: UInt32
    package var tcpFin: UInt32
    package var udp: UInt32

    package init(tcp: UInt32 = 0, tcpFin: UInt32 = 0, udp: UInt32 = 0) {
        self.tcp = tcp
        self.tcpFin = tcpFin
        self.udp = udp
    }
}
