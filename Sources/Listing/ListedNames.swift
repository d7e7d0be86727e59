import Addressing
package import DataplaneModel

extension VirtualServerKey {
    /// The protocol that names of its ports are looked up under.
    ///
    /// A mark has none, and its ports stay numbers.
    var transport: TransportProtocol? {
        switch self {
        case .address(_, let transport): transport
        case .firewallMark: nil
        }
    }
}

extension VirtualServer {
    /// The names of its scheduler flags, lowest bit first.
    ///
    /// A bit without a name for this scheduler is left out, as `ipvsadm` does.
    package var schedulerFlagNames: [String] {
        SchedulerFlags.names(for: scheduler)
            .filter { schedulerFlags.contains($0.0) }.map { $0.1 }
    }
}

extension VirtualServerReading {
    /// The netmask as it is listed; nil when it is that of a single host.
    var listedNetmask: String? {
        switch server.key.family {
        case .ipv4: netmask == .max ? nil : IPAddress.ipv4(netmask).description
        case .ipv6: netmask == 128 ? nil : String(netmask)
        }
    }
}

extension ForwardingMethod {
    /// The word of a listing.
    var listedName: String {
        switch self {
        case .masquerade: "Masq"
        case .localNode: "Local"
        case .tunnel: "Tunnel"
        case .directRouting: "Route"
        // ipvsadm has no word for it, and the C library prints this for none.
        case .bypass: "(null)"
        }
    }

    /// The option of a saved rule.
    var option: String {
        switch self {
        case .masquerade: "-m"
        case .tunnel: "-i"
        case .localNode, .directRouting: "-g"
        case .bypass: "(null)"
        }
    }
}

extension RealServer {
    /// The tunnel as it is listed: `ipip`, `gue:6080:-c`, `gre:+c`, or `n/a`.
    var listedTunnel: String {
        guard forwarding == .tunnel else { return "n/a" }
        let checksum =
            switch tunnel.checksum {
            case .none: "-c"
            case .computed: "+c"
            case .remote: "r+c"
            }
        return switch tunnel.kind {
        case .ipip: "ipip"
        case .gue: "gue:\(tunnel.port):\(checksum)"
        case .gre: "gre:\(checksum)"
        }
    }
}
