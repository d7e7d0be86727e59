import Addressing
import DataplaneModel
import Netlink

extension AttributeWriter {
    /// The generic netlink header of an IPVS command.
    mutating func ipvsHeader(_ command: IPVSProtocol.Command) {
        raw(command.rawValue)
        raw(IPVSProtocol.version)
        raw(UInt16(0))
    }

    /// An address in the 16 bytes that IPVS gives to either family.
    private mutating func paddedAddress(_ type: UInt16, _ address: IPAddress) {
        attribute(type) { writer in
            address.forEachByte { writer.raw($0) }
            if address.family == .ipv4 { writer.zeros(12) }
        }
    }

    /// What identifies a virtual server.
    mutating func identity(of key: VirtualServerKey) {
        let family =
            key.family == .ipv4 ? IPVSProtocol.familyIPv4 : IPVSProtocol.familyIPv6
        attribute(IPVSProtocol.Service.family, family)
        switch key {
        case .address(let endpoint, let transport):
            attribute(IPVSProtocol.Service.transport, UInt16(transport.rawValue))
            paddedAddress(IPVSProtocol.Service.address, endpoint.address)
            attribute(IPVSProtocol.Service.port, networkOrder: endpoint.port)
        case .firewallMark(let mark, _):
            attribute(IPVSProtocol.Service.firewallMark, mark)
        }
    }

    /// The whole specification of a virtual server, as adding and editing need it.
    mutating func specification(of server: VirtualServer) {
        identity(of: server.key)
        attribute(IPVSProtocol.Service.scheduler, server.scheduler.rawValue)
        if let engine = server.persistenceEngine {
            attribute(IPVSProtocol.Service.persistenceEngine, engine)
        }
        var flags = server.schedulerFlags.rawValue
        if server.persistence != nil { flags |= IPVSProtocol.persistentFlag }
        if server.onePacket { flags |= IPVSProtocol.onePacketFlag }
        attribute(IPVSProtocol.Service.flags) { writer in
            writer.raw(flags)
            writer.raw(~UInt32(0))
        }
        attribute(IPVSProtocol.Service.timeout, server.persistence?.timeout ?? 0)
        let prefix = Int(server.persistence?.prefixLength ?? UInt8(server.key.family.bits))
        attribute(IPVSProtocol.Service.netmask) { writer in
            switch server.key.family {
            case .ipv4:
                IPPrefix(holding: .ipv4(.max), length: prefix).address
                    .forEachByte { writer.raw($0) }
            case .ipv6:
                writer.raw(UInt32(prefix))
            }
        }
    }

    /// The address of a real server, which identifies it within its virtual server.
    mutating func identity(of address: SocketEndpoint) {
        paddedAddress(IPVSProtocol.Destination.address, address.address)
        attribute(IPVSProtocol.Destination.port, networkOrder: address.port)
        attribute(
            IPVSProtocol.Destination.family,
            address.address.family == .ipv4 ? IPVSProtocol.familyIPv4 : IPVSProtocol.familyIPv6
        )
    }

    /// The whole specification of a real server, as adding and editing need it.
    mutating func specification(of server: RealServer) {
        identity(of: server.address)
        attribute(IPVSProtocol.Destination.forwarding, server.forwarding.rawValue)
        attribute(IPVSProtocol.Destination.weight, UInt32(bitPattern: server.weight))
        attribute(IPVSProtocol.Destination.upperThreshold, server.upperThreshold)
        attribute(IPVSProtocol.Destination.lowerThreshold, server.lowerThreshold)
        // A kernel before 5.2 does not know these attributes; ipip is what it does anyway.
        guard server.tunnel != Tunnel() else { return }
        attribute(IPVSProtocol.Destination.tunnelKind, server.tunnel.kind.rawValue)
        attribute(IPVSProtocol.Destination.tunnelPort, networkOrder: server.tunnel.port)
        attribute(IPVSProtocol.Destination.tunnelFlags, server.tunnel.checksum.rawValue)
    }

    /// A synchronisation daemon.
    mutating func specification(of daemon: SyncDaemon) {
        attribute(IPVSProtocol.Daemon.state, daemon.role.rawValue)
        attribute(IPVSProtocol.Daemon.interface, daemon.interface)
        attribute(IPVSProtocol.Daemon.syncID, daemon.syncID)
        if daemon.maximumLength != 0 {
            attribute(IPVSProtocol.Daemon.maximumLength, daemon.maximumLength)
        }
        if let group = daemon.group {
            let type =
                group.family == .ipv4 ? IPVSProtocol.Daemon.group : IPVSProtocol.Daemon.group6
            attribute(type) { writer in group.forEachByte { writer.raw($0) } }
        }
        if daemon.port != 0 { attribute(IPVSProtocol.Daemon.port, daemon.port) }
        if daemon.timeToLive != 0 {
            attribute(IPVSProtocol.Daemon.timeToLive, daemon.timeToLive)
        }
    }
}

extension MessageBatch {
    /// Adds the message that carries out an operation; false when it is not one of IPVS.
    mutating func append(_ operation: Operation, family: UInt16) -> Bool {
        switch operation {
        case .addVirtualServer(let server):
            append(.newService, family) { $0.specification(of: server) }
        case .editVirtualServer(let server):
            append(.setService, family) { $0.specification(of: server) }
        case .deleteVirtualServer(let key): append(.deleteService, family) { $0.identity(of: key) }
        case .addRealServer(let server, let key):
            append(.newDestination, family, of: key) { $0.specification(of: server) }
        case .editRealServer(let server, let key):
            append(.setDestination, family, of: key) { $0.specification(of: server) }
        case .deleteRealServer(let address, let key):
            append(.deleteDestination, family, of: key) { $0.identity(of: address) }
        case .setTimeouts(let timeouts):
            append(type: family) { writer in
                writer.ipvsHeader(.setConfiguration)
                writer.attribute(IPVSProtocol.Top.timeoutTCP, timeouts.tcp)
                writer.attribute(IPVSProtocol.Top.timeoutTCPFin, timeouts.tcpFin)
                writer.attribute(IPVSProtocol.Top.timeoutUDP, timeouts.udp)
            }
        case .setParameter, .prepareDevice, .claim, .release, .announce, .replaceAnnouncement,
            .withdraw, .createSet, .putMember, .removeMember, .installFilter:
            return false
        }
        return true
    }

    private mutating func append(
        _ command: IPVSProtocol.Command,
        _ family: UInt16,
        service: (inout AttributeWriter) -> Void
    ) {
        append(type: family) { writer in
            writer.ipvsHeader(command)
            writer.nest(IPVSProtocol.Top.service, service)
        }
    }

    private mutating func append(
        _ command: IPVSProtocol.Command,
        _ family: UInt16,
        of key: VirtualServerKey,
        destination: (inout AttributeWriter) -> Void
    ) {
        append(type: family) { writer in
            writer.ipvsHeader(command)
            writer.nest(IPVSProtocol.Top.service) { $0.identity(of: key) }
            writer.nest(IPVSProtocol.Top.destination, destination)
        }
    }
}
