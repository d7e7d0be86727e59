import Addressing
import ServiceModel

extension Scenario {
    static let affinity = Scenario(
        80,
        "affinity",
        [.ready(.near1), .ready(.near2), .ready(.far1), .ready(.far2)]
    ).with { $0.affinity = .clientIP(timeout: 300) }
    static let affinityUnderExternalLocal = Scenario(
        81,
        "affinity-external-local",
        [.ready(.near1), .ready(.near2), .ready(.far1)]
    ).with {
        $0.affinity = .clientIP(timeout: 300)
        $0.externalPolicy = .local
    }
}

extension PacketMatrix {
    static let affinitySections = [
        Section(
            "With session affinity ClientIP all connections of a client reach one endpoint.",
            source: "reference/networking/virtual-ips/#session-affinity",
            [
                Row(
                    .affinity,
                    from: [.pod],
                    to: [.clusterIP],
                    over: .all,
                    knocking: .expectingOneEndpoint(requests: 4),
                    .by(.near1, .near2, .far1, .far2, seeing: .client)
                ),
                Row(
                    .affinity,
                    from: [.node],
                    to: [.clusterIP],
                    knocking: .expectingOneEndpoint(requests: 4),
                    .by(.near1, .near2, .far1, .far2, seeing: .node)
                ),
                Row(
                    .affinity,
                    from: [.outside],
                    to: [.clusterIP, .loadBalancerIP],
                    over: [.tcp, .udp],
                    knocking: .expectingOneEndpoint(requests: 4),
                    .by(.near1, .near2, .far1, .far2, seeing: .node)
                ),
                Row(
                    .affinity,
                    from: [.outside],
                    to: [.nodePort],
                    knocking: .expectingOneEndpoint(requests: 4),
                    .by(.near1, .near2, .far1, .far2, seeing: .node)
                ),
            ]
        ),
        Section(
            "Session affinity holds among the endpoints that a policy Local leaves.",
            source: "reference/networking/virtual-ips/#session-affinity, #traffic-policies",
            [
                Row(
                    .affinityUnderExternalLocal,
                    from: [.outside, .neighbour],
                    to: [.loadBalancerIP],
                    over: [.tcp, .udp],
                    knocking: .expectingOneEndpoint(requests: 4),
                    .by(.near1, .near2, seeing: .client)
                ),
                Row(
                    .affinityUnderExternalLocal,
                    from: [.pod],
                    to: [.loadBalancerIP],
                    knocking: .expectingOneEndpoint(requests: 4),
                    .by(.near1, .near2, .far1, seeing: .client)
                ),
            ]
        ),
    ]
}
