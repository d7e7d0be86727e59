import Addressing
import Routing
import ServiceModel
import Testing

@Suite struct RoutedClusterTests {
    private static func name(_ name: String) -> ObjectName {
        ObjectName(namespace: "default", name: name)
    }

    /// Two Services, of which `zoned` has an endpoint for each of two zones.
    private static func cluster(zone: String? = nil) throws -> RoutedCluster {
        var cluster = RoutedCluster(
            policy: RoutingPolicy(node: RoutingNode(name: "here", zone: zone))
        )
        let zoned = SampleService(name: "zoned", ports: [ServicePort(name: "http", port: 80)])
        let plain = SampleService(
            name: "plain",
            clusterIPs: ["10.96.0.2"],
            ports: [ServicePort(name: "http", port: 80)]
        )
        let endpoints = try [("10.244.0.1", "east"), ("10.244.0.2", "west")].map {
            Endpoint(address: try IPAddress($0.0), hints: EndpointHints(zones: [$0.1]))
        }
        apply([.service(try zoned.service()), .service(try plain.service())], to: &cluster)
        apply(try zoned.slices(endpoints).map { .endpointSlice($0) }, to: &cluster)
        return cluster
    }

    /// None of them is about the node.
    private static func apply(_ changes: [ClusterChange], to cluster: inout RoutedCluster) {
        for change in changes {
            let isAboutTheNode = cluster.apply(change)
            #expect(!isAboutTheNode)
        }
    }

    private static let zoned = FrontendKey(SocketEndpoint(.ipv4(0x0a60_0001), 80), .tcp)
    private static let plain = FrontendKey(SocketEndpoint(.ipv4(0x0a60_0002), 80), .tcp)

    private static func backends(_ cluster: RoutedCluster) -> [String] {
        cluster[zoned]?.inside.backends.map { "\($0.address.address)" } ?? []
    }

    @Test func routesNothingTwice() throws {
        var cluster = try Self.cluster()
        #expect(cluster[Self.zoned] == nil, "nothing is routed before it is asked for")
        let firstChanges = cluster.route().frontends
        #expect(firstChanges == [Self.zoned, Self.plain])
        let secondChanges = cluster.route().frontends
        #expect(secondChanges.isEmpty)
        let sample = SampleService(
            name: "plain",
            clusterIPs: ["10.96.0.2"],
            ports: [ServicePort(name: "http", port: 80)]
        )
        Self.apply([.service(try sample.service())], to: &cluster)
        let thirdChanges = cluster.route().frontends
        #expect(thirdChanges.isEmpty, "the same was said again")
        Self.apply(
            try sample.slices([("10.244.0.9", "here")]).map { .endpointSlice($0) },
            to: &cluster
        )
        let fourthChanges = cluster.route().frontends
        #expect(fourthChanges == [Self.plain])
    }

    @Test func aNewZoneOfThisNodeRoutesAllServicesAnew() throws {
        var cluster = try Self.cluster()
        _ = cluster.route()
        #expect(Self.backends(cluster) == ["10.244.0.1", "10.244.0.2"])
        #expect(cluster.problems.map(\.object.name.name) == ["zoned"])
        let isOurs = cluster.apply(.node(Node(name: "here", zone: "west")))
        #expect(isOurs)
        let firstChanges = cluster.route().frontends
        #expect(firstChanges == [Self.zoned])
        #expect(Self.backends(cluster) == ["10.244.0.2"])
        #expect(cluster.problems.isEmpty)
        let isOursToo = cluster.apply(.node(Node(name: "here", zone: "east")))
        #expect(isOursToo)
        let secondChanges = cluster.route().frontends
        #expect(secondChanges == [Self.zoned])
        #expect(Self.backends(cluster) == ["10.244.0.1"])
        let isGone = cluster.apply(.nodeRemoved("here"))
        #expect(isGone)
        let thirdChanges = cluster.route().frontends
        #expect(thirdChanges == [Self.zoned])
        #expect(Self.backends(cluster) == ["10.244.0.1", "10.244.0.2"])
    }

    @Test func theConfiguredZoneHoldsWhereTheNodeSaysNone() throws {
        var cluster = try Self.cluster(zone: "west")
        _ = cluster.route()
        #expect(Self.backends(cluster) == ["10.244.0.2"])
        let first = cluster.apply(.node(Node(name: "here")))
        #expect(first)
        let changed = cluster.route().frontends
        #expect(changed.isEmpty)
        _ = cluster.apply(.node(Node(name: "here", zone: "east")))
        _ = cluster.route()
        #expect(Self.backends(cluster) == ["10.244.0.1"])
        _ = cluster.apply(.nodeRemoved("here"))
        _ = cluster.route()
        #expect(Self.backends(cluster) == ["10.244.0.2"])
    }

