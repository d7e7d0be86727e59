import DataplaneModel

/// What the network of a node does to packets of Services.
enum NetworkChecks {
    static func findings(_ observation: NodeObservation) -> [Finding] {
        [reversePath(observation), bridge(observation)].compactMap(\.self)
    }

    /// What counts for an interface is the greater of its own value and that of `all`
    /// (`IN_DEV_RPFILTER`, `include/linux/inetdevice.h`).
    private static func reversePath(_ observation: NodeObservation) -> Finding? {
        var values: [String: UInt64] = [:]
        for (parameter, text) in observation.parameters {
            guard let interface = parameter.reversePathInterface, let value = UInt64(text) else {
                continue
            }
            values[interface] = value
        }
        guard let general = values["all"] else { return nil }
        let network = observation.network
        let strict = values.keys.filter { interface in
            network.interfaces.contains(interface) && interface != "lo"
                && max(general, values[interface] ?? 0) == 1
        }
        guard !strict.isEmpty else {
            return .ok(.reversePath, "rp_filter", "not strict (1) on any interface")
        }
        let drops = network.reversePathDrops ?? 0
        let text =
            "strict (1) on \(listed(strict)): a packet that comes in by another interface than "
            + "its answer would leave by is dropped as a martian"
        let remedy =
            "\"sysctl -w net.ipv4.conf.all.rp_filter=2\" makes it loose; a line in /etc/sysctl.d "
            + "keeps it so."
        guard drops > 0 || network.defaultRoutes.count > 1 else {
            return .note(
                .reversePath,
                "rp_filter",
                "\(text); none has been so far",
                remedy: "Nothing has to be done as long as packets come and go by the same "
                    + "interface; else \(remedy)"
            )
        }
        return .warning(
            .reversePath,
            "rp_filter",
            text
                + (drops > 0
                    ? "; \(counted(drops, "packet")) so far"
                    : "; there are default routes by \(listed(network.defaultRoutes))"),
            remedy: remedy
        )
    }

    /// Two pods on one bridge answer each other past the node's own routing, and so past IPVS, which
    /// would have to put back the address of the Service.
    private static func bridge(_ observation: NodeObservation) -> Finding? {
        let bridges = observation.network.bridges.filter { $0.ports > 0 }
        guard !bridges.isEmpty else { return nil }
        let name = "net.bridge.bridge-nf-call-iptables"
        let value = observation.number(name)
        let open = bridges.filter { !$0.callsFilter }.map(\.name)
        if value == 1 || open.isEmpty {
            return .ok(.bridge, name, "1, which bridges need that pods are on")
        }
        return .warning(
            .bridge,
            name,
            (value == nil ? "not there, as br_netfilter is not loaded" : "0")
                + ": if pods are on \(listed(open)), one that reaches another through a Service "
                + "gets answers from the wrong address",
            remedy: (value == nil ? "\"modprobe br_netfilter\", then " : "")
                + "\"sysctl -w \(name)=1\" and \"sysctl -w net.bridge.bridge-nf-call-ip6tables=1\"."
        )
    }
}
