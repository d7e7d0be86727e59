package import Addressing

/// One step that changes a kernel or the record of what is ours in it.
package enum Operation: Hashable, Sendable {
    case setParameter(KernelParameter, String)
    case setTimeouts(ConnectionTimeouts)
    /// Makes the service device, or brings an existing one into the condition it must have.
    case prepareDevice
    /// Writes down that an object is ours, before it is made.
    case claim(OwnedObject, String)
    /// Forgets that an object was ours, after it is gone.
    case release(OwnedObject)
    case addVirtualServer(VirtualServer)
    case editVirtualServer(VirtualServer)
    /// Its real servers go with it.
    case deleteVirtualServer(VirtualServerKey)
    case addRealServer(RealServer, of: VirtualServerKey)
    case editRealServer(RealServer, of: VirtualServerKey)
    case deleteRealServer(SocketEndpoint, of: VirtualServerKey)
    case announce(IPAddress, Announcement)
    /// Puts another announcement in the place of one that is there.
    case replaceAnnouncement(IPAddress, from: Announcement, to: Announcement)
    case withdraw(IPAddress, Announcement)
    /// Makes an address set; `capacity` is how many members are expected.
    case createSet(AddressSet, capacity: Int)
    /// Adds a member, or gives one that is there another mark.
    case putMember(SetMember, mark: UInt32, of: AddressSet)
    case removeMember(SetMember, of: AddressSet)
    /// Puts rules in place of those of ours that are there, of the same family.
    case installFilter(PacketFilter)
}

extension Operation {
    /// The virtual server that this is about, if it is about one.
    package var virtualServer: VirtualServerKey? {
        switch self {
        case .addVirtualServer(let server), .editVirtualServer(let server): server.key
        case .deleteVirtualServer(let key), .addRealServer(_, let key), .editRealServer(_, let key),
            .deleteRealServer(_, let key):
            key
        case .claim(.virtualServer(let key), _), .release(.virtualServer(let key)): key
        case .setParameter, .setTimeouts, .prepareDevice, .claim, .release, .announce,
            .replaceAnnouncement, .withdraw, .createSet, .putMember, .removeMember, .installFilter:
            nil
        }
    }

    /// The address set that this is about, if it is about one.
    package var addressSet: AddressSet? {
        switch self {
        case .createSet(let set, _), .putMember(_, _, let set), .removeMember(_, let set): set
        default: nil
        }
    }

    /// The service address that this is about, if it is about one.
    package var address: IPAddress? {
        switch self {
        case .announce(let address, _), .replaceAnnouncement(let address, _, _),
            .withdraw(let address, _), .claim(.address(let address), _),
            .release(.address(let address)):
            address
        default:
            nil
        }
    }
}

extension Operation {
    /// The family that this is about; nil for what is about the node.
    package var family: AddressFamily? {
        if case .installFilter(let filter) = self { return filter.family }
        return virtualServer?.family ?? addressSet?.family ?? address?.family
    }
}

extension Operation: CustomStringConvertible {
    /// What it does, for messages: `add real server 10.2.3.4:8080 of TCP 10.96.0.1:80`.
    package var description: String {
        switch self {
        case .setParameter(let parameter, let value): "set \(parameter.rawValue) to \(value)"
        case .setTimeouts(let timeouts):
            "set timeouts to \(timeouts.tcp), \(timeouts.tcpFin) and \(timeouts.udp) seconds"
        case .prepareDevice: "prepare the service device"
        case .claim(let object, _): "record \(object) as ours"
        case .release(let object): "record \(object) as no longer ours"
        case .addVirtualServer(let server): "add virtual server \(server.key)"
        case .editVirtualServer(let server): "edit virtual server \(server.key)"
        case .deleteVirtualServer(let key): "delete virtual server \(key)"
        case .addRealServer(let server, let key): "add real server \(server.address) of \(key)"
        case .editRealServer(let server, let key): "edit real server \(server.address) of \(key)"
        case .deleteRealServer(let address, let key): "delete real server \(address) of \(key)"
        case .announce(let address, _): "announce service address \(address)"
        case .replaceAnnouncement(let address, _, _): "announce service address \(address) anew"
        case .withdraw(let address, _): "withdraw service address \(address)"
        case .createSet(let set, _): "make the address set \(set)"
        case .putMember(let member, _, let set): "add \(member) to the address set \(set)"
        case .removeMember(let member, let set): "remove \(member) from the address set \(set)"
        case .installFilter(let filter): "install the packet filter for \(filter.family)"
        }
    }
}

extension OwnedObject: CustomStringConvertible {
    /// `virtual server TCP 10.96.0.1:80` or `address 10.96.0.1`.
    package var description: String {
        switch self {
        case .virtualServer(let key): "virtual server \(key)"
        case .address(let address): "address \(address)"
        }
    }
}

/// Steps in the order in which they must be done.
///
/// It may be cut anywhere: what has been done by then is a state that serves, and planning again
/// from it reaches the same end.
package struct Plan: Hashable, Sendable {
    /// Steps that may be sent together; none is empty.
    ///
    /// What stands in a later section relies on steps of the same object in earlier ones.
    package let sections: [[Operation]]

    /// A plan of sections; empty ones are left out.
    package init(sections: [[Operation]]) {
        self.sections = sections.filter { !$0.isEmpty }
    }

    /// A plan of a single section.
    package init(_ operations: [Operation] = []) { self.init(sections: [operations]) }

    package var isEmpty: Bool { sections.isEmpty }

    package var operations: [Operation] {
        sections.count == 1 ? sections[0] : sections.flatMap(\.self)
    }
}
