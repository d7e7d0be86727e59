import Addressing
import Manifests
import ServiceModel
import Testing

/// What of a Service and of an EndpointSlice counts when something in it does not.
@Suite struct ServiceInPartTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let problems: [String]

        init(_ text: String, _ problems: String...) {
            self.text = text
            self.problems = problems
        }

        var testDescription: String { text }
    }

    private func object(_ yaml: String) throws -> DecodedObject {
        let decoded = ManifestFile.decode("---\n" + yaml, fileName: "web.yaml")
        #expect(decoded.problems.isEmpty)
        return try #require(decoded.entries.first).object
    }

    private func decoded(_ spec: String) throws -> DecodedObject {
        try object("{kind: Service, apiVersion: v1, metadata: {name: web}, spec: \(spec)}")
    }

    private func service(_ spec: String) throws -> Service? {
        guard case .service(let service)? = try decoded(spec).change else { return nil }
        return service
    }

    /// The fields of a Service, its node ports, and the problems.
    static let nodePorts: [(Case, [UInt16?])] = [
        (Case("ports: [{port: 80, nodePort: 30000}]"), [nil]),
        (Case("type: ClusterIP, ports: [{port: 80, nodePort: 70000}]"), [nil]),
        (Case("type: NodePort, ports: [{port: 80, nodePort: 30000}]"), [30_000]),
        (Case("type: LoadBalancer, ports: [{port: 80, nodePort: 30000}]"), [30_000]),
        (Case("type: LoadBalancer, ports: [{port: 80, nodePort: 0}]"), [nil]),
        (Case("type: NodePort, ports: [{port: 80}]"), [nil]),
        (
            Case(
                "type: NodePort, ports: [{name: a, port: 80, nodePort: 30000}, "
                    + "{name: b, port: 80, nodePort: 30000, protocol: UDP}, "
                    + "{name: c, port: 81, nodePort: 30000}]",
                "spec.ports[2].nodePort: TCP port 30000 is also the node port of spec.ports[0], "
                    + "which has it; each needs one of its own"
            ),
            [30_000, 30_000, nil]
        ),
    ]

    @Test(arguments: nodePorts)
    func nodePortsAreThoseOfTypesThatHaveThem(_ wanted: Case, ports: [UInt16?]) throws {
        let spec = "{clusterIP: 10.0.0.1, \(wanted.text)}"
        #expect(try service(spec)?.ports.map(\.nodePort) == ports)
        #expect(
            try decoded(spec).problems.map(\.description)
                == wanted.problems.map { "Service default/web: \($0)" }
        )
    }

    static let distributions: [(String, TrafficDistribution?)] = [
        ("PreferClose", .preferClose), ("PreferSameZone", .preferSameZone),
        ("PreferSameNode", .preferSameNode), ("null", nil), ("''", nil),
    ]

    @Test(arguments: distributions)
    func trafficDistributionIsRead(text: String, distribution: TrafficDistribution?) throws {
        let spec = "{clusterIP: 10.0.0.1, ports: [{port: 80}], trafficDistribution: \(text)}"
        #expect(try service(spec)?.trafficDistribution == distribution)
        #expect(try decoded(spec).problems.isEmpty)
    }

    static let policies: [(String, TrafficPolicy)] = [
        ("Local", .local), ("Cluster", .cluster), ("null", .cluster), ("''", .cluster),
    ]

    @Test(arguments: policies)
    func internalTrafficPolicyIsRead(text: String, policy: TrafficPolicy) throws {
        let spec = "{clusterIP: 10.0.0.1, ports: [{port: 80}], internalTrafficPolicy: \(text)}"
        #expect(try service(spec)?.internalTrafficPolicy == policy)
    }

    static let reportedOnly: [Case] = [
        Case(
            "{clusterIP: 10.0.0.1, ports: [{port: 80}], trafficDistribution: PreferNear}",
            "spec.trafficDistribution: \"PreferNear\" is not PreferClose, PreferSameZone or "
                + "PreferSameNode; no endpoint is preferred"
        ),
        Case("{clusterIP: 10.0.0.1, ports: [{port: 80}], ipFamilies: []}"),
        Case("{clusterIP: 10.0.0.1, ports: [{port: 80}], ipFamilies: [IPv4, IPv6]}"),
        Case("{clusterIP: None, ipFamilies: [IPv6, IPv4]}"),
        Case("{clusterIPs: [10.0.0.1, 'fd00::1'], ports: [{port: 80}], ipFamilies: [IPv4, IPv6]}"),
        Case(
            "{clusterIP: 'fd00::1', ports: [{port: 80}], ipFamilies: [IPv4]}",
            "spec.clusterIP: fd00::1 is an IPv6 address, but spec.ipFamilies[0] is \"IPv4\""
        ),
        Case(
            "{clusterIPs: [10.0.0.1, 'fd00::1'], ports: [{port: 80}], ipFamilies: [IPv6, ipv4]}",
            "spec.clusterIPs[0]: 10.0.0.1 is an IPv4 address, but spec.ipFamilies[0] is \"IPv6\"",
            "spec.clusterIPs[1]: fd00::1 is an IPv6 address, but spec.ipFamilies[1] is \"ipv4\""
        ),
        Case(
            "{clusterIPs: [10.0.0.1, 'fd00::1'], ports: [{port: 80}], ipFamilies: [IPv4]}",
            "spec.clusterIPs[1]: fd00::1 is one address more than spec.ipFamilies has families"
        ),
    ]

    @Test(arguments: reportedOnly)
    func aServiceIsServedAllTheSame(_ wanted: Case) throws {
        let object = try decoded(wanted.text)
        #expect(object.change != nil)
        #expect(
            object.problems.map(\.description)
                == wanted.problems.map { "Service default/web: \($0)" }
        )
    }

    static let refused: [Case] = [
        Case(
            "{type: NodePort, clusterIP: 10.0.0.1, ports: [{port: 80, nodePort: 65536}]}",
            "spec.ports[0].nodePort: 65536 is outside 1…65535"
        ),
        Case(
            "{clusterIP: 10.0.0.1, internalTrafficPolicy: local, ports: [{port: 80}]}",
            "spec.internalTrafficPolicy: \"local\" is not Cluster or Local"
        ),
        Case(
            "{type: NodePort, clusterIP: 10.0.0.1, externalTrafficPolicy: Node, ports: [{port: 80}]}",
            "spec.externalTrafficPolicy: \"Node\" is not Cluster or Local"
        ),
        Case(
            "{type: LoadBalancer, clusterIP: 10.0.0.1, externalTrafficPolicy: Local, "
                + "healthCheckNodePort: -1, ports: [{port: 80}]}",
            "spec.healthCheckNodePort: -1 is outside 1…65535"
        ),
        Case("{externalIPs: x}", "spec.externalIPs: is the text \"x\"; a list belongs here"),
    ]

    @Test(arguments: refused)
    func aServiceIsRefusedAsAWhole(with wrong: Case) throws {
        let object = try decoded(wrong.text)
        #expect(object.change == nil)
        #expect(
            object.problems.map(\.description)
                == wrong.problems.map { "Service default/web: \($0)" }
        )
    }

    @Test func aMistakeInOnePartDoesNotHideThatTheWholeIsRefused() throws {
        let object = try decoded(
            "{clusterIP: 10.0.0.1, externalIPs: [x], ports: [{port: 0}], "
                + "trafficDistribution: x}"
        )
        #expect(object.change == nil)
        #expect(
            object.problems.map(\.field) == [
                "spec.ports[0].port", "spec.externalIPs[0]", "spec.trafficDistribution",
            ]
        )
    }

    /// `hints`, what they become, and the problems.
    static let hints: [(Case, EndpointHints?)] = [
        (Case("null"), nil), (Case("{}"), nil), (Case("{forZones: [], forNodes: null}"), nil),
        (Case("{forZones: [{name: a}, {name: b}]}"), EndpointHints(zones: ["a", "b"])),
        (
            Case("{forZones: [{name: a}], forNodes: [{name: n}]}"),
            EndpointHints(zones: ["a"], nodes: ["n"])
        ),
        (
            Case(
                "{forZones: [{name: ''}, {name: a}], forNodes: [{}]}",
                "endpoints[0].hints.forZones[0].name: is missing; the name of a zone belongs here",
                "endpoints[0].hints.forNodes[0].name: is missing; the name of a node belongs here"
            ),
            EndpointHints(zones: ["a"])
        ),
        (
            Case(
                "{forNodes: [{name: null}]}",
                "endpoints[0].hints.forNodes[0].name: is missing; the name of a node belongs here"
            ),
            nil
        ),
    ]

    @Test(arguments: hints)
    func hintsAreRead(_ wanted: Case, hints: EndpointHints?) throws {
        let object = try object(
            "{kind: EndpointSlice, apiVersion: discovery.k8s.io/v1, metadata: {name: web-1, "
                + "labels: {kubernetes.io/service-name: web}}, addressType: IPv4, "
                + "endpoints: [{addresses: [10.0.0.1], hints: \(wanted.text)}]}"
        )
        guard case .endpointSlice(let slice)? = object.change else {
            Issue.record("it is refused")
            return
        }
        #expect(slice.endpoints == [Endpoint(address: .ipv4(0x0a00_0001), hints: hints)])
        #expect(
            object.problems.map(\.description)
                == wanted.problems.map { "EndpointSlice default/web-1: \($0)" }
        )
    }
}
