import Addressing
import DataplaneModel
import Planning
import Reconciliation
import Routing
import ServiceModel
import SimulatedDataplane
import Testing

/// Real servers that leave while something else changes, fails or begins anew.
@Suite struct DrainingEdgeTests {
    private typealias World = FilterWorld

    private static let hour = Duration.seconds(3600)

    private static func options(auditInterval: Duration = .zero) -> ReconcilerOptions {
        var options = World.options(auditInterval: auditInterval)
        options.draining = DrainingPolicy(timeout: hour)
        return options
    }

    private static func key(_ address: IPAddress, _ port: UInt16 = 80) -> VirtualServerKey {
        .address(SocketEndpoint(address, port), .tcp)
    }

    private static func pod(_ number: UInt32) -> SocketEndpoint {
        SocketEndpoint(.ipv4(0x0af4_0000 + number), 8080)
    }

    private static func clusterAddress(_ number: UInt32) -> IPAddress {
        .ipv4(0x0a60_0000 + number)
    }

    private static func carry(
        _ connections: UInt64,
        on number: UInt32,
        of key: VirtualServerKey,
        in reconciler: inout Reconciler<SimulatedDataplane>
    ) {
        reconciler.device.loads[key, default: [:]][pod(number)] = RealServerLoad(
            connections: connections
        )
    }

    private static func run(
        _ reconciler: inout Reconciler<SimulatedDataplane>,
        until end: Duration
    ) {
        while let next = reconciler.nextDeadline, next <= end {
            _ = reconciler.reconcile(now: next)
        }
    }

    private static let removal: [ClusterChange] = [
        .serviceRemoved(World.name("web-1")), .endpointSliceRemoved(World.name("web-1-1")),
    ]

    /// A client inside comes to the load balancer's address by way of a mark.
    @Test(arguments: [false, true])
    func theAddressOfADeletedServiceStaysForConnectionsThatCameByAMark(_ restarts: Bool) throws {
        var reconciler = try World.started(
            [World.service(1), World.endpoints(1, here: [], there: [5])],
            options: Self.options()
        )
        let marks = reconciler.device.state.marks
        let mark = try #require(marks.first)
        let inside = VirtualServerKey.firewallMark(mark, .ipv4)
        Self.carry(3, on: 5, of: inside, in: &reconciler)
        reconciler.take(.changes(Self.removal))
        _ = reconciler.reconcile(now: .seconds(1))
        Self.run(&reconciler, until: .seconds(10))
        if restarts {
            reconciler = try World.started([], on: reconciler.device, options: Self.options())
            Self.run(&reconciler, until: .seconds(10))
        }
        let servers = reconciler.device.state.virtualServers[inside]?.realServers.map(\.weight)
        #expect(servers == [0])
        #expect(reconciler.device.state.addresses[World.balancer(1)] != nil)
        #expect(reconciler.device.state.members(.addresses).contains("203.0.113.1"))
        Self.carry(0, on: 5, of: inside, in: &reconciler)
        Self.run(&reconciler, until: .seconds(20))
        #expect(reconciler.device.state.virtualServers.isEmpty)
        #expect(reconciler.device.state.addresses.isEmpty)
        #expect(reconciler.device.state.claims.isEmpty)
        #expect(reconciler.device.state.members(.addresses).isEmpty)
        #expect(reconciler.applied.addresses.isEmpty && reconciler.applied.claims.isEmpty)
    }

    /// An endpoint that is not ready for a moment, and was the only one.
    @Test(arguments: [false, true])
    func whoComesBackFindsItsConnectionsBehindTheSameMark(_ restarts: Bool) throws {
        var reconciler = try World.started(
            [World.service(1), World.endpoints(1, there: [5])],
            options: Self.options()
        )
        let marks = reconciler.device.state.marks
        let mark = try #require(marks.first)
        let inside = VirtualServerKey.firewallMark(mark, .ipv4)
        Self.carry(3, on: 5, of: inside, in: &reconciler)
        reconciler.take(.changes([World.endpoints(1)]))
        _ = reconciler.reconcile(now: .seconds(1))
        if restarts {
            reconciler = try World.started(
                [World.service(1), World.endpoints(1)],
                on: reconciler.device,
                options: Self.options()
            )
        }
        // Another one needs a mark meanwhile.
        reconciler.take(.changes([World.service(2), World.endpoints(2, there: [6])]))
        _ = reconciler.reconcile(now: .seconds(2))
        reconciler.take(.changes([World.endpoints(1, there: [5])]))
        _ = reconciler.reconcile(now: .seconds(3))
        let weights = reconciler.device.state.virtualServers[inside]?.realServers.map(\.weight)
        #expect(weights == [1])
        let count = reconciler.device.state.marks.count
        #expect(count == 2)
        #expect(reconciler.departures.isEmpty)
    }

