import Addressing
import ServiceModel

extension Scenario {
    private static func local(_ number: Int, _ name: String, _ endpoints: [Member]) -> Scenario {
        Scenario(number, name, endpoints).with { $0.internalPolicy = .local }
    }

    private static func bothLocal(
        _ number: Int,
        _ name: String,
        _ endpoints: [Member]
    ) -> Scenario {
        local(number, name, endpoints).with { $0.externalPolicy = .local }
    }

    static let internalLocal = local(30, "internal-local", [.ready(.near1), .ready(.far1)])
    static let internalLocalElsewhere = local(31, "internal-local-elsewhere", [.ready(.far1)])
    static let internalLocalEmpty = local(32, "internal-local-empty", [])
    static let internalLocalHosts = local(
        33,
        "internal-local-hosts",
        [.ready(.nearHost), .ready(.farHost)]
    )
    static let bothLocal = bothLocal(34, "both-local", [.ready(.near1), .ready(.far1)])
    static let bothLocalElsewhere = bothLocal(35, "both-local-elsewhere", [.ready(.far1)])
}

extension PacketMatrix {
    static let internalPolicySections = [
        Section(
            "Under the internal policy Local the cluster IP leads to the node's own endpoints "
                + "alone.",
            source: "reference/networking/virtual-ips/#internal-traffic-policy",
            [
                Row(
                    .internalLocal,
                    from: [.pod],
                    to: [.clusterIP],
                    over: .all,
                    .by(.near1, seeing: .client)
                ),
                Row(
                    .internalLocal,
                    from: [.node, .outside],
                    to: [.clusterIP],
                    over: [.tcp, .udp],
                    .by(.near1, seeing: .node)
                ),
                Row(
                    .internalLocal,
                    from: [.near1],
                    to: [.clusterIP],
                    .by(.near1, seeing: .node)
                ),
                Row(
                    .internalLocalHosts,
                    from: [.pod],
                    to: [.clusterIP],
                    .by(.nearHost, seeing: .client)
                ),
            ]
        ),
        Section(
            "Under the internal policy Local a node without endpoints of its own drops packets to "
                + "the cluster IP.",
            source: "kube-proxy, iptables mode: \"has no local endpoints\", DROP; KEP-2086",
            [
                Row(
                    .internalLocalElsewhere,
                    from: [.pod, .node, .outside],
                    to: [.clusterIP],
                    .timedOut
                ),
                Row(
                    .internalLocalElsewhere,
                    from: [.pod, .node],
                    to: [.clusterIP],
                    over: [.udp],
                    .timedOut
                ),
            ]
        ),
        Section(
            "Under the internal policy Local, too, everybody is refused when there is no endpoint "
                + "anywhere.",
            source: "kube-proxy, iptables mode: \"has no endpoints\", REJECT",
            [
                Row(
                    .internalLocalEmpty,
                    from: [.pod, .node, .outside],
                    to: [.clusterIP, .nodePort, .loadBalancerIP],
                    .refused
                ),
                Row(
                    .internalLocalEmpty,
                    from: [.pod],
                    to: [.clusterIP],
                    over: [.udp, .sctp],
                    .refused
                ),
            ]
        ),
        Section(
            "The internal policy does not bear on external addresses.",
            source: "reference/networking/virtual-ips/#traffic-policies",
            [
                Row(
                    .internalLocal,
                    from: [.pod, .node, .outside],
                    to: [.loadBalancerIP],
                    knocking: .untilAllHaveAnswered,
                    .by(.near1, .far1, seeing: .node)
                ),
                Row(
                    .internalLocal,
                    from: [.pod, .outside],
                    to: [.nodePort, .externalIP],
                    .by(.near1, .far1, seeing: .node)
                ),
                Row(
                    .internalLocalElsewhere,
                    from: [.pod, .node, .outside],
                    to: [.nodePort, .externalIP, .loadBalancerIP],
                    .by(.far1, seeing: .node)
                ),
            ]
        ),
        Section(
            "Where both policies are Local, pods and the node are subject to neither at external "
                + "addresses.",
            source: "kube-proxy, iptables mode: first rules of KUBE-EXT",
            [
                Row(
                    .bothLocal,
                    from: [.pod],
                    to: [.clusterIP],
                    .by(.near1, seeing: .client)
                ),
                Row(
                    .bothLocal,
                    from: [.pod],
                    to: [.loadBalancerIP],
                    knocking: .untilAllHaveAnswered,
                    .by(.near1, .far1, seeing: .client)
                ),
                Row(
                    .bothLocal,
                    from: [.pod],
                    to: [.nodePort, .externalIP],
                    .by(.near1, .far1, seeing: .client)
                ),
                Row(
                    .bothLocal,
                    from: [.node],
                    to: [.loadBalancerIP, .nodePort],
                    .by(.near1, .far1, seeing: .node)
                ),
                Row(
                    .bothLocal,
                    from: [.outside],
                    to: [.loadBalancerIP, .nodePort],
                    .by(.near1, seeing: .client)
                ),
                Row(
                    .bothLocalElsewhere,
                    from: [.pod],
                    to: [.clusterIP],
                    .timedOut
                ),
                Row(
                    .bothLocalElsewhere,
                    from: [.pod],
                    to: [.loadBalancerIP, .nodePort],
                    .by(.far1, seeing: .client)
                ),
                Row(
                    .bothLocalElsewhere,
                    from: [.node],
                    to: [.loadBalancerIP, .nodePort],
                    .by(.far1, seeing: .node)
                ),
                Row(
                    .bothLocalElsewhere,
                    from: [.outside],
                    to: [.loadBalancerIP],
                    .timedOut
                ),
            ]
        ),
    ]
}
