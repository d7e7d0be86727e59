import Addressing
import ServiceModel

extension Scenario {
    static let leavingBesideReady = Scenario(
        40,
        "leaving-beside-ready",
        [.ready(.near1), .leaving(.near2), .gone(.far1), .notReady(.far2)]
    )
    static let onlyLeaving = Scenario(
        41,
        "only-leaving",
        [.leaving(.near1), .leaving(.far1), .gone(.near2), .notReady(.far2)]
    )
    static let onlyGone = Scenario(42, "only-gone", [.gone(.near1), .gone(.far1)])
    /// Of the node's own endpoints one is on its way out; the only ready one is elsewhere.
    private static let leavingHere: [Member] = [
        .leaving(.near1), .gone(.near2), .ready(.far1),
    ]
    static let leavingUnderExternalLocal = Scenario(43, "leaving-external-local", leavingHere)
        .with { $0.externalPolicy = .local }
    static let leavingUnderInternalLocal = Scenario(44, "leaving-internal-local", leavingHere)
        .with { $0.internalPolicy = .local }
    /// Ready and leaving, both on the node.
    static let leavingBesideReadyLocal = Scenario(
        45,
        "leaving-beside-ready-local",
        [.leaving(.near1), .ready(.near2), .ready(.far1)]
    ).with { $0.externalPolicy = .local }
    static let someNotReady = Scenario(46, "some-not-ready", [.notReady(.near1), .ready(.far1)])
    static let noneReady = Scenario(47, "none-ready", [.notReady(.near1), .notReady(.far1)])
    static let notReadyUnderExternalLocal = Scenario(
        48,
        "not-ready-external-local",
        [.notReady(.near1), .ready(.far1)]
    ).with { $0.externalPolicy = .local }
    static let goneUnderExternalLocal = Scenario(
        49,
        "gone-external-local",
        [.gone(.near1), .notReady(.far1)]
    ).with { $0.externalPolicy = .local }
    /// The control plane says "ready" of all endpoints of such a Service, whatever they are.
    static let publishingNotReady = Scenario(
        50,
        "publishing-not-ready",
        [
            Member(name: .near1, conditions: [.isReady]),
            Member(name: .far1, conditions: [.isReady, .isTerminating]),
        ]
    ).with { $0.publishesNotReady = true }
}

extension PacketMatrix {
    static let endpointSections = [
        Section(
            "Endpoints that are not ready get no traffic.",
            source: "concepts/services-networking/endpoint-slices/#conditions",
            [
                Row(
                    .someNotReady,
                    from: [.pod],
                    to: [.clusterIP],
                    over: [.tcp, .udp],
                    .by(.far1, seeing: .client)
                ),
                Row(
                    .someNotReady,
                    from: [.outside],
                    to: [.loadBalancerIP, .nodePort],
                    .by(.far1, seeing: .node)
                ),
                Row(
                    .noneReady,
                    from: [.pod, .outside],
                    to: [.clusterIP, .loadBalancerIP],
                    over: [.tcp, .udp],
                    .refused
                ),
                Row(
                    .notReadyUnderExternalLocal,
                    from: [.outside],
                    to: [.loadBalancerIP],
                    .timedOut
                ),
                Row(
                    .notReadyUnderExternalLocal,
                    from: [.pod],
                    to: [.loadBalancerIP],
                    .by(.far1, seeing: .client)
                ),
            ]
        ),
        Section(
            "An endpoint on its way out gets no new connections while any endpoint is ready.",
            source: "reference/networking/virtual-ips/#traffic-to-terminating-endpoints",
            [
                Row(
                    .leavingBesideReady,
                    from: [.pod],
                    to: [.clusterIP],
                    knocking: .expectingOneEndpoint(requests: 3),
                    .by(.near1, seeing: .client)
                ),
                Row(
                    .leavingBesideReady,
                    from: [.node, .outside],
                    to: [.loadBalancerIP, .nodePort],
                    .by(.near1, seeing: .node)
                ),
            ]
        ),
        Section(
            "Endpoints on their way out that still serve get the traffic when none is ready; those "
                + "that no longer serve never do.",
            source: "reference/networking/virtual-ips/#traffic-to-terminating-endpoints; KEP-1669",
            [
                Row(
                    .onlyLeaving,
                    from: [.pod],
                    to: [.clusterIP],
                    knocking: .untilAllHaveAnswered,
                    .by(.near1, .far1, seeing: .client)
                ),
                Row(
                    .onlyLeaving,
                    from: [.pod],
                    to: [.clusterIP],
                    over: [.udp],
                    .by(.near1, .far1, seeing: .client)
                ),
                Row(
                    .onlyLeaving,
                    from: [.node, .outside],
                    to: [.loadBalancerIP, .nodePort],
                    .by(.near1, .far1, seeing: .node)
                ),
                Row(
                    .onlyGone,
                    from: [.pod, .node, .outside],
                    to: [.clusterIP, .loadBalancerIP],
                    .refused
                ),
                Row(
                    .goneUnderExternalLocal,
                    from: [.pod, .outside],
                    to: [.loadBalancerIP],
                    .refused
                ),
            ]
        ),
        Section(
            "Under a policy Local that choice is made among the node's own endpoints alone.",
            source: "reference/networking/virtual-ips/#traffic-to-terminating-endpoints; KEP-1669",
            [
                Row(
                    .leavingUnderExternalLocal,
                    from: [.outside],
                    to: [.loadBalancerIP, .nodePort],
                    .by(.near1, seeing: .client)
                ),
                Row(
                    .leavingUnderExternalLocal,
                    from: [.pod],
                    to: [.clusterIP, .loadBalancerIP],
                    knocking: .expectingOneEndpoint(requests: 3),
                    .by(.far1, seeing: .client)
                ),
                Row(
                    .leavingUnderInternalLocal,
                    from: [.pod],
                    to: [.clusterIP],
                    knocking: .expectingOneEndpoint(requests: 3),
                    .by(.near1, seeing: .client)
                ),
                Row(
                    .leavingUnderInternalLocal,
                    from: [.outside],
                    to: [.loadBalancerIP],
                    knocking: .expectingOneEndpoint(requests: 3),
                    .by(.far1, seeing: .node)
                ),
                Row(
                    .leavingBesideReadyLocal,
                    from: [.outside],
                    to: [.loadBalancerIP],
                    knocking: .expectingOneEndpoint(requests: 3),
                    .by(.near2, seeing: .client)
                ),
            ]
        ),
        Section(
            "With publishNotReadyAddresses every endpoint counts as ready, and its slice says so.",
            source: "reference/kubernetes-api/service-resources/service-v1/#ServiceSpec",
            [
                Row(
                    .publishingNotReady,
                    from: [.pod],
                    to: [.clusterIP],
                    knocking: .untilAllHaveAnswered,
                    .by(.near1, .far1, seeing: .client)
                ),
                Row(
                    .publishingNotReady,
                    from: [.outside],
                    to: [.loadBalancerIP],
                    .by(.near1, .far1, seeing: .node)
                ),
            ]
        ),
    ]
}
