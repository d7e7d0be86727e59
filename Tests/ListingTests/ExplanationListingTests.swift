import Addressing
import FoundationEssentials
import Listing
import Planning
import Routing
import ServiceModel
import Testing

/// A node `here` in the zone `east` at 192.0.2.10, with `default/web` at 10.96.0.1, 203.0.113.9 and the
/// node port 30080.
@Suite struct ExplanationListingTests {
    private static func explainer(
        _ endpoints: [Endpoint],
        affinity: Service.SessionAffinity = .none,
        annotations: [String: String] = [:],
        usesFilter: Bool = true
    ) throws -> PacketExplainer {
        var external = ExternalAccess()
        external.policy = .local
        external.loadBalancerAddresses = [try IPAddress("203.0.113.9")]
        external.sourceRanges = [try IPPrefix("198.51.100.0/24")]
        let name = ObjectName(namespace: "default", name: "web")
        let service = Service(
            name: name,
            reachability: .clusterIPs([try IPAddress("10.96.0.1")]),
            ports: [ServicePort(name: "http", port: 80, nodePort: 30080)],
            sessionAffinity: affinity,
            external: external,
            annotations: annotations
        )
        var cluster = RoutedCluster(
            policy: RoutingPolicy(node: RoutingNode(name: "here", zone: "east"))
        )
        _ = cluster.apply(.service(service))
        _ = cluster.apply(
            .endpointSlice(
                EndpointSlice(
                    name: name,
                    service: name,
                    family: .ipv4,
                    ports: [EndpointPort(name: "http", port: 8080)],
                    endpoints: endpoints
                )
            )
        )
        _ = cluster.route()
        let node = try IPAddress("192.0.2.10")
        return PacketExplainer(
            cluster: cluster,
            lowering: IPVSLowering(
                addressMode: .routes,
                globalScheduler: SchedulerRequest(name: "rr"),
                nodeAddresses: [node, try IPAddress("192.0.2.11")],
                nodePortAddresses: [node],
                usesFilter: usesFilter
            ),
            detection: .sources([try IPPrefix("10.244.0.0/16")])
        )
    }

    private static func endpoint(
        _ address: String,
        _ node: String?,
        _ conditions: EndpointConditions = .ready,
        zone: String? = nil,
        hints: EndpointHints? = nil
    ) throws -> Endpoint {
        Endpoint(
            address: try IPAddress(address),
            conditions: conditions,
            nodeName: node,
            zone: zone,
            hints: hints
        )
    }

    private static func ask(
        _ explainer: PacketExplainer,
        _ source: String,
        _ destination: String
    ) throws -> PacketExplanation {
        explainer.explain(
            PacketQuestion(
                source: try IPAddress(source),
                destination: try Sample.endpoint(destination),
                transport: .tcp
            )
        )
    }

    private static func text(
        _ explainer: PacketExplainer,
        _ source: String,
        _ destination: String
    ) throws -> [String] {
        lines(ExplanationListing.text(of: try ask(explainer, source, destination)))
    }

