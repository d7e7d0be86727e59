import Addressing
import ServiceModel

extension PacketMatrix {
    static let nodeSections = [
        Section(
            "Processes of the node cannot be reached through service addresses, whatever port they "
                + "listen on.",
            source: "kube-proxy, ipvs mode: KUBE-IPVS-FILTER; in iptables mode no node has such an "
                + "address",
            scope: .addressesOnTheNode,
            [
                Row(
                    .plain,
                    from: [.pod, .node, .outside],
                    to: [.clusterIP, .externalIP, .loadBalancerIP],
                    over: [.tcp, .udp],
                    knocking: .atHostPort,
                    .refused
                ),
                Row(
                    .empty,
                    from: [.outside],
                    to: [.clusterIP, .loadBalancerIP],
                    knocking: .atHostPort,
                    .refused
                ),
            ]
        ),
        Section(
            "A node that has the service addresses answers a ping of them.",
            source: "kube-proxy, ipvs mode; the other modes promise nothing",
            scope: .addressesOnTheNode,
            [
                Row(
                    .plain,
                    from: [.pod, .node, .outside],
                    to: [.clusterIP, .externalIP, .loadBalancerIP],
                    knocking: .ping,
                    .echoed
                ),
                Row(
                    .empty,
                    from: [.pod],
                    to: [.clusterIP],
                    knocking: .ping,
                    .echoed
                ),
                Row(
                    .externalLocalElsewhere,
                    from: [.outside],
                    to: [.loadBalancerIP],
                    knocking: .ping,
                    .echoed
                ),
            ]
        ),
    ]
}
