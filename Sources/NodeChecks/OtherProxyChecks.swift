/// Other programs that serve Services on the same node.
enum OtherProxyChecks {
    static func findings(_ observation: NodeObservation) -> [Finding] {
        let isBlind = observation.filters.contains {
            if case .unreadable = $0.rules { true } else { false }
        }
        return [kubeProxy(observation, isBlind), cilium(observation), kubeRouter(observation)]
            + [foreignServers(observation)].compactMap(\.self)
    }

    /// Chains that kube-proxy makes and the kubelet does not; a name that ends in `-` stands for
    /// all that begin so.
    private static let chains = [
        "KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-NODEPORTS", "KUBE-NODE-PORT",
        "KUBE-LOAD-BALANCER", "KUBE-PROXY-CANARY", "KUBE-PROXY-FIREWALL",
        "KUBE-SOURCE-RANGES-FIREWALL", "KUBE-IPVS-FILTER", "KUBE-IPVS-OUT-FILTER",
        "KUBE-FORWARD", "KUBE-SVC-", "KUBE-SVL-", "KUBE-EXT-", "KUBE-SEP-", "KUBE-FW-",
        "KUBE-XLB-",
    ]

    /// `isBlind` when there are rules that could not be read.
    private static func kubeProxy(
        _ observation: NodeObservation,
        _ isBlind: Bool
    ) -> Finding {
        let found = observation.filters.compactMap { filter -> String? in
            let count = filter.chains.count { chain in
                chains.contains { $0.hasSuffix("-") ? chain.hasPrefix($0) : chain == $0 }
            }
            return count == 0 ? nil : "\(counted(count, "chain")) in \(filter.program)"
        }
        let tables = observation.nftTables.filter { $0.hasSuffix(" kube-proxy") }.sorted().map {
            "the nft table \($0)"
        }
        let bound = observation.network.foreignBoundAddresses
        let addresses =
            bound == 0
            ? [] : ["\(counted(bound, "address", "addresses")) bound to the service device"]
        let traces = found + tables + addresses
        if observation.processes.contains("kube-proxy") {
            return .warning(
                .kubeProxy,
                "kube-proxy",
                "it runs on this node"
                    + (traces.isEmpty ? "" : ", and has \(traces.joined(separator: ", "))")
                    + ": both would write rules for the same Services",
                remedy: "Take it off this node (\"kubectl -n kube-system delete daemonset "
                    + "kube-proxy\" takes it off all); then \"fairlead cleanup --kube-proxy\" "
                    + "removes what it leaves."
            )
        }
        guard !traces.isEmpty else {
            guard isBlind else { return .ok(.kubeProxy, "kube-proxy", "no trace of it") }
            return .note(
                .kubeProxy,
                "kube-proxy",
                "no trace of it, but the rules of iptables could not be read",
                remedy: "Run this as root."
            )
        }
        return .warning(
            .kubeProxy,
            "kube-proxy",
            "\(traces.joined(separator: ", ")), and no process of it can be seen here: what it "
                + "left still acts on packets",
            remedy:
                "\"fairlead cleanup --kube-proxy\" removes it, once kube-proxy is gone for good."
        )
    }

    private static func cilium(_ observation: NodeObservation) -> Finding {
        let chains = observation.filters.contains { filter in
            filter.chains.contains { $0.hasPrefix("CILIUM_") }
        }
        let traces = [
            observation.processes.contains("cilium-agent") ? "its agent" : nil,
            observation.network.interfaces.contains("cilium_host")
                ? "the interface cilium_host" : nil,
            chains ? "its chains" : nil,
        ].compactMap(\.self)
        guard !traces.isEmpty else { return .ok(.cilium, "Cilium", "no trace of it") }
        return .note(
            .cilium,
            "Cilium",
            "\(traces.joined(separator: ", ")): if it takes kube-proxy's place, packets to "
                + "Services never get to Fairlead",
            remedy:
                "Set kubeProxyReplacement to false in Cilium's configuration (\"cilium status\" "
                + "says what it is), or do without Fairlead."
        )
    }

    private static func kubeRouter(_ observation: NodeObservation) -> Finding {
        let chains = observation.filters.contains { filter in
            filter.chains.contains { $0.hasPrefix("KUBE-ROUTER-") }
        }
        let hasDevice = observation.network.interfaces.contains("kube-dummy-if")
        let runs = observation.processes.contains("kube-router")
        guard runs || hasDevice || chains else {
            return .ok(.kubeRouter, "kube-router", "no trace of it")
        }
        let traces = [
            runs ? "its process" : nil, hasDevice ? "the interface kube-dummy-if" : nil,
            chains ? "its chains" : nil,
        ].compactMap(\.self).joined(separator: ", ")
        guard hasDevice else {
            return .note(
                .kubeRouter,
                "kube-router",
                "\(traces); without kube-dummy-if it does not serve Services",
                remedy: "Nothing has to be done as long as it runs with --run-service-proxy=false."
            )
        }
        return .warning(
            .kubeRouter,
            "kube-router",
            "\(traces): it removes virtual servers that are not its own",
            remedy: "Start it with --run-service-proxy=false; \"kube-router --cleanup-config\" "
                + "removes what it leaves."
        )
    }

    private static func foreignServers(_ observation: NodeObservation) -> Finding? {
        guard case .present(let ipvs) = observation.ipvs else { return nil }
        guard ipvs.foreign > 0 else {
            return .ok(.foreignServers, "virtual servers", "none that are not Fairlead's")
        }
        return .note(
            .foreignServers,
            "virtual servers",
            "\(grouped(ipvs.foreign)) of \(grouped(ipvs.virtualServers)) not made by Fairlead: one "
                + "at the address of a Service is taken over, the others stay as they are",
            remedy: "\"fairlead list -n\" shows them; \"ipvsadm -D\" removes one that nobody needs."
        )
    }
}
