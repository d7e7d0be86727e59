package import Addressing

/// One of the sets of addresses and ports in the kernel (`ipset`) that the packet filter's rules look
/// into, so that the number of rules does not grow with the number of Services.
package struct AddressSet: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let role: Role
    package let family: AddressFamily

    package init(_ role: Role, _ family: AddressFamily) {
        self.role = role
        self.family = family
    }

    /// What its members are; the raw value is part of its name.
    package enum Role: String, Hashable, Sendable, CaseIterable, Comparable {
        /// Frontends for clients in the cluster: packets of others are masqueraded.
        case cluster = "CLUSTER"
        /// Frontends for clients anywhere: all packets are masqueraded.
        case external = "EXTERNAL"
        /// Frontends that keep the client's address, as only endpoints on this node serve them.
        case local = "LOCAL"
        /// Frontends where clients inside the cluster are led elsewhere, by the mark of the member.
        case inside = "INSIDE"
        /// Frontends without any endpoint: clients are told so.
        case reject = "REJECT"
        /// Frontends without an endpoint on this node: packets vanish.
        case drop = "DROP"
        /// Frontends that only some clients may use.
        case limited = "LIMITED"
        /// The clients that may use those.
        case allowed = "ALLOWED"
        /// Endpoints on this node, each with itself as the client.
        case hairpin = "HAIRPIN"
        /// Addresses of Services that are no addresses of the node.
        case addresses = "ADDRESSES"
        /// Ports where load balancers ask whether the node has endpoints.
        case health = "HEALTH"

        package static func < (left: Role, right: Role) -> Bool { left.rawValue < right.rawValue }
    }

    /// The kernel's type of a set.
    package enum Kind: String, Hashable, Sendable {
        case address = "hash:ip"
        case addressPort = "hash:ip,port"
        case addressPortAddress = "hash:ip,port,ip"
        case addressPortPrefix = "hash:ip,port,net"
        case port = "bitmap:port"
    }

    package var kind: Kind {
        switch role {
        case .cluster, .external, .local, .inside, .reject, .drop, .limited: .addressPort
        case .allowed: .addressPortPrefix
        case .hairpin: .addressPortAddress
        case .addresses: .address
        case .health: .port
        }
    }

    /// Whether members carry a mark for packets (the kernel's extension `skbinfo`).
    package var hasMarks: Bool { role == .inside }

    /// Which parts of a packet are looked up, as `iptables` writes them.
    package var lookup: String {
        switch kind {
        case .address, .port: "dst"
        case .addressPort: "dst,dst"
        case .addressPortAddress, .addressPortPrefix: "dst,dst,src"
        }
    }

    /// `FAIRLEAD-CLUSTER` or `FAIRLEAD-6-CLUSTER`; at most 31 characters, as the kernel has it.
    package var name: String { Self.prefix + (family == .ipv4 ? "" : "6-") + role.rawValue }

    /// What the names of all sets and chains that are ours begin with.
    package static let prefix = "FAIRLEAD-"

    /// The set of this name; nil when none of ours is called so.
    package init?(name: some StringProtocol) {
        guard let found = Self.all.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    /// Every set there is.
    package static let all = AddressFamily.allCases.flatMap { family in
        Role.allCases.map { AddressSet($0, family) }
    }

    package var description: String { name }

    package static func < (left: AddressSet, right: AddressSet) -> Bool {
        left.family == right.family ? left.role < right.role : left.family < right.family
    }
}

/// A member of an address set; which case fits is the set's kind.
package enum SetMember: Hashable, Sendable, Comparable, CustomStringConvertible {
    case port(UInt16)
    case address(IPAddress)
    case frontend(SocketEndpoint, TransportProtocol)
    /// A frontend and clients that may use it. The prefix is not empty: the kernel takes no `/0`.
    case permission(SocketEndpoint, TransportProtocol, IPPrefix)
    /// An endpoint that is its own client.
    case hairpin(SocketEndpoint, TransportProtocol)

    /// As `ipset` writes it: `10.96.0.1,tcp:80`.
    package var description: String {
        switch self {
        case .port(let port): "\(port)"
        case .address(let address): "\(address)"
        case .frontend(let endpoint, let transport): Self.text(endpoint, transport)
        case .permission(let endpoint, let transport, let prefix):
            Self.text(endpoint, transport) + ","
                + (prefix.length == prefix.address.family.bits
                    ? "\(prefix.address)" : "\(prefix)")
        case .hairpin(let endpoint, let transport):
            Self.text(endpoint, transport) + ",\(endpoint.address)"
        }
    }

    private static func text(_ endpoint: SocketEndpoint, _ transport: TransportProtocol) -> String {
        "\(endpoint.address),\(transport.description.lowercased()):\(endpoint.port)"
    }

    package static func < (left: SetMember, right: SetMember) -> Bool {
        switch (left, right) {
        case (.port(let first), .port(let second)): first < second
        case (.address(let first), .address(let second)): first < second
        case (.frontend(let first, let firstProtocol), .frontend(let second, let secondProtocol)),
            (.hairpin(let first, let firstProtocol), .hairpin(let second, let secondProtocol)):
            first == second ? firstProtocol < secondProtocol : first < second
        case (
            .permission(let first, let firstProtocol, let firstPrefix),
            .permission(let second, let secondProtocol, let secondPrefix)
        ):
            (first, firstProtocol, firstPrefix) < (second, secondProtocol, secondPrefix)
        default: left.rank < right.rank
        }
    }

    private var rank: Int {
        switch self {
        case .port: 0
        case .address: 1
        case .frontend: 2
        case .permission: 3
        case .hairpin: 4
        }
    }
}
