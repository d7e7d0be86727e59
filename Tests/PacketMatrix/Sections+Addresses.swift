import Addressing
import ServiceModel

extension Scenario {
    /// Every kind of address, endpoints on both nodes.
    static let plain = Scenario(
        1,
        "plain",
        [.ready(.near1), .ready(.near2), .ready(.far1), .ready(.far2)]
    )
    static let onlyNear = Scenario(2, "only-near", [.ready(.near1)])
    static let onlyFar = Scenario(3, "only-far", [.ready(.far1)])
    static let empty = Scenario(4, "empty")
}

extension PacketMatrix {
    static let addressSections = [
        Section(
            "The cluster IP leads to every ready endpoint, on whatever node.",
            source: "concepts/services-networking/service/#virtual-ips-and-service-proxies",
            [
                Row(
                    .plain,
                    from: [.pod],
                    to: [.clusterIP],
                    over: [.udp, .sctp],
                    .by(.near1, .near2, .far1, .far2, seeing: .client)
                ),
                Row(
                    .plain,
                    from: [.pod],
                    to: [.clusterIP],
                    knocking: .untilAllHaveAnswered,
                    .by(.near1, .near2, .far1, .far2, seeing: .client)
                ),
                Row(
                    .plain,
                    from: [.node],
                    to: [.clusterIP],
                    over: [.udp, .sctp],
                    .by(.near1, .near2, .far1, .far2, seeing: .node)
                ),
                Row(
                    .plain,
                    from: [.node],
                    to: [.clusterIP],
                    knocking: .untilAllHaveAnswered,
                    .by(.near1, .near2, .far1, .far2, seeing: .node)
                ),
            ]
        ),
        Section(
            "Every address of the node leads to the Service at its node port.",
            source: "concepts/services-networking/service/#type-nodeport",
            [
                Row(
                    .plain,
                    from: [.pod, .node, .outside],
                    to: .nodePorts,
                    over: .all,
                    .by(.near1, .near2, .far1, .far2, seeing: .node)
                )
            ]
        ),
        Section(
            "A node that a packet to an external IP comes to sends it to the Service.",
            source: "concepts/services-networking/service/#external-ips",
            [
                Row(
                    .plain,
                    from: [.pod, .node, .outside],
                    to: [.externalIP],
                    over: .all,
                    .by(.near1, .near2, .far1, .far2, seeing: .node)
                )
            ]
        ),
        Section(
            "A node that a packet to a load balancer's ingress IP comes to sends it to the Service, "
                + "and so do pods and the node itself, without the load balancer.",
            source: "concepts/services-networking/service/#load-balancer-ip-mode",
            [
                Row(
                    .plain,
                    from: [.pod, .node],
                    to: [.loadBalancerIP],
                    over: .all,
                    .by(.near1, .near2, .far1, .far2, seeing: .node)
                ),
                Row(
                    .plain,
                    from: [.outside],
                    to: [.loadBalancerIP],
                    over: [.udp, .sctp],
                    .by(.near1, .near2, .far1, .far2, seeing: .node)
                ),
                Row(
                    .plain,
                    from: [.outside],
                    to: [.loadBalancerIP],
                    knocking: .untilAllHaveAnswered,
                    .by(.near1, .near2, .far1, .far2, seeing: .node)
                ),
            ]
        ),
        Section(
            "A Service without any endpoint refuses its clients at all its addresses.",
            source: "kube-proxy, iptables mode: REJECT in KUBE-SERVICES, KUBE-EXTERNAL-SERVICES",
            [
                Row(
                    .empty,
                    from: [.pod, .node, .outside],
                    to: [.clusterIP, .loadBalancerIP],
                    over: .all,
                    .refused
                ),
                Row(
                    .empty,
                    from: [.pod, .node, .outside],
                    to: [.nodePort, .secondNodePort, .externalIP],
                    over: [.tcp, .udp],
                    .refused
                ),
            ]
        ),
    ]
}
