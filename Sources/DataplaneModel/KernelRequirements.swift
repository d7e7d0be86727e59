/// The kernel parameters that IPVS needs in order to serve a cluster, each with its reason.
package enum KernelRequirements {
    /// Packets of IPVS connections also pass connection tracking: without it, source addresses of
    /// such packets cannot be rewritten (`Documentation/networking/ipvs-sysctl.rst`, conntrack).
    package static let conntrack = KernelParameter(rawValue: "net.ipv4.vs.conntrack")
    /// A connection whose real server is gone ends at its next packet, not after its time-out.
    package static let expireWithoutDestination = KernelParameter(
        rawValue: "net.ipv4.vs.expire_nodest_conn"
    )
    /// Session affinity does not hold a client to a real server of weight 0.
    package static let expireQuiescentTemplate = KernelParameter(
        rawValue: "net.ipv4.vs.expire_quiescent_template"
    )
    /// Traffic of pods and of outside clients passes through the node.
    package static let forwardIPv4 = KernelParameter(rawValue: "net.ipv4.ip_forward")
    /// The same for IPv6; touched only when a Service has an IPv6 address.
    package static let forwardIPv6 = KernelParameter(rawValue: "net.ipv6.conf.all.forwarding")

    /// What a client's port that is used again means while its old connection is remembered.
    ///
    /// Not 0, and connection tracking on, makes kernels from 4.1 to 5.8 drop the first packet of such
    /// a connection, which costs its client a second; from 5.9 on (35dfb013149f) the default, 1, is
    /// right, and 0 would send the client to a real server that may be gone.
    package static let connectionReuse = KernelParameter(
        rawValue: "net.ipv4.vs.conn_reuse_mode"
    )
    /// The version of the kernel; it is never set.
    package static let release = KernelParameter(rawValue: "kernel.osrelease")
    /// Answers an ARP request only at the interface that has the address.
    package static let arpIgnore = KernelParameter(rawValue: "net.ipv4.conf.all.arp_ignore")
    /// Asks with an address of the interface that the question leaves by.
    package static let arpAnnounce = KernelParameter(rawValue: "net.ipv4.conf.all.arp_announce")

    /// The parameters that a dataplane has to observe.
    package static let observed = [
        conntrack, expireWithoutDestination, expireQuiescentTemplate, forwardIPv4, forwardIPv6,
        connectionReuse, release, arpIgnore, arpAnnounce,
    ]

    /// The parameters of a node that should be as they are here.
    ///
    /// A node that forwards IPv6 stops listening to router advertisements, and so loses its default
    /// route, unless `accept_ra` is 2; so interfaces that listened before go on listening.
    package static func parameters(
        _ mode: DataplaneMode = .ipvs,
        servesIPv6: Bool,
        strictARP: Bool = false,
        observed: [KernelParameter: String]
    ) -> [KernelParameter: String] {
        var wanted = [forwardIPv4: "1"]
        if mode == .ipvs {
            wanted[conntrack] = "1"
            wanted[expireWithoutDestination] = "1"
            wanted[expireQuiescentTemplate] = "1"
        }
        if strictARP {
            wanted[arpIgnore] = "1"
            wanted[arpAnnounce] = "2"
        }
        if mode == .ipvs, let release = observed[release], dropsReusedPorts(release),
            observed[connectionReuse] != nil
        {
            wanted[connectionReuse] = "0"
        }
        guard servesIPv6, observed[forwardIPv6] != nil else { return wanted }
        wanted[forwardIPv6] = "1"
        guard observed[forwardIPv6] == "0" else { return wanted }
        for (parameter, value) in observed where isAcceptRouterAdvertisement(parameter) {
            if value == "1" { wanted[parameter] = "2" }
        }
        return wanted
    }

    /// Whether a kernel of this release, such as `6.1.0-18-amd64`, is one from 4.1 to 5.8.
    private static func dropsReusedPorts(_ release: String) -> Bool {
        let numbers = release.split(separator: ".").prefix(2).map { part in
            Int(part.prefix { $0.isNumber }) ?? 0
        }
        guard numbers.count == 2 else { return false }
        return (4, 1) <= (numbers[0], numbers[1]) && (numbers[0], numbers[1]) < (5, 9)
    }

    /// Whether this is `net.ipv6.conf.<interface>.accept_ra`.
    package static func isAcceptRouterAdvertisement(_ parameter: KernelParameter) -> Bool {
        parameter.rawValue.hasPrefix("net.ipv6.conf.")
            && parameter.rawValue.hasSuffix(".accept_ra")
    }
}