    @Test func tellsAPodWhereItsPacketGoes() throws {
        let leaving: EndpointConditions = [.isServing, .isTerminating]
        let explainer = try Self.explainer(
            [
                try Self.endpoint(
                    "10.244.0.1",
                    "here",
                    zone: "east",
                    hints: EndpointHints(zones: ["east"])
                ),
                try Self.endpoint(
                    "10.244.10.2",
                    "there",
                    zone: "west",
                    hints: EndpointHints(zones: ["west", "north"])
                ),
                try Self.endpoint("10.244.0.3", nil, .notReady),
                try Self.endpoint("10.244.0.4", "here", leaving),
            ],
            affinity: .clientIP(timeout: 60),
            annotations: ["scheduler": "mh", "scheduler-flags": "mh-port"]
        )
        let text = try Self.text(explainer, "10.244.0.1", "10.96.0.1:80")
        #expect(
            text == [
                "TCP from 10.244.0.1 (a pod) to 10.96.0.1:80",
                "  Service    default/web:http, cluster IP 10.96.0.1:80/TCP",
                "  client     internalTrafficPolicy Cluster holds",
                "  scheduler  mh (mh-port); a client keeps its endpoint until 60 s after its last "
                    + "connection",
                "  verdict    balanced over 1 endpoint",
                "  source     the endpoint sees 10.244.0.1, but the client itself an address of "
                    + "this node",
                "  endpoints", "    10.244.0.1:8080   used, weight 1 (on here, in east)",
                "    10.244.0.3:8080   left out: not ready",
                "    10.244.0.4:8080   left out: it terminates, and others are ready (on here)",
                "    10.244.10.2:8080  left out: meant for west, north, and others for this zone "
                    + "(on there, in west)",
                "",
            ]
        )
    }

    @Test func tellsClientsInsideAndOutsideApart() throws {
        let explainer = try Self.explainer([try Self.endpoint("10.244.1.2", "there")])
        let node = try Self.text(explainer, "192.0.2.10", "192.0.2.10:30080")
        #expect(
            node == [
                "TCP from 192.0.2.10 (this node) to 192.0.2.10:30080",
                "  Service    default/web:http, reached as node port 30080/TCP (IPv4)",
                "  client     from inside the cluster, so externalTrafficPolicy does not hold, and "
                    + "all nodes' endpoints count",
                "  scheduler  rr", "  verdict    balanced over 1 endpoint",
                "  source     the endpoint sees an address of this node", "  endpoints",
                "    10.244.1.2:8080  used, weight 1 (on there)", "",
            ]
        )
        let outside = try Self.text(explainer, "198.51.100.7", "203.0.113.9:80")
        #expect(
            outside == [
                "TCP from 198.51.100.7 (outside the cluster) to 203.0.113.9:80",
                "  Service    default/web:http, load balancer 203.0.113.9:80/TCP",
                "  client     externalTrafficPolicy Local holds", "  scheduler  rr",
                "  verdict    dropped: only endpoints on this node count, and there is none",
                "  endpoints", "    10.244.1.2:8080  left out: not on this node (on there)", "",
            ]
        )
    }

    @Test(arguments: [
        (
            "192.0.2.99", "203.0.113.9:80",
            "dropped: loadBalancerSourceRanges lets in only 198.51.100.0/24"
        ),
        (
            "10.244.0.9", "10.96.0.1:80",
            "refused: the Service has no endpoint that could answer"
        ),
        (
            "10.244.0.9", "10.96.0.1:81",
            "refused: 10.96.0.1 is a Service's address, and this is none of its ports"
        ),
        (
            "198.51.100.7", "192.0.2.10:22",
            "delivered to this node: 192.0.2.10 is its own, and no Service has this node port"
        ),
        (
            "198.51.100.7", "192.0.2.11:30080",
            "delivered to this node: 192.0.2.11 is its own, and serves no node ports"
        ),
        (
            "10.244.0.9", "8.8.8.8:53",
            "forwarded: 8.8.8.8 is no Service's address and none of this node's"
        ),
    ])
    func saysWhyAPacketGoesNowhere(source: String, destination: String, verdict: String) throws {
        let explainer = try Self.explainer([])
        let text = try Self.text(explainer, source, destination)
        #expect(text.contains("  verdict    \(verdict)"), "\(text)")
        #expect(!text.contains { $0.hasPrefix("  source") })
    }

    @Test func saysThatOnlyAFilterCouldRefuse() throws {
        let explainer = try Self.explainer([], usesFilter: false)
        let text = try Self.text(explainer, "10.244.0.9", "10.96.0.1:81")
        #expect(
            text.contains(
                "  verdict    delivered to this node: 10.96.0.1 is a Service's address, this is "
                    + "none of its ports, and there is no packet filter to refuse it"
            )
        )
    }

    @Test func notesWhatIsWrongWithTheService() throws {
        let explainer = try Self.explainer([
            try Self.endpoint("10.244.1.2", "there", hints: EndpointHints(zones: ["west"]))
        ])
        let text = try Self.text(explainer, "10.244.0.9", "10.96.0.1:80")
        #expect(
            text.contains(
                "  note       Service default/web: endpoints[].hints.forZones: none of its "
                    + "endpoints is meant for this node's zone, \"east\"; the hints are ignored, "
                    + "and all endpoints are used"
            )
        )
    }

    @Test func saysTheSameToPrograms() throws {
        let explainer = try Self.explainer([
            try Self.endpoint("10.244.0.1", "here", zone: "east"),
            try Self.endpoint("10.244.1.2", "there"),
        ])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let balanced = MachineExplanation(
            try Self.ask(explainer, "198.51.100.7", "203.0.113.9:80")
        )
        let dropped = MachineExplanation(try Self.ask(explainer, "192.0.2.99", "203.0.113.9:80"))
        let text = String(decoding: try encoder.encode([balanced, dropped]), as: UTF8.self)
        let expected = try golden("explanation.json")
        #expect(lines(text + "\n") == expected)
    }
}
