import Addressing
import Routing
import ServiceModel
import Testing

@Suite struct ServiceRoutingTests {
    private static let everywhere = [("10.244.0.1", "here"), ("10.244.1.2", "there")]
    private static let elsewhere = [("10.244.1.2", "there")]

    private static func routed(
        _ sample: SampleService,
        _ pods: [(String, String)] = everywhere,
        by policy: RoutingPolicy = RoutingPolicy(node: RoutingNode(name: "here"))
    ) throws -> RoutedService {
        ServiceView(
            service: try sample.service(),
            slices: try sample.slices(pods.map { (address: $0.0, node: $0.1) })
        ).routed(by: policy)
    }

    struct Example: CustomTestStringConvertible {
        let name: String
        var sample = SampleService()
        var pods = everywhere
        var masqueradesAll = false
        let frontends: [String]

        var testDescription: String { name }
    }

    private static let whole = SampleService(
        externalIPs: ["192.0.2.5"],
        loadBalancers: ["203.0.113.9"]
    )

    private static func whole(
        internalPolicy: TrafficPolicy = .cluster,
        externalPolicy: TrafficPolicy = .cluster
    ) -> SampleService {
        var copy = whole
        copy.internalPolicy = internalPolicy
        copy.externalPolicy = externalPolicy
        return copy
    }

    static let examples = [
        Example(
            name: "a cluster IP alone",
            sample: SampleService(ports: [ServicePort(name: "http", port: 80)]),
            frontends: ["clusterIP 10.96.0.1:80/TCP in:1,2 out:1,2 everyoneButPods"]
        ),
        Example(
            name: "every kind, all nodes",
            sample: whole,
            frontends: [
                "clusterIP 10.96.0.1:80/TCP in:1,2 out:1,2 everyoneButPods",
                "loadBalancer 203.0.113.9:80/TCP in:1,2 out:1,2 everyone",
                "externalIP 192.0.2.5:80/TCP in:1,2 out:1,2 everyone",
                "nodePort node port 30080/TCP (IPv4) in:1,2 out:1,2 everyone",
            ]
        ),
        Example(
            name: "from outside this node alone",
            sample: whole(externalPolicy: .local),
            frontends: [
                "clusterIP 10.96.0.1:80/TCP in:1,2 out:1,2 everyoneButPods",
                "loadBalancer 203.0.113.9:80/TCP in:1,2 out:1 nodeOnly",
                "externalIP 192.0.2.5:80/TCP in:1,2 out:1 nodeOnly",
                "nodePort node port 30080/TCP (IPv4) in:1,2 out:1 nodeOnly",
            ]
        ),
        Example(
            name: "from outside this node alone, which has none",
            sample: whole(externalPolicy: .local),
            pods: elsewhere,
            frontends: [
                "clusterIP 10.96.0.1:80/TCP in:2 out:2 everyoneButPods",
                "loadBalancer 203.0.113.9:80/TCP in:2 out:drop nodeOnly",
                "externalIP 192.0.2.5:80/TCP in:2 out:drop nodeOnly",
                "nodePort node port 30080/TCP (IPv4) in:2 out:drop nodeOnly",
            ]
        ),
        Example(
            name: "from inside this node alone",
            sample: whole(internalPolicy: .local),
            frontends: [
                "clusterIP 10.96.0.1:80/TCP in:1 out:1 everyoneButPods",
                "loadBalancer 203.0.113.9:80/TCP in:1,2 out:1,2 everyone",
                "externalIP 192.0.2.5:80/TCP in:1,2 out:1,2 everyone",
                "nodePort node port 30080/TCP (IPv4) in:1,2 out:1,2 everyone",
            ]
        ),
        Example(
            name: "both ways this node alone, which has none",
            sample: whole(internalPolicy: .local, externalPolicy: .local),
            pods: elsewhere,
            frontends: [
                "clusterIP 10.96.0.1:80/TCP in:drop out:drop everyoneButPods",
                "loadBalancer 203.0.113.9:80/TCP in:2 out:drop nodeOnly",
                "externalIP 192.0.2.5:80/TCP in:2 out:drop nodeOnly",
                "nodePort node port 30080/TCP (IPv4) in:2 out:drop nodeOnly",
            ]
        ),
        Example(
            name: "this node alone, and nobody anywhere",
            sample: whole(internalPolicy: .local, externalPolicy: .local),
            pods: [],
            frontends: [
                "clusterIP 10.96.0.1:80/TCP in:reject out:reject everyoneButPods",
                "loadBalancer 203.0.113.9:80/TCP in:reject out:reject nodeOnly",
                "externalIP 192.0.2.5:80/TCP in:reject out:reject nodeOnly",
                "nodePort node port 30080/TCP (IPv4) in:reject out:reject nodeOnly",
            ]
        ),
        Example(
            name: "pods are masqueraded at the cluster IP too",
            sample: whole(externalPolicy: .local),
            masqueradesAll: true,
            frontends: [
                "clusterIP 10.96.0.1:80/TCP in:1,2 out:1,2 everyone",
                "loadBalancer 203.0.113.9:80/TCP in:1,2 out:1 nodeOnly",
                "externalIP 192.0.2.5:80/TCP in:1,2 out:1 nodeOnly",
                "nodePort node port 30080/TCP (IPv4) in:1,2 out:1 nodeOnly",
            ]
        ),
        Example(
            name: "both families, each with its own addresses and endpoints",
            sample: SampleService(
                clusterIPs: ["10.96.0.1", "fd00:96::1"],
                externalIPs: ["2001:db8::5"],
                loadBalancers: ["203.0.113.9", "2001:db8::9"]
            ),
            pods: [("10.244.0.1", "here"), ("fd00:244::7", "there")],
            frontends: [
                "clusterIP 10.96.0.1:80/TCP in:1 out:1 everyoneButPods",
                "loadBalancer 203.0.113.9:80/TCP in:1 out:1 everyone",
                "nodePort node port 30080/TCP (IPv4) in:1 out:1 everyone",
                "clusterIP [fd00:96::1]:80/TCP in:7 out:7 everyoneButPods",
                "loadBalancer [2001:db8::9]:80/TCP in:7 out:7 everyone",
                "externalIP [2001:db8::5]:80/TCP in:7 out:7 everyone",
                "nodePort node port 30080/TCP (IPv6) in:7 out:7 everyone",
            ]
        ),
        Example(
            name: "an address of a family that the Service lacks is not served",
            sample: SampleService(
                ports: [ServicePort(name: "http", port: 80)],
                externalIPs: ["2001:db8::5"],
                loadBalancers: ["2001:db8::9"]
            ),
            frontends: ["clusterIP 10.96.0.1:80/TCP in:1,2 out:1,2 everyoneButPods"]
        ),
        Example(
            name: "an external IP that is a load balancer's is the load balancer's",
            sample: SampleService(
                ports: [ServicePort(name: "http", port: 80)],
                externalIPs: ["203.0.113.9"],
                loadBalancers: ["203.0.113.9"],
                sourceRanges: ["198.51.100.0/24"]
            ),
            frontends: [
                "clusterIP 10.96.0.1:80/TCP in:1,2 out:1,2 everyoneButPods",
                "loadBalancer 203.0.113.9:80/TCP in:1,2 out:1,2 everyone only:198.51.100.0/24",
            ]
        ),
        Example(
            name: "each port and protocol has its own, and only some have a node port",
            sample: SampleService(ports: [
                ServicePort(name: "http", port: 80),
                ServicePort(name: "dns", transport: .udp, port: 53, nodePort: 30053),
            ]),
            frontends: [
                "clusterIP 10.96.0.1:80/TCP in:1,2 out:1,2 everyoneButPods",
                "clusterIP 10.96.0.1:53/UDP in:1,2 out:1,2 everyoneButPods",
                "nodePort node port 30053/UDP (IPv4) in:1,2 out:1,2 everyone",
            ]
        ),
    ]

