import Addressing
import ServiceModel

extension Scenario {
    private static func local(_ number: Int, _ name: String, _ endpoints: [Member]) -> Scenario {
        Scenario(number, name, endpoints).with { $0.externalPolicy = .local }
    }

    static let externalLocal = local(
        20,
        "external-local",
        [.ready(.near1), .ready(.near2), .ready(.far1)]
    )
    static let externalLocalElsewhere = local(21, "external-local-elsewhere", [.ready(.far1)])
    static let externalLocalEmpty = local(22, "external-local-empty", [])
    static let externalLocalHosts = local(
        23,
        "external-local-hosts",
        [.ready(.nearHost), .ready(.farHost)]
    )
}

extension PacketMatrix {
    static let externalPolicySections = [
        Section(
            "Under the external policy Local clients outside reach the node's own endpoints alone, "
                + "and keep their address.",
            source: "reference/networking/virtual-ips/#external-traffic-policy",
            [
                Row(
                    .externalLocal,
                    from: [.outside],
                    to: [.nodePort, .loadBalancerIP],
                    over: .all,
                    .by(.near1, .near2, seeing: .client)
                ),
                Row(
                    .externalLocal,
                    from: [.outside],
                    to: [.secondNodePort],
                    .by(.near1, .near2, seeing: .client)
                ),
                Row(
                    .externalLocal,
                    from: [.outside],
                    to: [.externalIP],
                    knocking: .untilAllHaveAnswered,
                    .by(.near1, .near2, seeing: .client)
                ),
                Row(
                    .externalLocalHosts,
                    from: [.outside],
                    to: [.nodePort, .externalIP, .loadBalancerIP],
                    over: [.tcp, .udp],
                    .by(.nearHost, seeing: .client)
                ),
            ]
        ),
        Section(
            "The external policy does not bear on the cluster IP.",
            source: "reference/networking/virtual-ips/#external-traffic-policy",
            [
                Row(
                    .externalLocal,
                    from: [.pod],
                    to: [.clusterIP],
                    knocking: .untilAllHaveAnswered,
                    .by(.near1, .near2, .far1, seeing: .client)
                ),
                Row(
                    .externalLocal,
                    from: [.node, .outside],
                    to: [.clusterIP],
                    .by(.near1, .near2, .far1, seeing: .node)
                ),
                Row(
                    .externalLocalElsewhere,
                    from: [.pod],
                    to: [.clusterIP],
                    over: [.tcp, .udp],
                    .by(.far1, seeing: .client)
                ),
                Row(
                    .externalLocalElsewhere,
                    from: [.node, .outside],
                    to: [.clusterIP],
                    .by(.far1, seeing: .node)
                ),
            ]
        ),
        Section(
            "Pods and the node reach all endpoints at external addresses under the policy Local "
                + "too, as if they went out to the load balancer and came back to another node; "
                + "pods keep their address.",
            source: "reference/networking/virtual-ips/#external-traffic-policy",
            [
                Row(
                    .externalLocal,
                    from: [.pod],
                    to: [.loadBalancerIP],
                    knocking: .untilAllHaveAnswered,
                    .by(.near1, .near2, .far1, seeing: .client)
                ),
                Row(
                    .externalLocal,
                    from: [.pod],
                    to: [.nodePort, .externalIP, .secondNodePort],
                    .by(.near1, .near2, .far1, seeing: .client)
                ),
                Row(
                    .externalLocal,
                    from: [.node],
                    to: [.loadBalancerIP],
                    knocking: .untilAllHaveAnswered,
                    .by(.near1, .near2, .far1, seeing: .node)
                ),
                Row(
                    .externalLocal,
                    from: [.node],
                    to: [.nodePort, .externalIP, .secondNodePort],
                    .by(.near1, .near2, .far1, seeing: .node)
                ),
                Row(
                    .externalLocal,
                    from: [.near1],
                    to: [.loadBalancerIP],
                    .by(.near1, .near2, .far1, seeing: .any)
                ),
                Row(
                    .externalLocalElsewhere,
                    from: [.pod],
                    to: .external,
                    .by(.far1, seeing: .client)
                ),
                Row(
                    .externalLocalElsewhere,
                    from: [.pod],
                    to: [.nodePort, .loadBalancerIP],
                    over: [.udp, .sctp],
                    .by(.far1, seeing: .client)
                ),
                Row(
                    .externalLocalElsewhere,
                    from: [.node],
                    to: .external,
                    .by(.far1, seeing: .node)
                ),
                Row(
                    .externalLocalElsewhere,
                    from: [.node],
                    to: [.nodePort, .loadBalancerIP],
                    over: [.udp, .sctp],
                    .by(.far1, seeing: .node)
                ),
                Row(
                    .externalLocalHosts,
                    from: [.node],
                    to: [.loadBalancerIP],
                    .by(.nearHost, .farHost, seeing: .node)
                ),
            ]
        ),
        Section(
            "Under the external policy Local a node without endpoints of its own drops the packets "
                + "of clients outside, as another node may have one.",
            source: "kube-proxy, iptables mode: \"has no local endpoints\", DROP",
            [
                Row(
                    .externalLocalElsewhere,
                    from: [.outside],
                    to: [.nodePort, .externalIP, .loadBalancerIP],
                    .timedOut
                ),
                Row(
                    .externalLocalElsewhere,
                    from: [.outside],
                    to: [.loadBalancerIP],
                    over: [.udp, .sctp],
                    .timedOut
                ),
            ]
        ),
        Section(
            "Under the external policy Local, too, everybody is refused when there is no endpoint "
                + "anywhere.",
            source: "kube-proxy, iptables mode: \"has no endpoints\", REJECT",
            [
                Row(
                    .externalLocalEmpty,
                    from: [.pod, .node, .outside],
                    to: [.clusterIP, .nodePort, .externalIP, .loadBalancerIP],
                    .refused
                ),
                Row(
                    .externalLocalEmpty,
                    from: [.outside],
                    to: [.nodePort, .loadBalancerIP],
                    over: [.udp, .sctp],
                    .refused
                ),
            ]
        ),
    ]
}
