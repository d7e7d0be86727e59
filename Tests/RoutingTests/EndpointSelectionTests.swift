import Addressing
import Routing
import ServiceModel
import Testing

@Suite struct EndpointSelectionTests {
    /// An endpoint at 10.244.0.`number`:8080; the number is its place in the list, from 1.
    struct Pod: Sendable {
        var conditions: EndpointConditions = .ready
        var node: String? = "there"
        var zones: [String]?
        var nodes: [String]?

        static let leaving = Pod(conditions: [.isServing, .isTerminating])
        static let notReady = Pod(conditions: .notReady)

        var here: Pod {
            var copy = self
            copy.node = "here"
            return copy
        }

        static func meant(
            forZones zones: [String]? = nil,
            forNodes nodes: [String]? = nil
        ) -> Pod {
            Pod(zones: zones, nodes: nodes)
        }
    }

    struct Choice: CustomTestStringConvertible {
        let name: String
        let pods: [Pod]
        var publishNotReady = false
        var zone: String? = "east"
        /// The numbers of the endpoints that are used, or `reject` or `drop`.
        let cluster: String
        let local: String
        var topology = EndpointSelection.Topology.none
        var ignoresZoneHints = false

        var testDescription: String { name }
    }

    private static func selection(_ choice: Choice) -> EndpointSelection {
        let endpoints = choice.pods.enumerated().map { index, pod in
            let address = IPAddress.ipv4(0x0af4_0000 + UInt32(index + 1))
            let hasHints = pod.zones != nil || pod.nodes != nil
            return PortEndpoint(
                address: SocketEndpoint(address, 8080),
                endpoint: Endpoint(
                    address: address,
                    conditions: pod.conditions,
                    nodeName: pod.node,
                    hints: hasHints
                        ? EndpointHints(zones: pod.zones ?? [], nodes: pod.nodes ?? []) : nil
                )
            )
        }
        return EndpointSelection(
            endpoints,
            publishNotReady: choice.publishNotReady,
            on: RoutingNode(name: "here", zone: choice.zone)
        )
    }

    private static func text(of target: Target) -> String {
        switch target {
        case .balance(let backends):
            backends.map { "\($0.address.address.low & 0xff)" }.joined(separator: " ")
        case .reject: "reject"
        case .drop: "drop"
        }
    }

    private static func expect(_ choice: Choice) {
        let selection = selection(choice)
        #expect(text(of: selection.target(under: .cluster)) == choice.cluster)
        #expect(text(of: selection.target(under: .local)) == choice.local)
        #expect(selection.topology == choice.topology)
        #expect(selection.ignoresZoneHints == choice.ignoresZoneHints)
        #expect(selection.hasAny == (choice.cluster != "reject"))
    }

    private static let byConditions: [Choice] = [
        Choice(name: "nobody", pods: [], cluster: "reject", local: "reject"),
        Choice(
            name: "nobody who could answer",
            pods: [.notReady, .notReady.here, Pod(conditions: [.isTerminating]).here],
            cluster: "reject",
            local: "reject"
        ),
        Choice(
            name: "serving, but neither ready nor leaving",
            pods: [Pod(conditions: [.isServing]).here],
            cluster: "reject",
            local: "reject"
        ),
        Choice(name: "ready elsewhere", pods: [Pod(), Pod()], cluster: "1 2", local: "drop"),
        Choice(
            name: "ready here and elsewhere",
            pods: [Pod(), Pod().here, .notReady.here],
            cluster: "1 2",
            local: "2"
        ),
        Choice(
            name: "a node that is not known is not this one",
            pods: [Pod(node: nil)],
            cluster: "1",
            local: "drop"
        ),
        Choice(
            name: "leaving everywhere",
            pods: [.leaving, .leaving.here, .notReady],
            cluster: "1 2",
            local: "2"
        ),
        Choice(
            name: "leaving here while another is ready elsewhere",
            pods: [Pod(), .leaving.here],
            cluster: "1",
            local: "2"
        ),
        Choice(
            name: "leaving elsewhere while another is ready here",
            pods: [.leaving, Pod().here],
            cluster: "2",
            local: "2"
        ),
        Choice(
            name: "leaving elsewhere, and nothing here",
            pods: [.leaving, .notReady.here],
            cluster: "1",
            local: "drop"
        ),
        Choice(
            name: "ready although it leaves",
            pods: [Pod(conditions: [.isReady, .isServing, .isTerminating]).here],
            cluster: "1",
            local: "1"
        ),
        Choice(
            name: "published while not ready",
            pods: [.notReady, .notReady.here, .leaving.here],
            publishNotReady: true,
            cluster: "1 2 3",
            local: "2 3"
        ),
    ]

    @Test(arguments: byConditions)
    func choosesByConditionsForTheClusterAndForThisNodeAlone(_ choice: Choice) {
        Self.expect(choice)
    }

