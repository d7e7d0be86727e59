package import Addressing

/// How packets reach a real server.
///
/// The raw value is the kernel's.
package enum ForwardingMethod: UInt32, Hashable, Sendable, CaseIterable {
    /// Destination rewritten, replies rewritten back.
    case masquerade = 0
    /// The kernel delivers to this host.
    case localNode = 1
    /// Wrapped in another packet.
    case tunnel = 2
    /// Sent on unchanged, to the real server's link address.
    case directRouting = 3
    /// Past IPVS, to where the packet was going anyway.
    case bypass = 4
}

/// The wrapping of packets to a tunnelled real server.
package struct Tunnel: Hashable, Sendable {
    /// The raw value is the kernel's (`IP_VS_CONN_F_TUNNEL_TYPE_*`).
    package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        case ipip = 0
        /// Generic UDP encapsulation, Linux 5.2 and later.
        case gue = 1
        /// Linux 5.3 and later.
        case gre = 2
    }

    /// The raw value is the kernel's (`IP_VS_TUNNEL_ENCAP_FLAG_*`).
    package enum Checksum: UInt16, Hashable, Sendable, CaseIterable {
        case none = 0
        case computed = 1
        case remote = 2
    }

    package let kind: Kind
    /// The UDP port of `gue`; 0 for the others.
    package let port: UInt16
    package let checksum: Checksum

    package init(kind: Kind = .ipip, port: UInt16 = 0, checksum: Checksum = .none) {
        self.kind = kind
        self.port = port
        self.checksum = checksum
    }
}

/// The specification of a real server: everything about it that can be set.
package struct RealServer: Hashable, Sendable {
    package let address: SocketEndpoint
    package var forwarding: ForwardingMethod
    /// 0…65535 by convention; the kernel refuses negative numbers.
    ///
    /// 0 takes no new connections.
    package var weight: Int32
    /// No new connections above this many; 0 is no limit.
    package var upperThreshold: UInt32
    /// New connections again below this many; 0 lets the kernel use three quarters of the upper.
    package var lowerThreshold: UInt32
    package var tunnel: Tunnel

    package init(
        address: SocketEndpoint,
        forwarding: ForwardingMethod = .masquerade,
        weight: Int32 = 1,
        upperThreshold: UInt32 = 0,
        lowerThreshold: UInt32 = 0,
        tunnel: Tunnel = Tunnel()
    ) {
        self.address = address
        self.forwarding = forwarding
        self.weight = weight
        self.upperThreshold = upperThreshold
        self.lowerThreshold = lowerThreshold
        self.tunnel = tunnel
    }
}