    @Test(arguments: examples)
    func routesClientsInsideAndOutside(_ example: Example) throws {
        let policy = RoutingPolicy(
            node: RoutingNode(name: "here"),
            masqueradesAll: example.masqueradesAll
        )
        let routed = try Self.routed(example.sample, example.pods, by: policy)
        #expect(routed.frontends.map(\.line) == example.frontends)
        #expect(routed.problems.isEmpty)
    }

    struct Ranges: CustomTestStringConvertible {
        let ranges: [String]?
        let ipv4: [String]?
        let ipv6: [String]?

        var testDescription: String { ranges.map { "\($0)" } ?? "none" }
    }

    @Test(arguments: [
        Ranges(ranges: nil, ipv4: nil, ipv6: nil),
        Ranges(ranges: [], ipv4: [], ipv6: []),
        Ranges(ranges: ["198.51.100.0/24"], ipv4: ["198.51.100.0/24"], ipv6: nil),
        Ranges(ranges: ["2001:db8::/32"], ipv4: nil, ipv6: ["2001:db8::/32"]),
        Ranges(
            ranges: ["2001:db8::/32", "203.0.113.0/24", "198.51.100.7/32"],
            ipv4: ["198.51.100.7/32", "203.0.113.0/24"],
            ipv6: ["2001:db8::/32"]
        ),
        Ranges(ranges: ["0.0.0.0/0"], ipv4: nil, ipv6: nil),
        Ranges(
            ranges: ["0.0.0.0/0", "198.51.100.0/24", "2001:db8::/32"],
            ipv4: nil,
            ipv6: ["2001:db8::/32"]
        ),
        Ranges(ranges: ["::/0", "198.51.100.0/24"], ipv4: ["198.51.100.0/24"], ipv6: nil),
    ])
    func limitsTheClientsOfALoadBalancerByFamilyAndNobodyElses(_ example: Ranges) throws {
        let sample = SampleService(
            clusterIPs: ["10.96.0.1", "fd00:96::1"],
            externalIPs: ["192.0.2.5", "2001:db8::5"],
            loadBalancers: ["203.0.113.9", "2001:db8::9"],
            sourceRanges: example.ranges
        )
        for frontend in try Self.routed(sample).frontends {
            let expected = frontend.key.family == .ipv4 ? example.ipv4 : example.ipv6
            #expect(
                frontend.allowedSources?.map(\.description)
                    == (frontend.kind == .loadBalancer ? expected : nil),
                "\(frontend.key)"
            )
        }
    }

    @Test func reportsAnExternalIPThatIsNotAllowedAndServesTheOthers() throws {
        var policy = RoutingPolicy(node: RoutingNode(name: "here"))
        policy.allowedExternalIPs = [try IPPrefix("192.0.2.0/24")]
        let sample = SampleService(
            ports: [ServicePort(name: "http", port: 80)],
            externalIPs: ["198.51.100.1", "192.0.2.5"],
            loadBalancers: ["203.0.113.9"]
        )
        let routed = try Self.routed(sample, by: policy)
        #expect(
            routed.frontends.map { "\($0.key)" }
                == ["10.96.0.1:80/TCP", "203.0.113.9:80/TCP", "192.0.2.5:80/TCP"]
        )
        #expect(
            routed.problems.map(\.description) == [
                "Service default/web: spec.externalIPs: 198.51.100.1 is in none of the ranges that "
                    + "externalIPs.allowed of the configuration has, so it is not served"
            ]
        )
        policy.allowedExternalIPs = []
        let nowhere = try Self.routed(sample, by: policy)
        #expect(nowhere.problems.count == 2)
        policy.allowedExternalIPs = nil
        let anywhere = try Self.routed(sample, by: policy)
        #expect(anywhere.problems.isEmpty)
    }

    @Test func saysOnceThatHintsForZonesAreIgnoredAndWhy() throws {
        let sample = SampleService(clusterIPs: ["10.96.0.1", "fd00:96::1"])
        let endpoints = try ["10.244.0.1", "fd00:244::1"].map {
            Endpoint(address: try IPAddress($0), hints: EndpointHints(zones: ["west"]))
        }
        let view = ServiceView(
            service: try sample.service(),
            slices: try sample.slices(endpoints)
        )
        func problems(zone: String?) -> [String] {
            view.routed(by: RoutingPolicy(node: RoutingNode(name: "here", zone: zone))).problems
                .map(\.message)
        }
        #expect(problems(zone: "west").isEmpty)
        let east = problems(zone: "east")
        #expect(east.count == 1 && east[0].contains("this node's zone, \"east\""))
        let nowhere = problems(zone: nil)
        #expect(nowhere.count == 1 && nowhere[0].contains("is not known"))
    }
}