    private static let byZones: [Choice] = [
        Choice(
            name: "one of them is for this zone",
            pods: [.meant(forZones: ["east"]), .meant(forZones: ["west"]).here],
            cluster: "1",
            local: "2",
            topology: .sameZone
        ),
        Choice(
            name: "one is for several zones",
            pods: [.meant(forZones: ["west", "east"]), .meant(forZones: ["west"])],
            cluster: "1",
            local: "drop",
            topology: .sameZone
        ),
        Choice(
            name: "one ready endpoint has none",
            pods: [.meant(forZones: ["east"]), .meant(forZones: ["west"]), Pod()],
            cluster: "1 2 3",
            local: "drop"
        ),
        Choice(
            name: "the first ready endpoint has none",
            pods: [Pod(), .meant(forZones: ["east"]), .meant(forZones: ["west"])],
            cluster: "1 2 3",
            local: "drop"
        ),
        Choice(
            name: "one ready endpoint has an empty list",
            pods: [.meant(forZones: ["east"]), .meant(forZones: [])],
            cluster: "1 2",
            local: "drop"
        ),
        Choice(
            name: "none is for this zone",
            pods: [.meant(forZones: ["west"]), .meant(forZones: ["north"])],
            cluster: "1 2",
            local: "drop",
            ignoresZoneHints: true
        ),
        Choice(
            name: "the zone of the node is not known",
            pods: [.meant(forZones: ["east"]), .meant(forZones: ["west"])],
            zone: nil,
            cluster: "1 2",
            local: "drop",
            ignoresZoneHints: true
        ),
        Choice(
            name: "one that is not ready has none",
            pods: [.meant(forZones: ["east"]), .meant(forZones: ["west"]), .notReady, .leaving],
            cluster: "1",
            local: "drop",
            topology: .sameZone
        ),
        Choice(
            name: "only one that is not ready is for this zone",
            pods: [
                .meant(forZones: ["west"]), Pod(conditions: .notReady, zones: ["east"]),
            ],
            cluster: "1",
            local: "drop",
            ignoresZoneHints: true
        ),
        Choice(
            name: "nobody is ready, so those leaving are used whatever their zone",
            pods: [
                Pod(conditions: [.isServing, .isTerminating], zones: ["east"]),
                Pod(conditions: [.isServing, .isTerminating], zones: ["west"]).here,
            ],
            cluster: "1 2",
            local: "2"
        ),
        Choice(
            name: "only endpoints of this node count, whatever their zone",
            pods: [.meant(forZones: ["west"]).here, .meant(forZones: ["east"]).here],
            cluster: "2",
            local: "1 2",
            topology: .sameZone
        ),
    ]

    private static let byNodes: [Choice] = [
        Choice(
            name: "one of them is for this node",
            pods: [.meant(forNodes: ["here"]), .meant(forNodes: ["there"])],
            cluster: "1",
            local: "drop",
            topology: .sameNode
        ),
        Choice(
            name: "none is for this node",
            pods: [.meant(forNodes: ["there"]), .meant(forNodes: ["elsewhere"])],
            cluster: "1 2",
            local: "drop"
        ),
        Choice(
            name: "the node comes before the zone",
            pods: [
                .meant(forZones: ["east"], forNodes: ["there"]),
                .meant(forZones: ["east"], forNodes: ["here"]),
            ],
            cluster: "2",
            local: "drop",
            topology: .sameNode
        ),
        Choice(
            name: "the zone where none is for this node",
            pods: [
                .meant(forZones: ["east"], forNodes: ["there"]),
                .meant(forZones: ["west"], forNodes: ["elsewhere"]),
            ],
            cluster: "1",
            local: "drop",
            topology: .sameZone
        ),
        Choice(
            name: "the zone where one names no node",
            pods: [
                .meant(forZones: ["east"], forNodes: ["here"]), .meant(forZones: ["east"]),
                .meant(forZones: ["west"]),
            ],
            cluster: "1 2",
            local: "drop",
            topology: .sameZone
        ),
        Choice(
            name: "the node where one names no zone",
            pods: [
                .meant(forNodes: ["here"]), .meant(forZones: ["east"], forNodes: ["there"]),
            ],
            cluster: "1",
            local: "drop",
            topology: .sameNode
        ),
        Choice(
            name: "some name zones only, others nodes only",
            pods: [.meant(forZones: ["east"]), .meant(forNodes: ["here"])],
            cluster: "1 2",
            local: "drop"
        ),
        Choice(
            name: "a node does not need to know its zone",
            pods: [.meant(forZones: ["east"], forNodes: ["here"]), .meant(forNodes: ["there"])],
            zone: nil,
            cluster: "1",
            local: "drop",
            topology: .sameNode
        ),
        Choice(
            name: "only endpoints of this node count, whomever they are for",
            pods: [.meant(forNodes: ["there"]).here, .meant(forNodes: ["here"])],
            cluster: "2",
            local: "1",
            topology: .sameNode
        ),
    ]

    @Test(arguments: byZones)
    func followsHintsForZonesWhereAllReadyEndpointsHaveThemAndOneIsForUs(_ choice: Choice) {
        Self.expect(choice)
    }

    @Test(arguments: byNodes)
    func followsHintsForNodesBeforeThoseForZones(_ choice: Choice) {
        Self.expect(choice)
    }

    @Test func saysOfEachEndpointWhyItIsUsedOrNot() {
        let selection = Self.selection(
            Choice(
                name: "",
                pods: [
                    .meant(forZones: ["east"]), .meant(forZones: ["west"]).here, .notReady.here,
                    .leaving, .leaving.here,
                ],
                cluster: "",
                local: ""
            )
        )
        let standings = { (policy: TrafficPolicy) in
            selection.endpoints.map { selection.standing(of: $0, under: policy) }
        }
        #expect(
            standings(.cluster) == [.used, .otherZone, .notReady, .terminating, .terminating]
        )
        #expect(
            standings(.local)
                == [.notOnThisNode, .used, .notReady, .notOnThisNode, .terminating]
        )
    }

    @Test func knowsWhichBackendsAreOnThisNode() {
        let selection = Self.selection(
            Choice(name: "", pods: [Pod(), Pod().here], cluster: "", local: "")
        )
        #expect(selection.target(under: .cluster).backends.map(\.isLocal) == [false, true])
    }
}
