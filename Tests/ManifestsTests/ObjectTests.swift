import Addressing
import Manifests
import ServiceModel
import Testing

/// What right objects become.
@Suite struct ObjectTests {
    private func object(_ yaml: String) throws -> DecodedObject {
        let decoded = ManifestFile.decode("---\n" + yaml, fileName: "web.yaml")
        #expect(decoded.problems.isEmpty)
        return try #require(decoded.entries.first).object
    }

    private let web = ObjectName(namespace: "default", name: "web")

    /// `spec`, and how the Service can be reached.
    static let reachable: [(String, Service.Reachability)] = [
        ("{clusterIP: None}", .headless),
        ("{clusterIPs: [None]}", .headless),
        ("{clusterIP: None, clusterIPs: [None], type: ClusterIP}", .headless),
        ("{type: ExternalName, externalName: example.com}", .externalName),
        ("{clusterIP: 10.0.0.1, ports: [{port: 1}]}", .clusterIPs([.ipv4(0x0a00_0001)])),
        ("{clusterIPs: [10.0.0.1], ports: [{port: 1}]}", .clusterIPs([.ipv4(0x0a00_0001)])),
        (
            "{type: NodePort, clusterIPs: ['fd00::1', 10.0.0.1], ports: [{port: 1}]}",
            .clusterIPs([.ipv6(high: 0xfd00 << 48, low: 1), .ipv4(0x0a00_0001)])
        ),
    ]

    @Test(arguments: reachable)
    func aServiceIsReached(spec: String, reachability: Service.Reachability) throws {
        let object = try object(
            "{kind: Service, apiVersion: v1, metadata: {name: web}, spec: \(spec)}"
        )
        guard case .service(let service)? = object.change else {
            Issue.record("\(object.problems)")
            return
        }
        #expect(service.name == web)
        #expect(service.reachability == reachability)
    }

    @Test func affinityLastsThreeHoursUnlessSaid() throws {
        let object = try object(
            "{kind: Service, apiVersion: v1, metadata: {name: web, creationTimestamp: null}, spec: "
                + "{clusterIP: 10.0.0.1, sessionAffinity: ClientIP, "
                + "ports: [{port: 0x50, targetPort: web, nodePort: 30000}]}}"
        )
        let service = Service(
            name: web,
            reachability: .clusterIPs([.ipv4(0x0a00_0001)]),
            ports: [ServicePort(port: 80)],
            sessionAffinity: .clientIP(timeout: 10_800)
        )
        #expect(object.change == .service(service))
    }

