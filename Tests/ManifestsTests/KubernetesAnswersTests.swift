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
        #expect(list.objects.flatMap(\.notices).isEmpty)
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
                ServicePort(name: "a", transport: .tcp, port: 80),
                ServicePort(name: "u", transport: .udp, port: 81),
                ServicePort(name: "s", transport: .sctp, port: 82),
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
