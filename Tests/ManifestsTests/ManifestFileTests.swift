import Addressing
import Manifests
import ServiceModel
import Testing

@Suite struct ManifestFileTests {
    @Test func whatAPersonWritesDecodes() throws {
        let decoded = ManifestFile.decode(try fixture("manifests/web.yaml"), fileName: "web.yaml")
        let web = ObjectName(namespace: "default", name: "web")
        let service = Service(
            name: web,
            reachability: .clusterIPs([.ipv4(0x0a00_0001), .ipv6(high: 0xfd00 << 48, low: 1)]),
            ports: [
                ServicePort(name: "http", port: 80),
                ServicePort(name: "dns", transport: .udp, port: 53),
            ],
            publishNotReadyAddresses: true,
            annotations: ["scheduler": "wlc"]
        )
        let slice = EndpointSlice(
            name: ObjectName(namespace: "default", name: "web-1"),
            service: web,
            family: .ipv4,
            ports: [EndpointPort(name: "http", port: 8080)],
            endpoints: [
                Endpoint(address: .ipv4(0x0a01_0001), nodeName: "node-a", zone: "zone-a"),
                Endpoint(address: .ipv4(0x0a01_0003), conditions: [.isServing, .isTerminating]),
            ]
        )
        #expect(decoded.entries.map(\.object.change) == [.service(service), .endpointSlice(slice)])
        #expect(decoded.entries.map(\.position.document) == [1, 4])
        #expect(
            decoded.notices.map(\.description) == [
                "document 2: Deployment shop/web is not a Service, EndpointSlice, Endpoints or "
                    + "Node; left aside"
            ]
        )
        #expect(decoded.problems.isEmpty)
        #expect(decoded.isComplete)
    }

    @Test(arguments: [
        "", "\n\n", "# nothing\n", "---\n---\n", "--- \n# nothing\n...\n", "\u{feff}",
    ])
    func aFileWithoutObjectsIsRight(text: String) {
        #expect(ManifestFile.decode(text, fileName: "empty.yaml") == DecodedManifests())
    }

    static let service = """
        apiVersion: v1
        kind: Service
        metadata: {name: NAME}
        spec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}

        """

    @Test func aMistakeInOneDocumentHidesNoOther() {
        let text =
            Self.service.replacing("NAME", with: "a") + "---\n"
            + Self.service.replacing("NAME", with: "b") + "---\nkind: [\n---\n"
            + Self.service.replacing("NAME", with: "c")
        let decoded = ManifestFile.decode(text, fileName: "web.yaml")
        #expect(decoded.entries.map(\.object.reference.name.name) == ["a", "b", "c"])
        #expect(decoded.entries.map(\.position.document) == [1, 2, 4])
        #expect(decoded.entries.allSatisfy { $0.object.change != nil })
        #expect(!decoded.isComplete)
        #expect(
            decoded.problems.map(\.description) == [
                "web.yaml:12:1: document 3: is not YAML: while parsing a flow node, "
                    + "did not find expected node content"
            ]
        )
    }

    @Test func documentsMayEndWithDotsAndHaveDirectives() {
        let text =
            "%YAML 1.1\n---\n" + Self.service.replacing("NAME", with: "a") + "...\n---\n"
            + Self.service.replacing("NAME", with: "b").replacing("\n", with: "\r\n")
        let decoded = ManifestFile.decode(text, fileName: "web.yaml")
        #expect(decoded.problems.isEmpty)
        #expect(decoded.entries.map(\.object.reference.name.name) == ["a", "b"])
    }

    @Test func jsonDocumentsMayFollowEachOther() {
        let json = """
            {"kind": "Endpoints", "apiVersion": "v1", "metadata": {"name": "a"}}
            {"kind": "Endpoints", "apiVersion": "v1", "metadata": {"name": "b"}}
            """
        let decoded = ManifestFile.decode(json, fileName: "two.yaml")
        #expect(decoded.problems.isEmpty)
        #expect(decoded.entries.map(\.object.reference.name.name) == ["a", "b"])
        #expect(decoded.entries.map(\.position.document) == [1, 2])
    }

    /// File name, text, and all problems.
    static let unreadable: [(String, String, [String])] = [
        (
            "a.json", "{\"kind\": \"Service\",\n \"spec\" 1}",
            ["a.json:2:9: document 1: is not JSON: \":\" is expected here"]
        ),
        (
            "a.yaml", "{\"kind\": \"Service\",}",
            ["a.yaml:1:20: document 1: is not JSON: a key in double quotes is expected here"]
        ),
        ("a.json", "{\"kind\": [", ["a.json:1:11: document 1: is not JSON: it ends too early"]),
        (
            "a.json", "[1 2]",
            ["a.json:1:4: document 1: is not JSON: \",\" or \"]\" is expected here"]
        ),
        (
            "a.json", "{\"kind\": \"Service",
            ["a.json:1:10: document 1: is not JSON: a text begins here and does not end"]
        ),
        (
            "a.json", "{\"kind\": \"Ser\nvice\"}",
            [
                "a.json:1:14: document 1: is not JSON: a text goes over the end of its line or "
                    + "holds a control character"
            ]
        ),
        ("a.json", "{\"a\": tru}", ["a.json:1:7: document 1: is not JSON: true is expected here"]),
        (
            "a.json", "kind: Service",
            ["a.json:1:1: document 1: is not JSON: a value is expected here"]
        ),
        (
            "a.json", "[1]",
            ["a.json: document 1: is a list; a mapping belongs here"]
        ),
        (
            "a.yaml", "- kind: Service",
            ["a.yaml: document 1: is a list; a mapping belongs here"]
        ),
        ("a.yaml", "kin", ["a.yaml: document 1: is the text \"kin\"; a mapping belongs here"]),
        (
            "a.yaml", "a: 1",
            ["a.yaml: document 1: has no kind; a Kubernetes object says what it is"]
        ),
        (
            "a.yaml", "kind: 5",
            ["a.yaml: document 1: kind: is the number 5; a text belongs here, in quotes"]
        ),
        (
            "a.yaml", "kind: Service\napiVersion: v1",
            ["a.yaml: document 1: Service without a name: metadata.name: is missing"]
        ),
        (
            "a.yaml", "kind: Service\napiVersion: v1\nmetadata: {name: 80}",
            [
                "a.yaml: document 1: Service without a name: metadata.name: is the number 80; "
                    + "a text belongs here, in quotes"
            ]
        ),
        (
            "a.yaml", "---\nkind: Service\nmetadata:\n  name: a\n  name: b",
            ["a.yaml:4:3: document 1: is not YAML: \"name\" is there twice"]
        ),
        (
            "a.yaml", "---\n---\nkind: \tService\n\tspec: 1",
            [
                "a.yaml:4:1: document 2: is not YAML: while scanning a plain scalar, "
                    + "found a tab character that violates indentation"
            ]
        ),
        (
            "a.yaml", "kind: *what",
            ["a.yaml:1:7: document 1: is not YAML: found undefined alias"]
        ),
        (
            "a.yaml", "kind: List\nitems: 5",
            ["a.yaml: document 1: items: is the number 5; a list belongs here"]
        ),
        (
            "a.yaml", "kind: List\nitems: [5]",
            ["a.yaml: document 1, items[0]: is the number 5; a mapping belongs here"]
        ),
        (
            "a.yaml", "kind: EndpointSliceList\napiVersion: discovery.k8s.io/v1beta1\nitems: []",
            [
                "a.yaml: document 1: EndpointSliceList: apiVersion: \"discovery.k8s.io/v1beta1\" is "
                    + "not read; discovery.k8s.io/v1 would be right"
            ]
        ),
    ]

    @Test(arguments: unreadable)
    func whatCannotBeReadIsNamed(file: String, text: String, problems: [String]) {
        let decoded = ManifestFile.decode(text, fileName: file)
        #expect(decoded.problems.map(\.description) == problems)
        #expect(!decoded.isComplete)
        #expect(decoded.entries.isEmpty)
    }

    @Test func aFileThatOnlyLooksLikeManifestsHasFewProblems() {
        let log = String(repeating: "{\"message\": \"x\"}\n", count: 1_000)
        let decoded = ManifestFile.decode(log, fileName: "log.json")
        #expect(decoded.problems.count == 21)
        #expect(
            decoded.problems.last?.description == "log.json: 980 more documents cannot be read"
        )
    }

    @Test func bytesThatAreNoTextAreNamed() {
        let decoded = ManifestFile.decode([0xff, 0xfe, 0x00], fileName: "a.yaml")
        #expect(decoded.problems.map(\.description) == ["a.yaml: is not UTF-8 text"])
        #expect(!decoded.isComplete)
    }

    @Test(arguments: ["[", "{a: ", "- ", "{\"a\":"])
    func deepNestingIsAProblemAndNoCrash(opening: String) {
        for name in ["deep.yaml", "deep.json"] {
            let text = String(repeating: opening, count: 20_000)
            let decoded = ManifestFile.decode(text, fileName: name)
            #expect(!decoded.isComplete)
        }
    }

    /// `kind`, `apiVersion`, and the notice.
    static let otherKinds: [(String, String, String)] = [
        (
            "ConfigMap", "v1",
            "ConfigMap x is not a Service, EndpointSlice, Endpoints or Node; left aside"
        ),
        (
            "Service", "serving.knative.dev/v1",
            "Service x of serving.knative.dev/v1 only shares its name with the Service of "
                + "Kubernetes; left aside"
        ),
        (
            "Node", "longhorn.io/v1beta2",
            "Node x of longhorn.io/v1beta2 only shares its name with the Node of Kubernetes; left "
                + "aside"
        ),
    ]

    @Test(arguments: otherKinds)
    func otherKindsAreLeftAside(kind: String, apiVersion: String, notice: String) {
        let decoded = ManifestFile.decode(
            "kind: \(kind)\napiVersion: \(apiVersion)\nmetadata: {name: x}",
            fileName: "a.yaml"
        )
        #expect(decoded.entries.isEmpty)
        #expect(decoded.problems.isEmpty)
        #expect(decoded.isComplete)
        #expect(decoded.notices.map(\.message) == [notice])
    }

    @Test func listsWithinListsAreLeftAside() {
        let decoded = ManifestFile.decode(
            "kind: List\nitems: [{kind: List, items: []}]",
            fileName: "a.yaml"
        )
        #expect(decoded.entries.isEmpty)
        #expect(decoded.isComplete)
        #expect(
            decoded.notices.map(\.description) == [
                "document 1, items[0]: List is not a Service, EndpointSlice, Endpoints or Node; left "
                    + "aside"
            ]
        )
    }
}