    @Test func anAnnotationForUsThatMeansNothingIsPointedOut() throws {
        let object = try object(
            "{kind: Service, apiVersion: v1, metadata: {name: web, annotations: "
                + "{fairlead.dev/schedular: lc}}, spec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}}"
        )
        #expect(object.change != nil)
        #expect(
            object.notices == [
                "Service default/web has the annotation fairlead.dev/schedular, which means nothing; "
                    + "there are fairlead.dev/scheduler, fairlead.dev/scheduler-flags and "
                    + "fairlead.dev/drain-timeout"
            ]
        )
    }

    /// Labels, and the notice.
    static let otherProxies: [(String, String)] = [
        (
            "service.kubernetes.io/service-proxy-name: cilium",
            "Service default/web is left to the proxy \"cilium\", which its label names"
        ),
        (
            "service.kubernetes.io/headless: ''",
            "Service default/web is left aside: its label service.kubernetes.io/headless says so"
        ),
    ]

    @Test(arguments: otherProxies)
    func aServiceOfAnotherProxyIsRemoved(label: String, notice: String) throws {
        let object = try object(
            "{kind: Service, apiVersion: v1, metadata: {name: web, labels: {\(label)}}}"
        )
        #expect(object.change == .serviceRemoved(web))
        #expect(object.notices == [notice])
        #expect(object.problems.isEmpty)
    }

    /// Fields of a slice, and the notice.
    static let leftAside: [(String, String)] = [
        (
            "addressType: IPv4",
            "EndpointSlice default/web is left aside: it has no label kubernetes.io/service-name, "
                + "and so no Service"
        ),
        (
            "addressType: FQDN, metadata: {name: web, labels: {kubernetes.io/service-name: web}}",
            "EndpointSlice default/web is left aside: its addressType FQDN has no addresses to "
                + "send to"
        ),
    ]

    @Test(arguments: leftAside)
    func aSliceThatCannotServeIsRemoved(fields: String, notice: String) throws {
        let metadata = fields.contains("metadata") ? "" : ", metadata: {name: web}"
        let object = try object(
            "{kind: EndpointSlice, apiVersion: discovery.k8s.io/v1, \(fields)\(metadata)}"
        )
        #expect(object.change == .endpointSliceRemoved(web))
        #expect(object.notices == [notice])
    }

    @Test func aPortWithoutNumberIsLeftAside() throws {
        let object = try object(
            "{kind: EndpointSlice, apiVersion: discovery.k8s.io/v1, metadata: {name: web, labels: "
                + "{kubernetes.io/service-name: web}}, addressType: IPv4, endpoints: null, "
                + "ports: [{name: all, port: null}, {port: 53, protocol: UDP}]}"
        )
        let slice = EndpointSlice(
            name: web,
            service: web,
            family: .ipv4,
            ports: [EndpointPort(transport: .udp, port: 53)],
            endpoints: []
        )
        #expect(object.change == .endpointSlice(slice))
        #expect(
            object.notices == [
                "EndpointSlice default/web has no number in ports[0]; every port is none to send to"
            ]
        )
    }

    @Test func endpointsBecomeOneSliceForEachSubsetAndFamily() throws {
        let object = try object(
            "{kind: Endpoints, apiVersion: v1, metadata: {name: web}, subsets: [{addresses: "
                + "[{ip: 10.0.0.1, nodeName: a}, {ip: 'fd00::1'}], ports: [{port: 80}]}, "
                + "{notReadyAddresses: [{ip: 10.0.0.2}], ports: [{name: dns, port: 53, "
                + "protocol: UDP}]}]}"
        )
        func slice(
            _ name: String,
            _ family: AddressFamily,
            _ port: EndpointPort,
            _ endpoint: Endpoint
        ) -> EndpointSlice {
            EndpointSlice(
                name: ObjectName(namespace: "default", name: name),
                service: web,
                family: family,
                ports: [port],
                endpoints: [endpoint]
            )
        }
        let slices = [
            slice(
                "web-0-ipv4",
                .ipv4,
                EndpointPort(port: 80),
                Endpoint(address: .ipv4(0x0a00_0001), nodeName: "a")
            ),
            slice(
                "web-0-ipv6",
                .ipv6,
                EndpointPort(port: 80),
                Endpoint(address: .ipv6(high: 0xfd00 << 48, low: 1))
            ),
            slice(
                "web-1-ipv4",
                .ipv4,
                EndpointPort(name: "dns", transport: .udp, port: 53),
                Endpoint(address: .ipv4(0x0a00_0002), conditions: .notReady)
            ),
        ]
        #expect(object.change == .endpoints(web, slices))
    }

    /// From GNU date; nil for what is no time.
    static let times: [(String, Int64?)] = [
        ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:34:56Z", 951_827_696),
        ("2026-11-21T01:26:55Z", 1_795_224_415), ("2026-11-21T01:26:55.999Z", 1_795_224_415),
        ("2026-11-21T03:26:55+02:00", 1_795_224_415), ("1969-12-31T23:59:59Z", -1),
        ("2100-03-01T00:00:00Z", 4_107_542_400), ("2100-02-29T00:00:00Z", nil),
        ("2026-11-21", nil), ("2026-13-21T01:26:55Z", nil), ("2026-11-21T24:00:00Z", nil),
        ("2026-11-21T01:26:55", nil), ("2026-11-21T01:26:55ZZ", nil), ("", nil),
        ("2026-11-21T01:26:55.Z", nil), ("2026-1-21T01:26:55Z", nil),
    ]

    @Test(arguments: times)
    func aCreationTimeIsExact(text: String, seconds: Int64?) throws {
        let object = try object(
            "{kind: Service, apiVersion: v1, metadata: {name: web, creationTimestamp: '\(text)'}, "
                + "spec: {clusterIP: None}}"
        )
        guard case .service(let service)? = object.change else {
            #expect(seconds == nil)
            return
        }
        #expect(service.creationTime == seconds)
    }
}
