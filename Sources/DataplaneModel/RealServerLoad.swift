/// What a real server carries at a moment.
package struct RealServerLoad: Hashable, Sendable {
    /// Connections that are open, and those that are being closed or have no state, as IPVS counts
    /// them.
    package var connections: UInt64
    /// Packets to it, and from it, since it was made; the latter count only where answers come back
    /// through this node.
    package var inPackets: UInt64
    package var outPackets: UInt64
    package var inBytes: UInt64
    package var outBytes: UInt64

    package init(
        connections: UInt64 = 0,
        inPackets: UInt64 = 0,
        outPackets: UInt64 = 0,
        inBytes: UInt64 = 0,
        outBytes: UInt64 = 0
    ) {
        self.connections = connections
        self.inPackets = inPackets
        self.outPackets = outPackets
        self.inBytes = inBytes
        self.outBytes = outBytes
    }

    package var isIdle: Bool { connections == 0 }
}
