import Addressing
import ServiceModel

extension EndpointHints {
    /// Hints for zones, and for nodes where there are any.
    fileprivate static func zones(_ zones: String..., nodes: [String] = []) -> EndpointHints {
        EndpointHints(zones: zones, nodes: nodes)
    }
}

extension Scenario {
    static let zoneHints = Scenario(
        60,
        "zone-hints",
        [
            .ready(.near1, for: .zones("zone-1")), .ready(.far1, for: .zones("zone-1")),
            .ready(.far2, for: .zones("zone-2")),
        ]
    ).with { $0.distribution = .preferSameZone }
    static let nodeHints = Scenario(
        61,
        "node-hints",
        [
            .ready(.near1, for: .zones("zone-1", nodes: ["node-a"])),
            .ready(.far1, for: .zones("zone-1", nodes: ["node-b"])),
            .ready(.far2, for: .zones("zone-2", nodes: ["node-b"])),
        ]
    ).with { $0.distribution = .preferSameNode }
    static let nodeHintsElsewhere = Scenario(
        62,
        "node-hints-elsewhere",
        [
            .ready(.far1, for: .zones("zone-1", nodes: ["node-b"])),
            .ready(.far2, for: .zones("zone-2", nodes: ["node-b"])),
        ]
    ).with { $0.distribution = .preferSameNode }
    static let hintsIncomplete = Scenario(
        63,
        "hints-incomplete",
        [.ready(.near1, for: .zones("zone-1")), .ready(.far1)]
    )
    static let hintsForOtherZones = Scenario(
        64,
        "hints-other-zones",
        [.ready(.near1, for: .zones("zone-8")), .ready(.far1, for: .zones("zone-9"))]
    )
    /// Whoever is not ready does not count, with or without hints.
    static let hintsOfTheReady = Scenario(
        65,
        "hints-of-the-ready",
        [
            .ready(.near1, for: .zones("zone-1")), .ready(.far1, for: .zones("zone-2")),
            .notReady(.far2),
        ]
    )
    static let hintsUnderExternalLocal = Scenario(
        66,
        "hints-external-local",
        [
            .ready(.near1, for: .zones("zone-2")), .ready(.near2, for: .zones("zone-1")),
            .ready(.far1, for: .zones("zone-1")),
        ]
    ).with { $0.externalPolicy = .local }
    static let hintsUnderInternalLocal = Scenario(
        67,
        "hints-internal-local",
        [.ready(.near1, for: .zones("zone-2")), .ready(.far1, for: .zones("zone-1"))]
    ).with { $0.internalPolicy = .local }
    static let hintsOfLeaving = Scenario(
        68,
        "hints-of-leaving",
        [.leaving(.near1, for: .zones("zone-2")), .leaving(.far1, for: .zones("zone-1"))]
    )
    static let severalZones = Scenario(
        69,
        "hints-several-zones",
        [
            .ready(.near1, for: .zones("zone-2", "zone-1")),
            .ready(.far1, for: .zones("zone-2")),
        ]
    )
}

extension PacketMatrix {
    static let topologySections = [
        Section(
            "Where all ready endpoints have zone hints, those for the node's zone get its traffic, "
                + "wherever they run.",
            source: "concepts/services-networking/topology-aware-routing/; KEP-2433, KEP-4444",
            [
                Row(
                    .zoneHints,
                    from: [.pod],
                    to: [.clusterIP],
                    knocking: .untilAllHaveAnswered,
                    .by(.near1, .far1, seeing: .client)
                ),
                Row(
                    .zoneHints,
                    from: [.node],
                    to: [.clusterIP],
                    .by(.near1, .far1, seeing: .node)
                ),
                Row(
                    .zoneHints,
                    from: [.outside],
                    to: [.loadBalancerIP, .nodePort],
                    .by(.near1, .far1, seeing: .node)
                ),
                Row(
                    .hintsOfTheReady,
                    from: [.pod],
                    to: [.clusterIP],
                    knocking: .expectingOneEndpoint(requests: 3),
                    .by(.near1, seeing: .client)
                ),
                Row(
                    .severalZones,
                    from: [.pod],
                    to: [.clusterIP],
                    knocking: .expectingOneEndpoint(requests: 3),
                    .by(.near1, seeing: .client)
                ),
            ]
        ),
        Section(
            "Where all ready endpoints have node hints, those for the node get its traffic.",
            source: "reference/networking/virtual-ips/#traffic-distribution; KEP-3015",
            [
                Row(
                    .nodeHints,
                    from: [.pod],
                    to: [.clusterIP],
                    over: [.tcp, .udp],
                    knocking: .expectingOneEndpoint(requests: 3),
                    .by(.near1, seeing: .client)
                ),
                Row(
                    .nodeHints,
                    from: [.node, .outside],
                    to: [.nodePort],
                    .by(.near1, seeing: .node)
                ),
            ]
        ),
        Section(
            "Where no node hint is for the node, zone hints count.",
            source: "reference/networking/virtual-ips/#traffic-distribution; KEP-3015",
            [
                Row(
                    .nodeHintsElsewhere,
                    from: [.pod],
                    to: [.clusterIP],
                    knocking: .expectingOneEndpoint(requests: 3),
                    .by(.far1, seeing: .client)
                ),
                Row(
                    .nodeHintsElsewhere,
                    from: [.outside],
                    to: [.loadBalancerIP],
                    .by(.far1, seeing: .node)
                ),
            ]
        ),
        Section(
            "Hints do not count where a ready endpoint has none.",
            source: "concepts/services-networking/topology-aware-routing/#safeguards",
            [
                Row(
                    .hintsIncomplete,
                    from: [.pod],
                    to: [.clusterIP],
                    knocking: .untilAllHaveAnswered,
                    .by(.near1, .far1, seeing: .client)
                )
            ]
        ),
        Section(
            "Hints do not count where none is for the node's zone.",
            source: "concepts/services-networking/topology-aware-routing/#safeguards",
            [
                Row(
                    .hintsForOtherZones,
                    from: [.pod],
                    to: [.clusterIP],
                    knocking: .untilAllHaveAnswered,
                    .by(.near1, .far1, seeing: .client)
                )
            ]
        ),
        Section(
            "Hints do not count where a policy is Local, nor among endpoints on their way out.",
            source: "kube-proxy, CategorizeEndpoints; KEP-2433, KEP-1669",
            [
                Row(
                    .hintsUnderExternalLocal,
                    from: [.outside],
                    to: [.loadBalancerIP],
                    knocking: .untilAllHaveAnswered,
                    .by(.near1, .near2, seeing: .client)
                ),
                Row(
                    .hintsUnderExternalLocal,
                    from: [.pod],
                    to: [.clusterIP],
                    knocking: .untilAllHaveAnswered,
                    .by(.near2, .far1, seeing: .client)
                ),
                Row(
                    .hintsUnderInternalLocal,
                    from: [.pod],
                    to: [.clusterIP],
                    .by(.near1, seeing: .client)
                ),
                Row(
                    .hintsUnderInternalLocal,
                    from: [.outside],
                    to: [.loadBalancerIP],
                    .by(.far1, seeing: .node)
                ),
                Row(
                    .hintsOfLeaving,
                    from: [.pod],
                    to: [.clusterIP],
                    knocking: .untilAllHaveAnswered,
                    .by(.near1, .far1, seeing: .client)
                ),
            ]
        ),
    ]
}
