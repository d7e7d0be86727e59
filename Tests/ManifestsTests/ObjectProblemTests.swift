import Addressing
import Manifests
import ServiceModel
import Testing

/// Objects that are wrong in one place, and what is said of them.
@Suite struct ObjectProblemTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        let problems: [String]

        init(_ text: String, _ problems: String...) {
            self.text = text
            self.problems = problems
        }

        var testDescription: String { text }
    }

    static let services: [Case] = [
        Case(
            "{clusterIP: 10.0.0.1}",
            "spec.ports: is missing; a Service with an address needs a port"
        ),
        Case(
            "{ports: [{port: 80}]}",
            "spec.clusterIP: is missing; without an API server nobody assigns one; set "
                + "spec.clusterIP or clusterIP: None"
        ),
        Case(
            "{type: LoadBalancer, clusterIP: '', ports: [{port: 80}]}",
            "spec.clusterIP: is missing; without an API server nobody assigns one; set "
                + "spec.clusterIP or clusterIP: None"
        ),
        Case(
            "{type: Internal, clusterIP: 10.0.0.1, ports: [{port: 80}]}",
            "spec.type: \"Internal\" is not ClusterIP, NodePort, LoadBalancer or ExternalName"
        ),
        Case(
            "{clusterIPs: [10.0.0.1, web], ports: [{port: 80}]}",
            "spec.clusterIPs[1]: \"web\" is not an IPv4 or IPv6 address"
        ),
        Case(
            "{clusterIP: 127.0.0.1, ports: [{port: 80}]}",
            "spec.clusterIP: 127.0.0.1 is a loopback address, which no Service can have"
        ),
        Case(
            "{clusterIP: '::', ports: [{port: 80}]}",
            "spec.clusterIP: :: is the unspecified address, which no Service can have"
        ),
        Case(
            "{clusterIP: 224.0.0.1, ports: [{port: 80}]}",
            "spec.clusterIP: 224.0.0.1 is a multicast address, which no Service can have"
        ),
        Case(
            "{clusterIP: 'fe80::1', ports: [{port: 80}]}",
            "spec.clusterIP: fe80::1 is a link-local address, which no Service can have"
        ),
        Case(
            "{clusterIP: 255.255.255.255, ports: [{port: 80}]}",
            "spec.clusterIP: 255.255.255.255 is the broadcast address, which no Service can have"
        ),
        Case(
            "{clusterIP: '::ffff:10.0.0.1', ports: [{port: 80}]}",
            "spec.clusterIP: ::ffff:10.0.0.1 is an IPv4 address written as IPv6, which no Service "
                + "can have"
        ),
        Case(
            "{clusterIPs: [10.0.0.1, 10.0.0.1], ports: [{port: 80}]}",
            "spec.clusterIPs[1]: 10.0.0.1 is there already"
        ),
        Case(
            "{clusterIPs: [10.0.0.1, 10.0.0.2], ports: [{port: 80}]}",
            "spec.clusterIPs[1]: 10.0.0.2 is a second IPv4 address; one of each family can be"
        ),
        Case(
            "{clusterIP: 10.0.0.1, clusterIPs: [10.0.0.2], ports: [{port: 80}]}",
            "spec.clusterIP: \"10.0.0.1\" is not the first of spec.clusterIPs, which is "
                + "\"10.0.0.2\""
        ),
        Case(
            "{clusterIP: 10.0.0.1, ports: [{name: \"a\\n+\\tTCP 192.0.2.1:443\\tx\", port: 80}]}",
            "spec.ports[0].name: \"a?+?TCP?192.0.2.1:443?x\" is not a port name: up to 63 "
                + "lower-case letters, digits and \"-\", with a letter or digit at both ends"
        ),
        Case(
            "{clusterIPs: [None, 10.0.0.2], ports: [{port: 80}]}",
            "spec.clusterIPs: has \"None\" beside an address; one excludes the other"
        ),
        Case(
            "{type: NodePort, clusterIP: None}",
            "spec.clusterIP: \"None\" is for type ClusterIP; a NodePort needs an address"
        ),
        Case(
            "{clusterIP: 10.0.0.1, ports: [{}]}",
            "spec.ports[0].port: is missing; a number in 1…65535 belongs here"
        ),
        Case(
            "{clusterIP: 10.0.0.1, ports: [{port: 0}]}",
            "spec.ports[0].port: 0 is outside 1…65535"
        ),
        Case(
            "{clusterIP: 10.0.0.1, ports: [{port: 70000}]}",
            "spec.ports[0].port: 70000 is outside 1…65535"
        ),
        Case(
            "{clusterIP: 10.0.0.1, ports: [{port: 80, protocol: HTTP}]}",
            "spec.ports[0].protocol: \"HTTP\" is not TCP, UDP or SCTP"
        ),
        Case(
            "{clusterIP: 10.0.0.1, ports: [{port: 80, protocol: tcp}]}",
            "spec.ports[0].protocol: \"tcp\" is not TCP, UDP or SCTP"
        ),
        Case(
            "{clusterIP: 10.0.0.1, ports: [{port: 80, name: a}, {port: 81}]}",
            "spec.ports[1].name: is missing; ports need names where there are several"
        ),
        Case(
            "{clusterIP: 10.0.0.1, ports: [{port: 80, name: a}, {port: 81, name: a}]}",
            "spec.ports[1].name: \"a\" is also the name of spec.ports[0]"
        ),
        Case(
            "{clusterIP: 10.0.0.1, ports: [{port: 80, name: a}, {port: 80, name: b}]}",
            "spec.ports[1]: TCP port 80 is also that of spec.ports[0]"
        ),
        Case(
            "{clusterIP: 10.0.0.1, sessionAffinity: Cookie, ports: [{port: 80}]}",
            "spec.sessionAffinity: \"Cookie\" is not None or ClientIP"
        ),
        Case(
            "{clusterIP: 10.0.0.1, sessionAffinity: ClientIP, ports: [{port: 80}], "
                + "sessionAffinityConfig: {clientIP: {timeoutSeconds: 86401}}}",
            "spec.sessionAffinityConfig.clientIP.timeoutSeconds: 86401 is outside 1…86400"
        ),
        Case(
            "{clusterIP: x, ports: [{port: 0}, {port: 1, name: a}]}",
            "spec.clusterIP: \"x\" is not an IPv4 or IPv6 address",
            "spec.ports[0].name: is missing; ports need names where there are several",
            "spec.ports[0].port: 0 is outside 1…65535"
        ),
        Case("null", "spec: is missing; a Service says its addresses and ports there"),
        Case("[]", "spec: is a list; a mapping belongs here"),
        Case("{ports: {}}", "spec.ports: is a mapping; a list belongs here"),
        Case("{ports: [80]}", "spec.ports[0]: is the number 80; a mapping belongs here"),
        Case(
            "{ports: [{port: \"80\"}]}",
            "spec.ports[0].port: is the text \"80\"; a whole number belongs here, without quotes"
        ),
        Case(
            "{ports: [{port: web}]}",
            "spec.ports[0].port: is the text \"web\"; a whole number belongs here"
        ),
        Case(
            "{ports: [{port: 80.5}]}",
            "spec.ports[0].port: is the number 80.5; a whole number belongs here"
        ),
        Case(
            "{ports: [{port: 1e30}]}",
            "spec.ports[0].port: is the number 1e+30; a whole number belongs here"
        ),
        Case("{ports: [{port: true}]}", "spec.ports[0].port: is true; a whole number belongs here"),
        Case(
            "{ports: [{name: 80}]}",
            "spec.ports[0].name: is the number 80; a text belongs here, in quotes"
        ),
        Case(
            "{ports: [{name: true}]}",
            "spec.ports[0].name: is true; a text belongs here, in quotes"
        ),
        Case("{ports: [null]}", "spec.ports[0]: is null; a mapping belongs here"),
        Case("{clusterIPs: [null]}", "spec.clusterIPs[0]: is null; a text belongs here"),
        Case("{clusterIP: {}}", "spec.clusterIP: is a mapping; a text belongs here"),
        Case(
            "{publishNotReadyAddresses: \"true\"}",
            "spec.publishNotReadyAddresses: is the text \"true\"; true or false belongs here, "
                + "without quotes"
        ),
    ]

    @Test(arguments: services)
    func aServiceIsRefused(with wrong: Case) {
        expect(
            "kind: Service\napiVersion: v1\nmetadata: {name: web, namespace: shop}\nspec: "
                + wrong.text,
            says: wrong.problems,
            of: "Service shop/web",
            changes: false
        )
    }

    static let metadata: [Case] = [
        Case(
            "{name: web, creationTimestamp: yesterday}",
            "metadata.creationTimestamp: \"yesterday\" is not a time such as 2026-01-31T12:00:00Z"
        ),
        Case(
            "{name: web, annotations: {fairlead.dev/weight: 5, other: 6}}",
            "metadata.annotations[fairlead.dev/weight]: is the number 5; a text belongs here, in "
                + "quotes"
        ),
        Case(
            "{name: web, labels: {kubernetes.io/service-name: true, other: true}}",
            "metadata.labels[kubernetes.io/service-name]: is true; a text belongs here, in quotes"
        ),
    ]

    @Test(arguments: metadata)
    func anObjectIsRefused(forMetadata wrong: Case) {
        expect(
            "kind: Service\napiVersion: v1\nmetadata: \(wrong.text)\nspec: "
                + "{clusterIP: 10.0.0.1, ports: [{port: 80}]}",
            says: wrong.problems,
            of: "Service default/web",
            changes: false
        )
    }

    @Test func anObjectKeepsItsNameWhateverElseIsWrong() {
        expect(
            "kind: Service\nmetadata: {name: Web_1, namespace: -}\nspec: 5",
            says: [
                "metadata.name: \"Web_1\" is not a name in Kubernetes: up to 253 lower-case "
                    + "letters, digits, \"-\" and \".\", with a letter or digit at both ends",
                "metadata.namespace: \"-\" is not a name in Kubernetes: up to 253 lower-case "
                    + "letters, digits, \"-\" and \".\", with a letter or digit at both ends",
                "apiVersion: is missing; v1 belongs here",
            ],
            of: "Service -/Web_1",
            changes: false
        )
    }

    @Test func aVersionThatIsNotReadIsNamed() {
        expect(
            "kind: EndpointSlice\napiVersion: discovery.k8s.io/v1beta1\nmetadata: {name: web-1}",
            says: [
                "apiVersion: \"discovery.k8s.io/v1beta1\" is not read; discovery.k8s.io/v1 would "
                    + "be right"
            ],
            of: "EndpointSlice default/web-1",
            changes: false
        )
    }

    static let refusedSlices: [Case] = [
        Case("{}", "addressType: is missing; IPv4 or IPv6 belongs here"),
        Case("{addressType: ipv4}", "addressType: \"ipv4\" is not IPv4 or IPv6"),
        Case("{addressType: IPv4, ports: [{port: 0}]}", "ports[0].port: 0 is outside 1…65535"),
        Case(
            "{addressType: IPv4, ports: [{port: 1, protocol: x}]}",
            "ports[0].protocol: \"x\" is not TCP, UDP or SCTP"
        ),
        Case(
            "{addressType: IPv4, ports: [{port: 1}, {port: 2}]}",
            "ports[1].name: \"\" is also the name of ports[0]"
        ),
        Case(
            "{addressType: IPv4, endpoints: [{addresses: [5]}]}",
            "endpoints[0].addresses[0]: is the number 5; a text belongs here, in quotes"
        ),
        Case(
            "{addressType: IPv4, endpoints: [{addresses: [10.0.0.1], conditions: {ready: 1}}]}",
            "endpoints[0].conditions.ready: is the number 1; true or false belongs here"
        ),
    ]

    static let partlyRefusedSlices: [Case] = [
        Case(
            "{addressType: IPv4, endpoints: [{addresses: ['::1']}]}",
            "endpoints[0].addresses[0]: ::1 is a loopback address, which no endpoint can have"
        ),
        Case(
            "{addressType: IPv4, endpoints: [{addresses: ['fd00::1']}, {addresses: [10.0.0.1]}]}",
            "endpoints[0].addresses[0]: fd00::1 is not an IPv4 address, which addressType promises"
        ),
        Case(
            "{addressType: IPv6, endpoints: [{addresses: []}, {}]}",
            "endpoints[0].addresses: is empty; an IPv6 address belongs here",
            "endpoints[1].addresses: is empty; an IPv6 address belongs here"
        ),
        Case(
            "{addressType: IPv4, endpoints: [{addresses: [0.0.0.0]}]}",
            "endpoints[0].addresses[0]: 0.0.0.0 is the unspecified address, which no endpoint can "
                + "have"
        ),
        Case(
            "{addressType: IPv4, endpoints: [{addresses: [224.0.0.1]}]}",
            "endpoints[0].addresses[0]: 224.0.0.1 is a multicast address, which no endpoint can "
                + "have"
        ),
        Case(
            "{addressType: IPv4, endpoints: [{addresses: [169.254.0.1]}]}",
            "endpoints[0].addresses[0]: 169.254.0.1 is a link-local address, which no endpoint can "
                + "have"
        ),
        Case(
            "{addressType: IPv4, endpoints: [{addresses: [web.example.com]}]}",
            "endpoints[0].addresses[0]: \"web.example.com\" is not an IPv4 or IPv6 address"
        ),
    ]

    static func slice(_ fields: String) -> String {
        "{kind: EndpointSlice, apiVersion: discovery.k8s.io/v1, metadata: {name: web-1, labels: "
            + "{kubernetes.io/service-name: web}}, \(fields.dropFirst())"
    }

    // Behind a marker, so that YAML in one line is not taken for JSON.
    @Test(arguments: refusedSlices)
    func anEndpointSliceIsRefused(with wrong: Case) {
        expect(
            "---\n" + Self.slice(wrong.text),
            says: wrong.problems,
            of: "EndpointSlice default/web-1",
            changes: false
        )
    }

    @Test(arguments: partlyRefusedSlices)
    func anEndpointIsRefusedAndItsSliceIsNot(with wrong: Case) {
        expect(
            "---\n" + Self.slice(wrong.text),
            says: wrong.problems,
            of: "EndpointSlice default/web-1",
            changes: true
        )
    }

    @Test func aSliceThatIsWrongThroughoutHasFewProblems() {
        let endpoints = Array(repeating: "{}", count: 1_000).joined(separator: ", ")
        let decoded = ManifestFile.decode(
            "---\n" + Self.slice("{addressType: IPv4, endpoints: [\(endpoints)]}"),
            fileName: "web.yaml"
        )
        let problems = decoded.entries.flatMap(\.object.problems)
        #expect(problems.count == 21)
        #expect(
            problems.last?.description == "EndpointSlice default/web-1: 980 more problems"
        )
    }

    static let endpoints: [(Case, Bool)] = [
        (
            Case(
                "[{addresses: [{ip: x}, {}], ports: [{port: 80}]}]",
                "subsets[0].addresses[0].ip: \"x\" is not an IPv4 or IPv6 address",
                "subsets[0].addresses[1].ip: is missing; an IPv4 or IPv6 address belongs here"
            ),
            true
        ),
        (
            Case(
                "[{}, {notReadyAddresses: [{ip: 127.0.0.1}], ports: [{port: 0}]}]",
                "subsets[1].ports[0].port: 0 is outside 1…65535",
                "subsets[1].notReadyAddresses[0].ip: 127.0.0.1 is a loopback address, which no "
                    + "endpoint can have"
            ),
            false
        ),
        (
            Case(
                "[{ports: [{port: 1, name: a}, {port: 2}]}]",
                "subsets[0].ports[1].name: is missing; ports need names where there are several"
            ),
            false
        ),
    ]

    @Test(arguments: endpoints)
    func endpointsAreRefused(with wrong: Case, changes: Bool) {
        expect(
            "kind: Endpoints\napiVersion: v1\nmetadata: {name: web}\nsubsets: \(wrong.text)",
            says: wrong.problems,
            of: "Endpoints default/web",
            changes: changes
        )
    }

    private func expect(
        _ yaml: String,
        says problems: [String],
        of object: String,
        changes: Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let decoded = ManifestFile.decode(yaml, fileName: "web.yaml")
        let objects = decoded.entries.map(\.object)
        #expect(
            objects.flatMap(\.problems).map(\.description)
                == problems.map { "\(object): \($0)" },
            sourceLocation: sourceLocation
        )
        #expect(
            objects.map { $0.change != nil } == [changes],
            sourceLocation: sourceLocation
        )
        // An object with a readable name is there, however wrong it is.
        #expect(decoded.isComplete, sourceLocation: sourceLocation)
    }
}