    @Test func anotherNodeTouchesNothing() throws {
        var cluster = try Self.cluster()
        _ = cluster.route()
        Self.apply([.node(Node(name: "there", zone: "west"))], to: &cluster)
        Self.apply([.nodeRemoved("there"), .nodeRemoved("here")], to: &cluster)
        let changed = cluster.route().frontends
        #expect(changed.isEmpty)
        #expect(cluster.node == nil)
    }

    @Test func theSameNodeSaidAgainIsNoChange() throws {
        var cluster = try Self.cluster()
        let node = Node(name: "here", addresses: [try IPAddress("192.0.2.10")])
        let first = cluster.apply(.node(node))
        let second = cluster.apply(.node(node))
        #expect(first && !second)
        #expect(cluster.node == node)
    }

    @Test func anOlderServiceHasAContestedNodePortAndTheOtherTakesOver() throws {
        var cluster = RoutedCluster(policy: RoutingPolicy(node: RoutingNode(name: "here")))
        let old = SampleService(name: "old", clusterIPs: ["10.96.0.1"], created: 100)
        let young = SampleService(name: "a", clusterIPs: ["10.96.0.2"], created: 200)
        for sample in [young, old] {
            Self.apply([.service(try sample.service())], to: &cluster)
            Self.apply(
                try sample.slices([("10.244.0.1", "here")]).map { .endpointSlice($0) },
                to: &cluster
            )
        }
        _ = cluster.route()
        let key = FrontendKey.nodePort(30080, .tcp, .ipv4)
        #expect(cluster[key]?.service.service.name == "old")
        #expect(
            cluster.problems.map(\.description) == [
                "Service default/a: spec.ports[].nodePort: node port 30080/TCP (IPv4) belongs to "
                    + "Service default/old, which has it as a cluster IP, is older, or comes first by name; this Service "
                    + "gets no traffic there until one of them uses another address or port"
            ]
        )
        #expect(cluster.frontendKeys.count == 3, "the cluster IP of each is its own")
        Self.apply([.serviceRemoved(Self.name("old"))], to: &cluster)
        let changed = cluster.route().frontends
        #expect(changed == [key, Self.zoned])
        #expect(cluster[key]?.service.service.name == "a")
        #expect(cluster.problems.isEmpty)
    }

    @Test func tellsWhichHealthChecksAreOthersNow() throws {
        var cluster = RoutedCluster(policy: RoutingPolicy(node: RoutingNode(name: "here")))
        let sample = SampleService(healthCheckNodePort: 31000)
        let name = Self.name("web")
        Self.apply([.service(try sample.service())], to: &cluster)
        let firstChanges = cluster.route().healthChecks
        #expect(firstChanges == [name])
        Self.apply(
            try sample.slices([("10.244.0.1", "there")]).map { .endpointSlice($0) },
            to: &cluster
        )
        let secondChanges = cluster.route().healthChecks
        #expect(secondChanges.isEmpty, "an endpoint elsewhere is not counted")
        Self.apply(
            try sample.slices([("10.244.0.1", "here")]).map { .endpointSlice($0) },
            to: &cluster
        )
        let thirdChanges = cluster.route().healthChecks
        #expect(thirdChanges == [name])
        #expect(cluster.allHealthChecks.map(\.localEndpoints) == [1])
        Self.apply([.serviceRemoved(name)], to: &cluster)
        let fourthChanges = cluster.route().healthChecks
        #expect(fourthChanges == [name])
        #expect(cluster.healthCheck(of: name) == nil && cluster.allHealthChecks.isEmpty)
    }

    /// Whoever may write a Service could otherwise take another's traffic, before or after it is made.
    @Test func aClusterIPGoesBeforeAnOlderExternalAddressOfAnotherService() {
        let address = IPAddress.ipv4(0x0a60_0707)
        var external = ExternalAccess()
        external.addresses = [address]
        var cluster = RoutedCluster(policy: RoutingPolicy())
        func service(
            _ name: String,
            at clusterIP: IPAddress,
            created: Int64,
            _ external: ExternalAccess = ExternalAccess()
        ) -> ClusterChange {
            .service(
                Service(
                    name: ObjectName(namespace: "default", name: name),
                    reachability: .clusterIPs([clusterIP]),
                    ports: [ServicePort(name: "https", port: 443)],
                    external: external,
                    creationTime: created
                )
            )
        }
        _ = cluster.apply(service("greedy", at: .ipv4(0x0a60_0001), created: 1, external))
        _ = cluster.route()
        _ = cluster.apply(service("pay", at: address, created: 2))
        _ = cluster.route()
        let holder = cluster[.address(SocketEndpoint(address, 443), .tcp)]
        #expect(holder?.service.service.name == "pay")
        #expect(cluster.problems.count == 1)
        #expect(cluster.problems.first?.object.name.name == "greedy")
    }
}