/// What a load balancer is told of the endpoints on this node.
@Suite struct HealthCheckRoutingTests {
    private static func check(
        _ sample: SampleService,
        _ endpoints: [Endpoint]
    ) throws -> HealthCheck? {
        ServiceView(service: try sample.service(), slices: try sample.slices(endpoints))
            .routed(by: RoutingPolicy(node: RoutingNode(name: "here"))).healthCheck
    }

    @Test func countsReadyAddressesOfThisNodeOnceHoweverManyPortsTheyHave() throws {
        let sample = SampleService(
            ports: [ServicePort(name: "a", port: 80), ServicePort(name: "b", port: 81)],
            externalPolicy: .local,
            healthCheckNodePort: 31000
        )
        let leaving: EndpointConditions = [.isServing, .isTerminating]
        let check = try Self.check(
            sample,
            [
                Endpoint(address: try IPAddress("10.244.0.1"), nodeName: "here"),
                Endpoint(address: try IPAddress("10.244.0.2"), nodeName: "here"),
                Endpoint(address: try IPAddress("10.244.0.3"), nodeName: "there"),
                Endpoint(address: try IPAddress("10.244.0.4")),
                Endpoint(
                    address: try IPAddress("10.244.0.5"),
                    conditions: .notReady,
                    nodeName: "here"
                ),
                Endpoint(
                    address: try IPAddress("10.244.0.6"),
                    conditions: leaving,
                    nodeName: "here"
                ),
            ]
        )
        #expect(
            check
                == HealthCheck(
                    service: ObjectName(namespace: "default", name: "web"),
                    port: 31000,
                    localEndpoints: 2
                )
        )
    }

    @Test func isThereWithoutAnyEndpointAndNotWithoutAPort() throws {
        var sample = SampleService(healthCheckNodePort: 31000)
        let empty = try Self.check(sample, [])
        #expect(empty?.localEndpoints == 0)
        sample.healthCheckNodePort = nil
        let endpoint = Endpoint(address: try IPAddress("10.244.0.1"), nodeName: "here")
        let none = try Self.check(sample, [endpoint])
        #expect(none == nil)
    }

    @Test func countsWhatIsPublishedWhileNotReadyAsItIsUsed() throws {
        let sample = SampleService(healthCheckNodePort: 31000, publishNotReady: true)
        let endpoint = Endpoint(
            address: try IPAddress("10.244.0.1"),
            conditions: .notReady,
            nodeName: "here"
        )
        let check = try Self.check(sample, [endpoint])
        #expect(check?.localEndpoints == 1)
    }
}