    @Test func aLookThatIsNotNeededAnyMoreIsNotDueForEver() throws {
        var reconciler = try World.started(
            [World.service(1, policy: .cluster), World.endpoints(1, there: [5, 6])],
            options: Self.options()
        )
        let key = Self.key(Self.clusterAddress(1))
        for place in [key, Self.key(World.balancer(1)), Self.key(World.nodeAddress, 30001)] {
            Self.carry(3, on: 5, of: place, in: &reconciler)
        }
        reconciler.take(
            .changes([World.service(2, policy: .cluster), World.endpoints(2, there: [7, 8])])
        )
        _ = reconciler.reconcile(now: .seconds(1))
        reconciler.take(.changes([World.endpoints(1, there: [6])]))
        _ = reconciler.reconcile(now: .milliseconds(2000))
        _ = reconciler.reconcile(now: .milliseconds(2100))
        reconciler.take(.changes([World.endpoints(2, there: [8])]))
        _ = reconciler.reconcile(now: .milliseconds(2200))
        reconciler.take(.changes([World.endpoints(2, there: [7, 8])]))
        _ = reconciler.reconcile(now: .milliseconds(2250))
        _ = reconciler.reconcile(now: .milliseconds(2300))
        let next = reconciler.nextDeadline
        #expect(try #require(next) > .milliseconds(2300))
    }

    @Test func whatIsToGoAtOnceGoesAlsoWhenThatFailedAtFirst() throws {
        let name = World.name("web-1")
        var reconciler = try World.started(
            [
                .service(
                    Service(
                        name: name,
                        reachability: .clusterIPs([Self.clusterAddress(1)]),
                        ports: [ServicePort(name: "http", port: 80)],
                        annotations: ["drain-timeout": "0s"]
                    )
                ), World.endpoints(1, there: [5]),
            ],
            options: Self.options()
        )
        Self.carry(3, on: 5, of: Self.key(Self.clusterAddress(1)), in: &reconciler)
        reconciler.device.refusal = { operation in
            if case .deleteVirtualServer = operation { .busy } else { nil }
        }
        reconciler.take(.changes(Self.removal))
        _ = reconciler.reconcile(now: .seconds(1))
        reconciler.device.refusal = { _ in nil }
        Self.run(&reconciler, until: .seconds(30))
        #expect(reconciler.device.state.virtualServers.isEmpty)
    }

    /// The node loses an address that node ports are at, and only an audit notices.
    @Test func anAuditKnowsHowLongARealServerMayTake() throws {
        let service = ClusterChange.service(
            Service(
                name: World.name("web-1"),
                reachability: .clusterIPs([Self.clusterAddress(1)]),
                ports: [ServicePort(name: "http", port: 80, nodePort: 30001)],
                annotations: ["drain-timeout": "10m"]
            )
        )
        var reconciler = try World.started(
            [service, World.endpoints(1, there: [5])],
            options: Self.options(auditInterval: .seconds(60))
        )
        let key = Self.key(World.nodeAddress, 30001)
        Self.carry(3, on: 5, of: key, in: &reconciler)
        reconciler.device.state.foreignAddresses = [.ipv4(0xc000_024d)]
        _ = reconciler.reconcile(now: .seconds(60))
        let terms = reconciler.departures.terms
        #expect(terms[key]?[Self.pod(5)]?.limit == .seconds(600))
    }

