import Addressing
import ServiceModel

extension Scenario {
    static let nearHost = Scenario(10, "near-host", [.ready(.nearHost)])
    static let farHost = Scenario(11, "far-host", [.ready(.farHost)])
}

extension PacketMatrix {
    static let sourceSections = [
        Section(
            "A pod's own address reaches the endpoint behind a cluster IP.",
            source: "tutorials/services/source-ip/#source-ip-for-services-with-type-clusterip",
            [
                Row(
                    .onlyNear,
                    from: [.pod],
                    to: [.clusterIP],
                    over: .all,
                    .by(.near1, seeing: .client)
                ),
                Row(
                    .onlyFar,
                    from: [.pod, .near1],
                    to: [.clusterIP],
                    over: .all,
                    .by(.far1, seeing: .client)
                ),
            ]
        ),
        Section(
            "A client whose address is outside the cluster CIDR is masqueraded on its way to a "
                + "cluster IP, or the endpoint's reply would not find back through the node.",
            source: "kube-proxy, --cluster-cidr and --detect-local-mode",
            [
                Row(
                    .plain,
                    from: [.outside],
                    to: [.clusterIP],
                    over: .all,
                    .by(.near1, .near2, .far1, .far2, seeing: .node)
                ),
                Row(
                    .onlyNear,
                    from: [.node, .outside],
                    to: [.clusterIP],
                    over: .all,
                    .by(.near1, seeing: .node)
                ),
                Row(
                    .onlyFar,
                    from: [.node, .outside],
                    to: [.clusterIP],
                    over: .all,
                    .by(.far1, seeing: .node)
                ),
            ]
        ),
        Section(
            "Under the external policy Cluster everybody is masqueraded at addresses for clients "
                + "outside.",
            source: "tutorials/services/source-ip/#source-ip-for-services-with-type-nodeport",
            [
                Row(
                    .onlyNear,
                    from: [.pod, .node, .outside],
                    to: [.nodePort, .externalIP, .loadBalancerIP],
                    .by(.near1, seeing: .node)
                ),
                Row(
                    .onlyFar,
                    from: [.pod, .node, .outside],
                    to: [.nodePort, .externalIP, .loadBalancerIP],
                    over: [.tcp, .udp],
                    .by(.far1, seeing: .node)
                ),
            ]
        ),
        Section(
            "An endpoint may be sent to itself, and then sees the node as its client.",
            source: "tasks/debug/debug-application/debug-service/#a-pod-fails-to-reach-itself-via-"
                + "the-service-ip",
            [
                Row(
                    .onlyNear,
                    from: [.near1],
                    to: [.clusterIP],
                    over: .all,
                    .by(.near1, seeing: .node)
                ),
                Row(
                    .onlyNear,
                    from: [.near1],
                    to: [.nodePort, .externalIP, .loadBalancerIP],
                    .by(.near1, seeing: .node)
                ),
                Row(
                    .plain,
                    from: [.near1],
                    to: [.clusterIP, .loadBalancerIP],
                    .by(.near1, .near2, .far1, .far2, seeing: .any)
                ),
            ]
        ),
        Section(
            "An endpoint may be a process in a node's own network. Nothing is promised about the "
                + "source that it sees of a masqueraded client on its own node, as such packets do "
                + "not leave the node.",
            source: "kube-proxy, iptables mode: MASQUERADE in KUBE-POSTROUTING alone",
            [
                Row(
                    .nearHost,
                    from: [.pod],
                    to: [.clusterIP],
                    over: .all,
                    .by(.nearHost, seeing: .client)
                ),
                Row(
                    .nearHost,
                    from: [.node],
                    to: [.clusterIP],
                    over: .all,
                    .by(.nearHost, seeing: .node)
                ),
                Row(
                    .nearHost,
                    from: [.outside],
                    to: [.clusterIP],
                    over: .all,
                    .by(.nearHost, seeing: .any)
                ),
                Row(
                    .nearHost,
                    from: [.pod, .outside],
                    to: [.nodePort, .externalIP, .loadBalancerIP],
                    .by(.nearHost, seeing: .any)
                ),
                Row(
                    .nearHost,
                    from: [.node],
                    to: [.nodePort, .loadBalancerIP],
                    .by(.nearHost, seeing: .node)
                ),
                Row(
                    .farHost,
                    from: [.pod],
                    to: [.clusterIP],
                    over: .all,
                    .by(.farHost, seeing: .client)
                ),
                Row(
                    .farHost,
                    from: [.node, .outside],
                    to: [.clusterIP],
                    over: .all,
                    .by(.farHost, seeing: .node)
                ),
                Row(
                    .farHost,
                    from: [.pod, .node, .outside],
                    to: [.nodePort, .externalIP, .loadBalancerIP],
                    .by(.farHost, seeing: .node)
                ),
            ]
        ),
    ]
}
