import Addressing
import ServiceModel

extension Scenario {
    private static func ranges(_ prefix: (AddressFamily) -> IPPrefix) -> [IPPrefix] {
        AddressFamily.allCases.map(prefix)
    }

    private static let onlyTheClient = ranges {
        IPPrefix(holding: Vantage.outside.address($0), length: $0.bits)
    }

    static let allowingTheClient = Scenario(
        70,
        "allowing-the-client",
        [.ready(.near1), .ready(.far1)]
    ).with { $0.allowed = onlyTheClient }
    static let allowingTheNode = Scenario(71, "allowing-the-node", [.ready(.near1)]).with {
        // The network of the nodes: 192.0.2.0/24, 2001:db8::/64.
        $0.allowed = ranges {
            IPPrefix(holding: World.nodeAddress(1, $0), length: $0 == .ipv4 ? 24 : 64)
        }
    }
    static let allowingPods = Scenario(72, "allowing-pods", [.ready(.near2), .ready(.far1)])
        .with { $0.allowed = ranges(World.clusterCIDR) }
    static let allowingTheClientLocal = Scenario(
        73,
        "allowing-the-client-local",
        [.ready(.near1), .ready(.far1)]
    ).with {
        $0.allowed = onlyTheClient
        $0.externalPolicy = .local
    }
    static let withoutNodePort = Scenario(74, "without-node-port", [.ready(.near1)])
        .with { $0.doors.subtract([Door].nodePorts) }
    /// Its load balancer is one with `ipMode: Proxy`, so that no node takes its address.
    static let proxyingLoadBalancer = Scenario(75, "proxying-load-balancer", [.ready(.near1)])
        .with { $0.doors.remove(.loadBalancerIP) }
    static let onlyIPv4 = Scenario(76, "only-ipv4", [.ready(.near1), .ready(.far1)])
        .with { $0.families = [.ipv4] }
    static let onlyIPv6 = Scenario(77, "only-ipv6", [.ready(.near1), .ready(.far1)])
        .with { $0.families = [.ipv6] }
    static let onlyClusterIP = Scenario(78, "only-cluster-ip", [.ready(.near1), .ready(.far1)])
        .with { $0.doors = [.clusterIP] }
}

extension PacketMatrix {
    static let restrictionSections = [
        Section(
            "Only clients inside loadBalancerSourceRanges reach the load balancer's addresses; the "
                + "packets of all others vanish, those of pods and of the node too.",
            source: "concepts/services-networking/service/#loadbalancer; kube-proxy, iptables "
                + "mode: KUBE-FW, KUBE-PROXY-FIREWALL",
            [
                Row(
                    .allowingTheClient,
                    from: [.outside],
                    to: [.loadBalancerIP],
                    over: .all,
                    .by(.near1, .far1, seeing: .node)
                ),
                Row(
                    .allowingTheClient,
                    from: [.neighbour, .pod, .node],
                    to: [.loadBalancerIP],
                    .timedOut
                ),
                Row(
                    .allowingTheClient,
                    from: [.neighbour],
                    to: [.loadBalancerIP],
                    over: [.udp, .sctp],
                    .timedOut
                ),
                Row(
                    .allowingTheClient,
                    from: [.node],
                    to: [.loadBalancerIP],
                    over: [.udp],
                    .timedOut
                ),
                Row(
                    .allowingTheNode,
                    from: [.node],
                    to: [.loadBalancerIP],
                    over: [.tcp, .udp],
                    .by(.near1, seeing: .node)
                ),
                Row(.allowingTheNode, from: [.outside], to: [.loadBalancerIP], .timedOut),
                Row(
                    .allowingPods,
                    from: [.pod, .near1],
                    to: [.loadBalancerIP],
                    over: [.tcp, .udp],
                    .by(.near2, .far1, seeing: .node)
                ),
                Row(
                    .allowingTheClientLocal,
                    from: [.outside],
                    to: [.loadBalancerIP],
                    .by(.near1, seeing: .client)
                ),
                Row(
                    .allowingTheClientLocal,
                    from: [.neighbour],
                    to: [.loadBalancerIP],
                    .timedOut
                ),
            ]
        ),
        Section(
            "loadBalancerSourceRanges do not bear on a Service's other addresses.",
            source: "kube-proxy, iptables mode: KUBE-FW is for load balancer addresses alone",
            [
                Row(
                    .allowingTheClient,
                    from: [.neighbour, .pod, .node],
                    to: [.nodePort, .externalIP],
                    .by(.near1, .far1, seeing: .node)
                ),
                Row(
                    .allowingTheClient,
                    from: [.pod],
                    to: [.clusterIP],
                    .by(.near1, .far1, seeing: .client)
                ),
                Row(
                    .allowingTheClient,
                    from: [.neighbour, .node],
                    to: [.clusterIP],
                    .by(.near1, .far1, seeing: .node)
                ),
                Row(
                    .allowingTheClientLocal,
                    from: [.neighbour],
                    to: [.nodePort],
                    .by(.near1, seeing: .client)
                ),
            ]
        ),
        Section(
            "A Service without node ports has none: whatever else is at such a port of the node, "
                + "or nothing, answers.",
            source: "concepts/services-networking/service/#load-balancer-nodeport-allocation",
            [
                Row(
                    .withoutNodePort,
                    from: [.outside, .pod],
                    to: .nodePorts,
                    over: [.tcp, .udp],
                    .refused
                ),
                Row(
                    .withoutNodePort,
                    from: [.outside],
                    to: [.loadBalancerIP],
                    .by(.near1, seeing: .node)
                ),
                Row(.onlyClusterIP, from: [.outside], to: [.nodePort], .refused),
                Row(
                    .onlyClusterIP,
                    from: [.pod],
                    to: [.clusterIP],
                    .by(.near1, .far1, seeing: .client)
                ),
            ]
        ),
        Section(
            "Packets to a load balancer with ipMode Proxy go to the load balancer.",
            source: "concepts/services-networking/service/#load-balancer-ip-mode; KEP-1860",
            [
                Row(.proxyingLoadBalancer, from: [.pod], to: [.loadBalancerIP], .passedOn),
                Row(
                    .proxyingLoadBalancer,
                    from: [.pod],
                    to: [.clusterIP],
                    .by(.near1, seeing: .client)
                ),
                Row(
                    .proxyingLoadBalancer,
                    from: [.outside],
                    to: [.nodePort],
                    .by(.near1, seeing: .node)
                ),
            ]
        ),
        Section(
            "A Service of one family is served in that family alone.",
            source: "concepts/services-networking/dual-stack/#services",
            [
                Row(
                    .onlyIPv4,
                    from: [.pod],
                    to: [.clusterIP],
                    over: [.tcp, .udp],
                    .by(.near1, .far1, seeing: .client)
                ),
                Row(
                    .onlyIPv4,
                    from: [.outside],
                    to: .external,
                    .by(.near1, .far1, seeing: .node)
                ),
                Row(.onlyIPv4, from: [.outside], to: [.nodePort], families: [.ipv6], .refused),
                Row(
                    .onlyIPv6,
                    from: [.pod],
                    to: [.clusterIP],
                    over: [.tcp, .udp],
                    .by(.near1, .far1, seeing: .client)
                ),
                Row(
                    .onlyIPv6,
                    from: [.outside],
                    to: .external,
                    .by(.near1, .far1, seeing: .node)
                ),
                Row(.onlyIPv6, from: [.outside], to: [.nodePort], families: [.ipv4], .refused),
            ]
        ),
    ]
}
