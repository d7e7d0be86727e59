package import Addressing

/// How the addresses of Services are made known to this node.
package struct AddressSettings: Hashable, Sendable {
    package var announce = AddressAnnouncement.routes
    /// The network interface that carries them.
    package var device = "kube-ipvs0"
    /// The node's own addresses, at most one of each family; empty when they are to be asked of the
    /// kernel's routing table.
    package var sourceAddresses: [IPAddress] = []
    /// Whether each network interface answers ARP for its own addresses only.
    package var strictARP = false

    package init() {}
}

/// What makes an address local to the node.
package enum AddressAnnouncement: String, Hashable, Sendable, CaseIterable {
    /// A local route, whose preferred source is the node's own address.
    case routes
    /// The address itself on the device.
    case bind
}

extension AddressSettings: ConfigurationSection {
    static var fields: [Field<AddressSettings>] {
        [
            .value(
                "announce",
                \.announce,
                .oneOf("a way to announce addresses"),
                """
                What makes the address of a Service local: with routes a local route on the \
                device, which has the node's own address as source; with bind the address itself \
                on the device.
                """
            ),
            .value(
                "device",
                \.device,
                .interfaceName,
                "The network interface for them, which is created where it is missing."
            ),
            .list(
                "sourceAddresses",
                \.sourceAddresses,
                .nodeAddress,
                """
                The node's own addresses, from which its connections to Services come. Empty: \
                found by asking the kernel's routing table.
                """
            ),
            .value(
                "strictARP",
                \.strictARP,
                .truth,
                """
                Whether each network interface answers ARP for its own addresses only, and not for \
                those of Services (the kernel parameters arp_ignore and arp_announce). Needed \
                where load balancers announce addresses by ARP themselves, as MetalLB does.
                """
            ),
        ]
    }

    var contradictions: [Contradiction] {
        sourceAddresses.enumerated().compactMap { index, address in
            guard
                let first = sourceAddresses.prefix(index).first(where: {
                    $0.family == address.family
                })
            else { return nil }
            return Contradiction(
                "sourceAddresses[\(index)]",
                keys: ["sourceAddresses"],
                value: "\(address)",
                "\"\(address)\" is a second \(address.family) address beside \(first); "
                    + "allowed is one of each family"
            )
        }
    }
}
