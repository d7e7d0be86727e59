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

    /// The parameters that a dataplane has to observe.
    package static let observed = [
        conntrack, expireWithoutDestination, expireQuiescentTemplate, forwardIPv4, forwardIPv6,
    ]

    /// The parameters of a node that should be as they are here.
    ///
    /// A node that forwards IPv6 stops listening to router advertisements, and so loses its default
    /// route, unless `accept_ra` is 2; so interfaces that listened before go on listening.
    package static func parameters(
        servesIPv6: Bool,
        observed: [KernelParameter: String]
    ) -> [KernelParameter: String] {
        var wanted: [KernelParameter: String] = [
            conntrack: "1",
            expireWithoutDestination: "1",
            expireQuiescentTemplate: "1",
            forwardIPv4: "1",
        ]
        guard servesIPv6, observed[forwardIPv6] != nil else { return wanted }
        wanted[forwardIPv6] = "1"
        guard observed[forwardIPv6] == "0" else { return wanted }
        for (parameter, value) in observed where isAcceptRouterAdvertisement(parameter) {
            if value == "1" { wanted[parameter] = "2" }
        }
        return wanted
    }

    /// Whether this is `net.ipv6.conf.<interface>.accept_ra`.
    package static func isAcceptRouterAdvertisement(_ parameter: KernelParameter) -> Bool {
        parameter.rawValue.hasPrefix("net.ipv6.conf.")
            && parameter.rawValue.hasSuffix(".accept_ra")
    }
}
