package import Addressing

/// How a service address is made one of this node's, so that IPVS sees its packets.
package enum Announcement: Hashable, Sendable {
    /// A local route; packets of the node itself leave with this source address.
    case route(source: IPAddress?)
    /// The address itself, on the service device.
    case bound
}

/// Something in the kernel that is ours.
///
/// The kernel does not record whose it is, so we do.
package enum OwnedObject: Hashable, Sendable, Comparable {
    case virtualServer(VirtualServerKey)
    case address(IPAddress)

    package static func < (left: OwnedObject, right: OwnedObject) -> Bool {
        switch (left, right) {
        case (.virtualServer(let first), .virtualServer(let second)): first < second
        case (.address(let first), .address(let second)): first < second
        case (.virtualServer, .address): true
        case (.address, .virtualServer): false
        }
    }
}

/// A setting below `/proc/sys`, by its dotted name: `net.ipv4.ip_forward`.
package struct KernelParameter: RawRepresentable, Hashable, Sendable, Comparable {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    package static func < (left: KernelParameter, right: KernelParameter) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// What a kernel holds for IPVS, either as it is or as it should be.
package struct IPVSState: Hashable, Sendable {
    /// A virtual server with its real servers, sorted by address.
    package struct Entry: Hashable, Sendable {
        package var server: VirtualServer
        package private(set) var realServers: [RealServer]

        package init(server: VirtualServer, realServers: [RealServer]) {
            self.server = server
            self.realServers = realServers.sorted { $0.address < $1.address }
        }

        /// The position of a real server, or where it would go.
        package func position(of address: SocketEndpoint) -> (index: Int, isPresent: Bool) {
            var low = 0
            var high = realServers.count
            while low < high {
                let middle = (low + high) / 2
                if realServers[middle].address < address { low = middle + 1 } else { high = middle }
            }
            return (low, low < realServers.count && realServers[low].address == address)
        }

        /// Puts a real server in its place, over one of the same address.
        package mutating func put(_ server: RealServer) {
            let (index, isPresent) = position(of: server.address)
            if isPresent {
                realServers[index] = server
            } else {
                realServers.insert(server, at: index)
            }
        }

        /// Takes a real server out; nothing when there is none at that address.
        package mutating func remove(_ address: SocketEndpoint) {
            let (index, isPresent) = position(of: address)
            if isPresent { realServers.remove(at: index) }
        }
    }

    package var virtualServers: [VirtualServerKey: Entry] = [:]
    package var addresses: [IPAddress: Announcement] = [:]
    /// Addresses of the node that something else put on another interface: they are local already,
    /// and not ours to announce.
    package var foreignAddresses: Set<IPAddress> = []
    /// The service device is there and in the right condition.
    package var hasDevice = false
    package var parameters: [KernelParameter: String] = [:]
    package var timeouts = ConnectionTimeouts()
    /// The sets that are ours, with their members; the mark of a member is 0 where it has none.
    package var sets: [AddressSet: [SetMember: UInt32]] = [:]
    /// The rules that are ours, where they are whole.
    package var filters: [AddressFamily: PacketFilter] = [:]
    /// What is ours, with the name of the Service port it is for (`default/web:http`); empty for
    /// addresses, which several may share.
    package var claims: [OwnedObject: String] = [:]

    package init() {}

    /// Makes room for this many virtual servers, each with an address of its own.
    package mutating func reserveCapacity(_ count: Int) {
        virtualServers.reserveCapacity(count)
        addresses.reserveCapacity(count)
        claims.reserveCapacity(2 * count)
    }
}
