import Addressing
package import DataplaneModel

/// A listing for programs.
///
/// Its field names stay as they are; new ones may come.
package struct MachineListing: Encodable, Sendable {
    package struct VirtualServer: Encodable, Sendable {
        /// `TCP`, `UDP` or `SCTP`; absent for a virtual server by mark.
        package let `protocol`: String?
        package let address: String?
        package let port: UInt16?
        package let firewallMark: UInt32?
        /// `IPv4` or `IPv6`.
        package let family: String
        package let scheduler: String
        package let schedulerFlags: [String]
        /// Seconds; absent without persistence.
        package let persistenceTimeout: UInt32?
        package let persistencePrefixLength: UInt8?
        package let persistenceEngine: String?
        package let onePacket: Bool
        /// `namespace/name:port`, from the daemon's record.
        package let service: String?
        package let statistics: Statistics
        package let realServers: [RealServer]
    }

    package struct RealServer: Encodable, Sendable {
        package let address: String
        package let port: UInt16
        /// `Masq`, `Local`, `Tunnel` or `Route`.
        package let forwarding: String
        package let weight: Int32
        package let upperThreshold: UInt32
        package let lowerThreshold: UInt32
        /// Absent unless it is tunnelled.
        package let tunnel: String?
        package let activeConnections: UInt32
        package let inactiveConnections: UInt32
        package let persistentConnections: UInt32
        package let statistics: Statistics
    }

    package struct Statistics: Encodable, Sendable {
        package let connections, inPackets, outPackets, inBytes, outBytes: UInt64
        /// Per second.
        package let connectionRate, inPacketRate, outPacketRate, inByteRate, outByteRate: UInt64
    }

    /// `ipvs` or `iptables`: what balances.
    package let dataplane: String
    /// The version of IPVS, such as `1.2.1`; absent without IPVS.
    package let version: String?
    package let connectionTableSize: UInt32?
    package let virtualServers: [VirtualServer]

    /// Sorted by what identifies each server.
    package init(
        of servers: [VirtualServerReading],
        information: IPVSInformation,
        serviceNames: [VirtualServerKey: String]
    ) {
        dataplane = DataplaneMode.ipvs.rawValue
        let number = information.version
        version = "\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)"
        connectionTableSize = information.connectionTableSize
        virtualServers = servers.sorted { $0.server.key < $1.server.key }.map {
            VirtualServer($0, service: serviceNames[$0.server.key])
        }
    }
}

extension MachineListing {
    /// Of virtual servers that chains of the packet filter stand in for.
    package init(
        ofChains servers: [VirtualServerReading],
        serviceNames: [VirtualServerKey: String]
    ) {
        dataplane = DataplaneMode.iptables.rawValue
        version = nil
        connectionTableSize = nil
        virtualServers = servers.sorted { $0.server.key < $1.server.key }.map {
            VirtualServer($0, service: serviceNames[$0.server.key])
        }
    }
}

extension MachineListing.VirtualServer {
    fileprivate init(_ reading: VirtualServerReading, service: String?) {
        let server = reading.server
        switch server.key {
        case .address(let endpoint, let transport):
            self.protocol = transport.description
            address = endpoint.address.description
            port = endpoint.port
            firewallMark = nil
        case .firewallMark(let mark, _):
            self.protocol = nil
            address = nil
            port = nil
            firewallMark = mark
        }
        family = server.key.family.description
        scheduler = server.scheduler.rawValue
        schedulerFlags = server.schedulerFlagNames
        persistenceTimeout = server.persistence?.timeout
        persistencePrefixLength = server.persistence?.prefixLength
        persistenceEngine = server.persistenceEngine
        onePacket = server.onePacket
        self.service = service
        statistics = MachineListing.Statistics(reading.statistics)
        realServers = reading.realServers.sorted { $0.server.address < $1.server.address }.map {
            MachineListing.RealServer($0)
        }
    }
}

extension MachineListing.RealServer {
    fileprivate init(_ reading: RealServerReading) {
        let server = reading.server
        address = server.address.address.description
        port = server.address.port
        forwarding = server.forwarding.listedName
        weight = server.weight
        upperThreshold = server.upperThreshold
        lowerThreshold = server.lowerThreshold
        tunnel = server.forwarding == .tunnel ? server.listedTunnel : nil
        activeConnections = reading.activeConnections
        inactiveConnections = reading.inactiveConnections
        persistentConnections = reading.persistentConnections
        statistics = MachineListing.Statistics(reading.statistics)
    }
}

extension MachineListing.Statistics {
    fileprivate init(_ statistics: TrafficStatistics) {
        connections = statistics.connections
        inPackets = statistics.inPackets
        outPackets = statistics.outPackets
        inBytes = statistics.inBytes
        outBytes = statistics.outBytes
        connectionRate = statistics.connectionRate
        inPacketRate = statistics.inPacketRate
        outPacketRate = statistics.outPacketRate
        inByteRate = statistics.inByteRate
        outByteRate = statistics.outByteRate
    }
}
