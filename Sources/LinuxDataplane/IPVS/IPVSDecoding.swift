import Addressing
package import DataplaneModel
import Netlink

/// Readers of what IPVS answers.
///
/// They are total: what is missing has the kernel's default, and what is unknown is passed over.
package enum IPVSDecoding {
    /// Calls `body` with the attributes of a reply, behind its generic netlink header.
    static func attributes(
        of payload: Span<UInt8>,
        _ body: (UInt16, Span<UInt8>) -> Void
    ) {
        guard payload.count >= 4 else { return }
        forEachAttribute(in: payload.extracting(4..<payload.count), body)
    }

    /// The virtual server of a reply, without its real servers; nil when it lacks its identity.
    package static func virtualServer(_ payload: Span<UInt8>) -> VirtualServerReading? {
        var fields = ServiceFields()
        attributes(of: payload) { type, content in
            guard type == IPVSProtocol.Top.service else { return }
            forEachAttribute(in: content) { type, value in fields.read(type, value) }
        }
        return fields.reading
    }

    /// The real server of a reply; nil when it lacks its identity.
    package static func realServer(
        _ payload: Span<UInt8>,
        of key: VirtualServerKey
    ) -> RealServerReading? {
        var fields = DestinationFields(family: key.family)
        attributes(of: payload) { type, content in
            guard type == IPVSProtocol.Top.destination else { return }
            forEachAttribute(in: content) { type, value in fields.read(type, value) }
        }
        return fields.reading
    }

    package static func timeouts(_ payload: Span<UInt8>) -> ConnectionTimeouts {
        var timeouts = ConnectionTimeouts()
        attributes(of: payload) { type, value in
            switch type {
            case IPVSProtocol.Top.timeoutTCP: timeouts.tcp = value.number()
            case IPVSProtocol.Top.timeoutTCPFin: timeouts.tcpFin = value.number()
            case IPVSProtocol.Top.timeoutUDP: timeouts.udp = value.number()
            default: break
            }
        }
        return timeouts
    }

    package static func information(_ payload: Span<UInt8>) -> IPVSInformation {
        var information = IPVSInformation(version: 0, connectionTableSize: 0)
        attributes(of: payload) { type, value in
            switch type {
            case IPVSProtocol.Information.version: information.version = value.number()
            case IPVSProtocol.Information.connectionTableSize:
                information.connectionTableSize = value.number()
            default: break
            }
        }
        return information
    }

    package static func daemon(_ payload: Span<UInt8>) -> SyncDaemon? {
        var role: SyncDaemon.Role?
        var daemon = SyncDaemon(role: .master, interface: "", syncID: 0)
        attributes(of: payload) { type, content in
            guard type == IPVSProtocol.Top.daemon else { return }
            forEachAttribute(in: content) { type, value in
                switch type {
                case IPVSProtocol.Daemon.state: role = SyncDaemon.Role(rawValue: value.number())
                case IPVSProtocol.Daemon.interface: daemon.interface = value.text()
                case IPVSProtocol.Daemon.syncID: daemon.syncID = value.number()
                case IPVSProtocol.Daemon.maximumLength: daemon.maximumLength = value.number()
                case IPVSProtocol.Daemon.group:
                    daemon.group = IPAddress(family: .ipv4, networkOrder: value)
                case IPVSProtocol.Daemon.group6:
                    daemon.group = IPAddress(family: .ipv6, networkOrder: value)
                case IPVSProtocol.Daemon.port: daemon.port = value.number()
                case IPVSProtocol.Daemon.timeToLive: daemon.timeToLive = value.number()
                default: break
                }
            }
        }
        guard let role else { return nil }
        daemon.role = role
        return daemon
    }

    fileprivate static func family(_ number: UInt16) -> AddressFamily {
        number == IPVSProtocol.familyIPv6 ? .ipv6 : .ipv4
    }
}

private struct ServiceFields {
    var family = AddressFamily.ipv4
    var transport: TransportProtocol?
    var ipv4: IPAddress?
    var ipv6: IPAddress?
    var port: UInt16 = 0
    var mark: UInt32 = 0
    var scheduler = ""
    var engine = ""
    var flags: UInt32 = 0
    var timeout: UInt32 = 0
    var hostOrderNetmask: UInt32 = 0
    var networkOrderNetmask: UInt32 = 0
    var statistics = TrafficStatistics()
    var hasStatistics64 = false

    mutating func read(_ type: UInt16, _ value: Span<UInt8>) {
        typealias Service = IPVSProtocol.Service
        switch type {
        case Service.family: family = IPVSDecoding.family(value.number())
        case Service.transport:
            transport = TransportProtocol(
                rawValue: UInt8(truncatingIfNeeded: value.number(as: UInt16.self))
            )
        case Service.address:
            // The family may stand behind the address, so both readings are kept.
            ipv4 = IPAddress(family: .ipv4, networkOrder: value)
            ipv6 = IPAddress(family: .ipv6, networkOrder: value)
        case Service.port: port = value.networkOrderNumber()
        case Service.firewallMark: mark = value.number()
        case Service.scheduler: scheduler = value.text()
        case Service.persistenceEngine: engine = value.text()
        case Service.flags: flags = value.number()
        case Service.timeout: timeout = value.number()
        case Service.netmask:
            hostOrderNetmask = value.number()
            networkOrderNetmask = UInt32(
                truncatingIfNeeded: IPAddress(family: .ipv4, networkOrder: value)?.low ?? 0
            )
        case Service.statistics64:
            statistics = TrafficStatistics(value)
            hasStatistics64 = true
        case Service.statistics:
            if !hasStatistics64 { statistics = TrafficStatistics(value) }
        default: break
        }
    }

