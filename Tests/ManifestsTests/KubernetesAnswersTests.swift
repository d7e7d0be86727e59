import Addressing
import Manifests
import ServiceModel
import Testing

/// What an API server of Kubernetes 1.36 answered.
@Suite struct KubernetesAnswersTests {
    @Test func everyServiceDecodesWithoutAProblem() throws {
        let list = try KubernetesObject.decodeList(
            of: .service,
            json: try fixture("kube-api/services.json")
        )
        #expect(list.resourceVersion == "116")
        #expect(list.continueToken == nil)
        #expect(list.unreadable.isEmpty)
        #expect(list.objects.flatMap(\.problems).isEmpty)
        #expect(
            list.objects.flatMap(\.notices) == [
                "Service default/lbproxy leaves 203.0.113.11 in status.loadBalancer.ingress[0].ip "
                    + "to its load balancer, which ends connections itself (ipMode: Proxy)",
                "Service default/lbproxy has a load balancer by the name \"lb.example.com\" in "
                    + "status.loadBalancer.ingress[1]; such a load balancer sends to node ports, "
                    + "and nothing is to be done here",
            ]
        )
        let services = list.objects.compactMap { object -> Service? in
            if case .service(let service)? = object.change { service } else { nil }
        }
        #expect(
            services.map(\.name.description)
                == [
                    "alias", "dns", "dual", "external-ips", "headless", "kubernetes", "lb",
                    "lbproxy",
                    "local", "near", "no-endpoints", "no-selector", "nodeport", "sticky", "web",
                ].map { "default/\($0)" }
        )
    }

    static let services: [(String, Service.Reachability, [ServicePort])] = [
        ("alias", .externalName, []),
        ("headless", .headless, [ServicePort(port: 9042)]),
        (
            "dual",
            .clusterIPs([.ipv4(0x0a60_2277), .ipv6(high: 0xfd00_0010_0096_0000, low: 0xc472)]),
            [ServicePort(port: 80)]
        ),
        (
            "dns", .clusterIPs([.ipv4(0x0a60_000a)]),
            [
                ServicePort(name: "dns", transport: .udp, port: 53),
                ServicePort(name: "dns-tcp", transport: .tcp, port: 53),
            ]
        ),
        (
            "nodeport", .clusterIPs([.ipv4(0x0a60_0fd5)]),
            [
                ServicePort(name: "a", transport: .tcp, port: 80, nodePort: 31160),
                ServicePort(name: "u", transport: .udp, port: 81, nodePort: 31161),
                ServicePort(name: "s", transport: .sctp, port: 82, nodePort: 31162),
            ]
        ),
    ]

    @Test(arguments: services)
    func aServiceKeepsItsAddressesAndPorts(
        name: String,
        reachability: Service.Reachability,
        ports: [ServicePort]
    ) throws {
        let service = try service(name)
        #expect(service.reachability == reachability)
        #expect(service.ports == ports)
    }

    @Test func affinityAndCreationTimeAreRead() throws {
        let sticky = try service("sticky")
        #expect(sticky.sessionAffinity == .clientIP(timeout: 600))
        // date -u -d 2026-11-21T01:26:55Z +%s
        #expect(sticky.creationTime == 1_795_224_415)
        #expect(try service("web").sessionAffinity == .none)
        #expect(try service("web").annotations.isEmpty)
    }

    @Test func whatIsForClientsOutsideIsRead() throws {
        var loadBalancer = ExternalAccess()
        loadBalancer.policy = .local
        loadBalancer.loadBalancerAddresses = [.ipv4(0xcb00_710a)]
        loadBalancer.sourceRanges = [
            IPPrefix(holding: .ipv4(0xcb00_7100), length: 24),
            IPPrefix(holding: .ipv6(high: 0x2001_0db8 << 32, low: 0), length: 32),
        ]
        loadBalancer.healthCheckNodePort = 30478
        #expect(try service("lb").external == loadBalancer)
        #expect(try service("lbproxy").external == ExternalAccess())
        #expect(try service("external-ips").external.addresses == [.ipv4(0xc633_6407)])
        #expect(try service("nodeport").external == ExternalAccess())
    }

    @Test func policiesAreRead() throws {
        #expect(try service("local").internalTrafficPolicy == .local)
        #expect(try service("web").internalTrafficPolicy == .cluster)
        #expect(try service("near").trafficDistribution == .preferClose)
        #expect(try service("web").trafficDistribution == nil)
    }

    private func service(_ name: String) throws -> Service {
        let list = try KubernetesObject.decodeList(
            of: .service,
            json: try fixture("kube-api/services.json")
        )
        let found = list.objects.first { $0.reference.name.name == name }
        guard case .service(let service)? = found?.change else {
            throw Missing(name: name)
        }
        return service
    }

    private struct Missing: Error {
        let name: String
    }

    @Test func aPageOfAListHasAToken() throws {
        let page = try KubernetesObject.decodeList(
            of: .service,
            json: try fixture("kube-api/services-page1.json")
        )
        #expect(page.objects.count == 5)
        #expect(page.continueToken?.hasPrefix("eyJ2Ijoi") == true)
    }

    @Test func endpointSlicesDecode() throws {
        let list = try KubernetesObject.decodeList(
            of: .endpointSlice,
            json: try fixture("kube-api/endpointslices.json")
        )
        #expect(list.objects.count == 8)
        #expect(list.objects.flatMap(\.problems).isEmpty)
        let web = EndpointSlice(
            name: ObjectName(namespace: "default", name: "web-2"),
            service: ObjectName(namespace: "default", name: "web"),
            family: .ipv4,
            ports: [EndpointPort(name: "http", port: 8080)],
            endpoints: [
                Endpoint(
                    address: .ipv4(0x0af4_0208),
                    conditions: [.isServing, .isTerminating],
                    nodeName: "node-a",
                    zone: "zone-a"
                )
            ]
        )
        #expect(list.objects.last?.change == .endpointSlice(web))
        let dual = list.objects.first { $0.reference.name.name == "dual-6" }
        guard case .endpointSlice(let slice)? = dual?.change else {
            Issue.record("dual-6 is no slice")
            return
        }
        #expect(slice.family == .ipv6)
        #expect(slice.endpoints.map(\.address.description) == ["fd00:10:244:1::30"])
        #expect(slice.ports == [EndpointPort(port: 80)])
    }

    @Test func hintsAreRead() throws {
        let list = try KubernetesObject.decodeList(
            of: .endpointSlice,
            json: try fixture("kube-api/endpointslices.json")
        )
        let near = list.objects.first { $0.reference.name.name == "near-1" }
        guard case .endpointSlice(let slice)? = near?.change else {
            Issue.record("near-1 is no slice")
            return
        }
        #expect(
            slice.endpoints.map(\.hints) == [
                EndpointHints(zones: ["zone-a"]), EndpointHints(zones: ["zone-b"]),
            ]
        )
    }

    @Test func aNodeDecodes() throws {
        let answer = try fixture("kube-api/node.json")
        let node = Node(
            name: "node-a",
            zone: "zone-a",
            podCIDRs: [
                IPPrefix(holding: .ipv4(0x0af4_0100), length: 24),
                IPPrefix(holding: .ipv6(high: 0xfd00_0010_0244_0001, low: 0), length: 64),
            ],
            addresses: [.ipv4(0xc0a8_0a0b), .ipv6(high: 0xfd00 << 48, low: 0x11)]
        )
        let expected = DecodedObject(
            reference: ObjectReference(.node, ObjectName(namespace: "", name: "node-a")),
            change: .node(node)
        )
        #expect(try KubernetesObject.decode(.node, json: answer) == expected)
        let list =
            Array(#"{"kind": "NodeList", "apiVersion": "v1", "metadata": {}, "items": ["#.utf8)
            + answer + Array("]}".utf8)
        #expect(try KubernetesObject.decodeList(of: .node, json: list).objects == [expected])
        let decoded = ManifestFile.decode(list, fileName: "nodes.json")
        #expect(decoded.entries.map(\.object) == [expected])
        #expect(decoded.isComplete)
    }

    @Test func endpointsBecomeSlices() throws {
        let list = try KubernetesObject.decodeList(
            of: .endpoints,
            json: try fixture("kube-api/endpoints.json")
        )
        let name = ObjectName(namespace: "default", name: "no-selector")
        let slice = EndpointSlice(
            name: ObjectName(namespace: "default", name: "no-selector-0-ipv4"),
            service: name,
            family: .ipv4,
            ports: [EndpointPort(port: 5432)],
            endpoints: [
                Endpoint(address: .ipv4(0xc000_022d)),
                Endpoint(address: .ipv4(0xc000_022e), conditions: .notReady),
            ]
        )
        #expect(list.objects.map(\.change) == [.endpoints(name, [slice])])
    }

    @Test(arguments: ["everything.yaml", "everything.json"])
    func whatKubectlPrintsSaysTheSame(file: String) throws {
        let answers: [(ObjectKind, String)] = [
            (.service, "services"), (.endpointSlice, "endpointslices"), (.endpoints, "endpoints"),
        ]
        let expected = try answers.flatMap { kind, name in
            try KubernetesObject.decodeList(
                of: kind,
                json: try fixture("kube-api/\(name).json")
            ).objects
        }
        let decoded = ManifestFile.decode(try fixture("manifests/\(file)"), fileName: file)
        #expect(decoded.problems.isEmpty)
        #expect(decoded.isComplete)
        #expect(decoded.entries.map(\.object) == expected)
        #expect(
            decoded.entries.map(\.position)
                == expected.indices.map { DocumentPosition(document: 1, item: $0) }
        )
    }

    @Test(arguments: ["services", "endpointslices", "endpoints"])
    func aTypedListIsAManifestToo(name: String) throws {
        let decoded = ManifestFile.decode(
            try fixture("kube-api/\(name).json"),
            fileName: "\(name).json"
        )
        #expect(decoded.isComplete)
        #expect(!decoded.entries.isEmpty)
        #expect(decoded.entries.allSatisfy { $0.object.change != nil })
    }
}
