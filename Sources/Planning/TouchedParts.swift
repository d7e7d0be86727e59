package import Addressing
package import DataplaneModel

/// The parts of a state that may differ from what is wanted.
package struct TouchedParts: Sendable {
    package var virtualServers: Set<VirtualServerKey> = []
    package var addresses: Set<IPAddress> = []
    package var members: [AddressSet: Set<SetMember>] = [:]
    /// Kernel parameters, timeouts, the service device, the packet filter and its address sets.
    package var node = false
    /// How the real servers of virtual servers leave that are not wanted any more.
    package var departing: [VirtualServerKey: DepartureRule] = [:]
    /// Addresses whose packets came to a firewall mark, by the virtual server of that mark.
    package var departingAddresses: [VirtualServerKey: Set<IPAddress>] = [:]
    /// Members that are no longer wanted stay for now.
    package private(set) var postponesRemovals = false

    package init() {}

    package mutating func reserveCapacity(_ count: Int) {
        virtualServers.reserveCapacity(count)
        addresses.reserveCapacity(count)
    }

    package var isEmpty: Bool {
        virtualServers.isEmpty && addresses.isEmpty && members.isEmpty && !node
    }

    /// Takes over what is known of those who leave.
    package mutating func takeDepartures(from other: TouchedParts) {
        departing = other.departing
        departingAddresses = other.departingAddresses
    }

    /// The same in portions, each with all that belongs to some of the addresses.
    ///
    /// A portion is planned and done before the next is planned: the first Services are served before
    /// the last are planned, and the memory for a plan does not grow with the cluster. An address is
    /// announced only after its virtual servers stand, so they stay together. New members of address
    /// sets come with the first portion, as packets to a virtual server may need them, and old ones go
    /// with the last.
    package func portions(of size: Int) -> [TouchedParts] {
        guard virtualServers.count > size || addresses.count > size else { return [self] }
        var first = TouchedParts()
        first.node = node
        first.members = members
        first.postponesRemovals = true
        var portions = [first]
        func isEarlier(_ left: VirtualServerKey, _ right: VirtualServerKey) -> Bool {
            switch (left, right) {
            case (.address(let first, _), .address(let second, _)) where first != second:
                first.address < second.address
            default:
                left < right
            }
        }
        var current: IPAddress?
        var withServers: Set<IPAddress> = []
        for key in virtualServers.sorted(by: isEarlier) {
            var address: IPAddress?
            if case .address(let endpoint, _) = key { address = endpoint.address }
            if portions[portions.count - 1].virtualServers.count >= size, address != current {
                portions.append(TouchedParts())
            }
            current = address
            portions[portions.count - 1].virtualServers.insert(key)
            if let address, addresses.contains(address) {
                portions[portions.count - 1].addresses.insert(address)
                withServers.insert(address)
            }
        }
        portions[0].addresses.formUnion(addresses.subtracting(withServers))
        if !members.isEmpty {
            var last = TouchedParts()
            last.members = members
            portions.append(last)
        }
        return portions
    }

    /// All that is wanted, and all that is ours.
    package static func everything(of applied: IPVSState, and desired: IPVSState) -> TouchedParts {
        var parts = TouchedParts()
        parts.reserveCapacity(desired.virtualServers.count)
        parts.node = true
        parts.virtualServers.formUnion(desired.virtualServers.keys)
        parts.addresses.formUnion(desired.addresses.keys)
        for state in [desired, applied] {
            for (set, members) in state.sets where !members.isEmpty {
                parts.members[set, default: []].formUnion(members.keys)
            }
        }
        for object in applied.claims.keys {
            switch object {
            case .virtualServer(let key): parts.virtualServers.insert(key)
            case .address(let address): parts.addresses.insert(address)
            }
        }
        return parts
    }
}