    var reading: VirtualServerReading? {
        let key: VirtualServerKey
        if mark != 0 {
            key = .firewallMark(mark, family)
        } else if let transport, let address = family == .ipv4 ? ipv4 : ipv6 {
            key = .address(SocketEndpoint(address, port), transport)
        } else {
            return nil
        }
        let netmask = family == .ipv4 ? networkOrderNetmask : hostOrderNetmask
        let prefix =
            family == .ipv4
            ? UInt8((~netmask).leadingZeroBitCount) : UInt8(truncatingIfNeeded: netmask)
        let server = VirtualServer(
            key: key,
            scheduler: Scheduler(rawValue: scheduler),
            schedulerFlags: SchedulerFlags(rawValue: flags).intersection(.all),
            persistence: flags & IPVSProtocol.persistentFlag == 0
                ? nil : Persistence(timeout: timeout, prefixLength: prefix),
            persistenceEngine: engine.isEmpty ? nil : engine,
            onePacket: flags & IPVSProtocol.onePacketFlag != 0
        )
        return VirtualServerReading(
            server: server,
            netmask: netmask,
            statistics: statistics,
            realServers: []
        )
    }
}

private struct DestinationFields {
    var family: AddressFamily
    var ipv4: IPAddress?
    var ipv6: IPAddress?
    var port: UInt16 = 0
    var forwarding: UInt32 = 0
    var weight: UInt32 = 0
    var upper: UInt32 = 0
    var lower: UInt32 = 0
    var active: UInt32 = 0
    var inactive: UInt32 = 0
    var persistent: UInt32 = 0
    var tunnelKind: UInt8 = 0
    var tunnelPort: UInt16 = 0
    var tunnelFlags: UInt16 = 0
    var statistics = TrafficStatistics()
    var hasStatistics64 = false

    init(family: AddressFamily) { self.family = family }

    mutating func read(_ type: UInt16, _ value: Span<UInt8>) {
        typealias Destination = IPVSProtocol.Destination
        switch type {
        case Destination.family: family = IPVSDecoding.family(value.number())
        case Destination.address:
            ipv4 = IPAddress(family: .ipv4, networkOrder: value)
            ipv6 = IPAddress(family: .ipv6, networkOrder: value)
        case Destination.port: port = value.networkOrderNumber()
        case Destination.forwarding: forwarding = value.number()
        case Destination.weight: weight = value.number()
        case Destination.upperThreshold: upper = value.number()
        case Destination.lowerThreshold: lower = value.number()
        case Destination.activeConnections: active = value.number()
        case Destination.inactiveConnections: inactive = value.number()
        case Destination.persistentConnections: persistent = value.number()
        case Destination.tunnelKind: tunnelKind = value.number()
        case Destination.tunnelPort: tunnelPort = value.networkOrderNumber()
        case Destination.tunnelFlags: tunnelFlags = value.number()
        case Destination.statistics64:
            statistics = TrafficStatistics(value)
            hasStatistics64 = true
        case Destination.statistics:
            if !hasStatistics64 { statistics = TrafficStatistics(value) }
        default: break
        }
    }

    var reading: RealServerReading? {
        guard let address = family == .ipv4 ? ipv4 : ipv6 else { return nil }
        let method = ForwardingMethod(rawValue: forwarding & IPVSProtocol.forwardingMask)
        let server = RealServer(
            address: SocketEndpoint(address, port),
            forwarding: method ?? .masquerade,
            weight: Int32(bitPattern: weight),
            upperThreshold: upper,
            lowerThreshold: lower,
            tunnel: Tunnel(
                kind: Tunnel.Kind(rawValue: tunnelKind) ?? .ipip,
                port: tunnelPort,
                checksum: Tunnel.Checksum(rawValue: tunnelFlags) ?? .none
            )
        )
        return RealServerReading(
            server: server,
            activeConnections: active,
            inactiveConnections: inactive,
            persistentConnections: persistent,
            statistics: statistics
        )
    }
}

extension TrafficStatistics {
    /// From either form: the older one has 32-bit numbers under the same types.
    fileprivate init(_ attributes: Span<UInt8>) {
        self.init()
        var result = self
        forEachAttribute(in: attributes) { type, value in
            typealias Statistics = IPVSProtocol.Statistics
            let number: UInt64 = value.number()
            switch type {
            case Statistics.connections: result.connections = number
            case Statistics.inPackets: result.inPackets = number
            case Statistics.outPackets: result.outPackets = number
            case Statistics.inBytes: result.inBytes = number
            case Statistics.outBytes: result.outBytes = number
            case Statistics.connectionRate: result.connectionRate = number
            case Statistics.inPacketRate: result.inPacketRate = number
            case Statistics.outPacketRate: result.outPacketRate = number
            case Statistics.inByteRate: result.inByteRate = number
            case Statistics.outByteRate: result.outByteRate = number
            default: break
            }
        }
        self = result
    }
}