    /// A crash before everything could be read must not forget it.
    @Test func whatAnEarlierRunWroteDownOfTheUnknownStaysWrittenDown() throws {
        var reconciler = try World.started(
            [World.service(1, policy: .cluster), World.endpoints(1, there: [5])],
            options: Self.options()
        )
        let key = Self.key(Self.clusterAddress(1))
        Self.carry(3, on: 5, of: key, in: &reconciler)
        reconciler.take(.changes(Self.removal))
        _ = reconciler.reconcile(now: .seconds(1))
        let terms = reconciler.departures.terms
        #expect(terms[key] != nil)
        var second = Reconciler(device: reconciler.device, options: Self.options())
        second.restore(terms)
        try second.start(now: .seconds(100))
        second.take(.changes([World.service(2), World.endpoints(2, there: [6])]))
        second.take(.initialSetComplete(isWhole: false))
        _ = second.reconcile(now: .seconds(100))
        let kept = second.departures.terms
        #expect(kept[key] == terms[key])
        second.take(.initialSetComplete(isWhole: true))
        _ = second.reconcile(now: .seconds(101))
        let known = second.departures.terms
        #expect(known[key] == terms[key])
        Self.run(&second, until: .seconds(3700))
        #expect(second.departures.isEmpty)
    }

    /// Flows to what others serve are theirs.
    @Test func flowsToAPlaceThatIsLeftToOthersGoOn() throws {
        let name = World.name("web-1")
        var external = ExternalAccess()
        external.policy = .local
        let service = ClusterChange.service(
            Service(
                name: name,
                reachability: .clusterIPs([Self.clusterAddress(1)]),
                ports: [
                    ServicePort(name: "http", transport: .udp, port: 80, nodePort: 30001)
                ],
                external: external
            )
        )
        func endpoints(_ pods: [UInt32]) -> ClusterChange {
            .endpointSlice(
                EndpointSlice(
                    name: name,
                    service: name,
                    family: .ipv4,
                    ports: [EndpointPort(name: "http", transport: .udp, port: 8080)],
                    endpoints: pods.map {
                        Endpoint(address: Self.pod($0).address, nodeName: "there")
                    }
                )
            )
        }
        let other = IPAddress.ipv4(0xc000_024d)
        let place = SocketEndpoint(other, 30001)
        var kernel = World.kernel([World.nodeAddress, other])
        let foreign = VirtualServer(key: .address(place, .udp), scheduler: .roundRobin)
        kernel.state.virtualServers[foreign.key] = IPVSState.Entry(
            server: foreign,
            realServers: [RealServer(address: Self.pod(99))]
        )
        let client = SocketEndpoint(.ipv4(0xc0a8_3202), 4000)
        kernel.flows = [
            TrackedFlow(
                transport: .udp,
                source: client,
                destination: place,
                replySource: Self.pod(99),
                replyDestination: client,
                id: 1
            )
        ]
        var options = Self.options()
        options.excludedRanges = [IPPrefix(holding: other, length: 32)]
        var reconciler = try World.started(
            [service, endpoints([5])],
            on: kernel,
            options: options
        )
        reconciler.take(.changes([endpoints([6])]))
        _ = reconciler.reconcile(now: .seconds(1))
        Self.run(&reconciler, until: .seconds(20))
        #expect(reconciler.device.state.virtualServers[foreign.key]?.realServers.count == 1)
        #expect(reconciler.device.flows.count == 1)
    }

    /// With the service device go all routes.
    @Test func theAddressOfADeletedServiceComesBackWithAnAudit() throws {
        var reconciler = try World.started(
            [World.service(1, policy: .cluster), World.endpoints(1, there: [5])],
            options: Self.options(auditInterval: .seconds(60))
        )
        Self.carry(3, on: 5, of: Self.key(Self.clusterAddress(1)), in: &reconciler)
        reconciler.take(.changes(Self.removal))
        _ = reconciler.reconcile(now: .seconds(1))
        reconciler.device.state.addresses = [:]
        _ = reconciler.reconcile(now: .seconds(60))
        #expect(reconciler.device.state.addresses[Self.clusterAddress(1)] != nil)
        Self.carry(0, on: 5, of: Self.key(Self.clusterAddress(1)), in: &reconciler)
        _ = reconciler.reconcile(now: .seconds(70))
        _ = reconciler.reconcile(now: .seconds(71))
        #expect(reconciler.device.state.addresses.isEmpty)
        #expect(reconciler.device.state.claims.isEmpty)
    }
}
