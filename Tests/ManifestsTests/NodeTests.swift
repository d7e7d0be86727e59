import Addressing
import Manifests
import ServiceModel
import Testing

/// What Nodes become, however wrong they are.
@Suite struct NodeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let fields: String
        let node: Node
        let problems: [String]

        init(_ fields: String, _ node: Node = Node(name: "a"), _ problems: String...) {
            self.fields = fields
            self.node = node
            self.problems = problems
        }

        var testDescription: String { fields }
    }

    private static let ten = IPPrefix(holding: .ipv4(0x0a00_0000), length: 24)
    private static let own = IPAddress.ipv4(0xc0a8_0001)
    private static let outer = IPAddress.ipv4(0xc633_6401)

    static let nodes: [Case] = [
        Case("metadata: {name: a}"),
        // Nodes are of the whole cluster, whatever one says.
        Case("metadata: {name: a, namespace: Nowhere!}"),
        Case("metadata: {name: a}, spec: null, status: {}"),
        Case(
            "metadata: {name: a, labels: {topology.kubernetes.io/zone: here, "
                + "failure-domain.beta.kubernetes.io/zone: there}}",
            Node(name: "a", zone: "here")
        ),
        Case(
            "metadata: {name: a, labels: {topology.kubernetes.io/zone: '', "
                + "failure-domain.beta.kubernetes.io/zone: there}}",
            Node(name: "a", zone: "there")
        ),
        Case(
            "metadata: {name: a}, spec: {podCIDR: 10.0.0.0/24}",
            Node(name: "a", podCIDRs: [ten])
        ),
        Case(
            "metadata: {name: a}, spec: {podCIDR: 10.1.0.0/24, podCIDRs: [10.0.0.1/24]}",
            Node(name: "a", podCIDRs: [ten])
        ),
        Case(
            "metadata: {name: a}, spec: {podCIDRs: [10.0.0.0, 10.0.0.0/24]}",
            Node(name: "a", podCIDRs: [ten]),
            "spec.podCIDRs[0]: \"10.0.0.0\" is not a prefix such as 10.0.0.0/8 or fd00::/8"
        ),
        Case(
            "metadata: {name: a}, spec: {podCIDR: x, podCIDRs: []}",
            Node(name: "a"),
            "spec.podCIDR: \"x\" is not a prefix such as 10.0.0.0/8 or fd00::/8"
        ),
        Case(
            "metadata: {name: a}, status: {addresses: [{type: ExternalIP, address: 198.51.100.1}, "
                + "{type: Hostname, address: a}, {type: InternalDNS, address: a.internal}, "
                + "{type: InternalIP, address: 192.168.0.1}, "
                + "{type: ExternalIP, address: 192.168.0.1}]}",
            Node(name: "a", addresses: [own, outer])
        ),
        Case(
            "metadata: {name: a}, status: {addresses: [{type: InternalIP, address: 127.0.0.1}, "
                + "{type: InternalIP}, {type: InternalIP, address: 192.168.0.1}]}",
            Node(name: "a", addresses: [own]),
            "status.addresses[0].address: 127.0.0.1 is a loopback address, which no Node can have",
            "status.addresses[1].address: is empty; an IPv4 or IPv6 address belongs here"
        ),
        Case(
            "metadata: {name: a}, spec: {taints: [{key: node.kubernetes.io/unschedulable, "
                + "effect: NoSchedule}]}"
        ),
        Case(
            "metadata: {name: a}, spec: {taints: [{key: other}, "
                + "{key: ToBeDeletedByClusterAutoscaler, value: '1', effect: NoSchedule}]}",
            Node(name: "a", isLeaving: true)
        ),
        Case(
            "metadata: {name: a, deletionTimestamp: '2026-01-02T03:04:05Z'}",
            Node(name: "a", isLeaving: true)
        ),
        Case("metadata: {name: a, deletionTimestamp: null}, spec: {taints: null}"),
    ]

    @Test(arguments: nodes)
    func aNodeKeepsWhatIsRight(_ wanted: Case) throws {
        let object = try object("{kind: Node, apiVersion: v1, \(wanted.fields)}")
        #expect(object.reference.description == "Node a")
        #expect(object.change == .node(wanted.node))
        #expect(object.problems.map(\.description) == wanted.problems.map { "Node a: \($0)" })
    }

    /// Whole objects, and the problem.
    static let refused: [(String, String)] = [
        (
            "{kind: Node, apiVersion: v1, metadata: {name: A_b}}",
            "Node A_b: metadata.name: \"A_b\" is not a name in Kubernetes: up to 253 lower-case "
                + "letters, digits, \"-\" and \".\", with a letter or digit at both ends"
        ),
        (
            "{kind: Node, apiVersion: v1beta1, metadata: {name: a}}",
            "Node a: apiVersion: \"v1beta1\" is not read; v1 would be right"
        ),
        (
            "{kind: Node, apiVersion: v1, metadata: {name: a}, spec: {podCIDRs: 10.0.0.0/24}}",
            "Node a: spec.podCIDRs: is the text \"10.0.0.0/24\"; a list belongs here"
        ),
    ]

    @Test(arguments: refused)
    func aNodeIsRefused(text: String, problem: String) throws {
        let object = try object(text)
        #expect(object.change == nil)
        #expect(object.problems.map(\.description) == [problem])
    }

    private func object(_ yaml: String) throws -> DecodedObject {
        let decoded = ManifestFile.decode("---\n" + yaml, fileName: "a.yaml")
        #expect(decoded.problems.isEmpty)
        #expect(decoded.isComplete)
        return try #require(decoded.entries.first).object
    }
}
