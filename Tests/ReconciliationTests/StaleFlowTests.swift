import Addressing
import DataplaneModel
import Planning
import Reconciliation
import Routing
import ServiceModel
import SimulatedDataplane
import Testing

/// Flows of UDP follow the endpoints of their Service.
@Suite struct StaleFlowTests {
    private static let name = ObjectName(namespace: "default", name: "dns")
    private static let place = SocketEndpoint(.ipv4(0x0a60_000a), 53)

    private static func pod(_ number: UInt32) -> SocketEndpoint {
        SocketEndpoint(.ipv4(0x0af4_0000 + number), 5353)
    }

    private static func service(_ transport: TransportProtocol = .udp) -> ClusterChange {
        .service(
            Service(
                name: name,
                reachability: .clusterIPs([place.address]),
                ports: [ServicePort(name: "a", transport: transport, port: 53)]
            )
        )
    }

    private static func endpoints(
        _ pods: [UInt32],
        _ transport: TransportProtocol = .udp
    ) -> ClusterChange {
        .endpointSlice(
            EndpointSlice(
                name: name,
                service: name,
                family: .ipv4,
                ports: [EndpointPort(name: "a", transport: transport, port: 5353)],
                endpoints: pods.map { Endpoint(address: pod($0).address) }
            )
        )
    }

    /// A flow from a client's port, answered by somebody.
    private static func flow(_ port: UInt16, by answering: SocketEndpoint) -> TrackedFlow {
        let client = SocketEndpoint(.ipv4(0xc0a8_3202), port)
        return TrackedFlow(
            transport: .udp,
            source: client,
            destination: place,
            replySource: answering,
            replyDestination: client,
            id: UInt32(port)
        )
    }

    private static func started(
        _ mode: DataplaneMode,
        _ changes: [ClusterChange],
        flows: [TrackedFlow] = [],
        draining: DrainingPolicy? = DrainingPolicy()
    ) throws -> Reconciler<SimulatedDataplane> {
        var kernel = SimulatedDataplane(mode: mode)
        kernel.flows = flows
        var reconciler = Reconciler(
            device: kernel,
            options: ReconcilerOptions(
                mode: mode,
                filter: FilterPolicy(),
                auditInterval: .zero,
                draining: draining
            )
        )
        try reconciler.start(now: .zero)
        reconciler.take(.changes(changes))
        reconciler.take(.initialSetComplete(isWhole: true))
        _ = reconciler.reconcile(now: .zero)
        return reconciler
    }

    private static func ports(_ reconciler: borrowing Reconciler<SimulatedDataplane>) -> [UInt16] {
        reconciler.device.flows.map(\.source.port).sorted()
    }

    /// Does all that is due until a moment.
    private static func run(
        _ reconciler: inout Reconciler<SimulatedDataplane>,
        until end: Duration
    ) {
        while let next = reconciler.nextDeadline, next <= end {
            _ = reconciler.reconcile(now: next)
        }
    }

    @Test(arguments: DataplaneMode.allCases)
    func flowsThatBeganBeforeAnybodyServedEndAtOnce(_ mode: DataplaneMode) throws {
        let reconciler = try Self.started(
            mode,
            [Self.service(), Self.endpoints([1])],
            flows: [Self.flow(1, by: Self.place), Self.flow(2, by: Self.pod(1))]
        )
        #expect(Self.ports(reconciler) == [2])
    }

    @Test(arguments: DataplaneMode.allCases)
    func flowsToAnEndpointThatLeavesEndWhenAnswersHaveArrived(_ mode: DataplaneMode) throws {
        var reconciler = try Self.started(mode, [Self.service(), Self.endpoints([1, 2])])
        reconciler.device.flows = [
            Self.flow(1, by: Self.pod(1)), Self.flow(2, by: Self.pod(2)),
            Self.flow(3, by: Self.pod(1)),
        ]
        // One that the kernel counts, so that it does not leave before its time.
        reconciler.device.loads[.address(Self.place, .udp)] = [
            Self.pod(1): RealServerLoad(connections: 2)
        ]
        reconciler.take(.changes([Self.endpoints([2, 3])]))
        _ = reconciler.reconcile(now: .seconds(10))
        Self.run(&reconciler, until: .milliseconds(11_999))
        #expect(Self.ports(reconciler) == [1, 2, 3])
        Self.run(&reconciler, until: .seconds(15))
        #expect(Self.ports(reconciler) == [2])
    }

    @Test(arguments: DataplaneMode.allCases)
    func flowsToAServiceThatIsGoneEndToo(_ mode: DataplaneMode) throws {
        var reconciler = try Self.started(mode, [Self.service(), Self.endpoints([1])])
        reconciler.device.flows = [Self.flow(1, by: Self.pod(1))]
        reconciler.take(.changes([.serviceRemoved(Self.name), .endpointSliceRemoved(Self.name)]))
        _ = reconciler.reconcile(now: .seconds(10))
        Self.run(&reconciler, until: .seconds(15))
        #expect(Self.ports(reconciler).isEmpty)
    }

    @Test func clientsInsideAndOutsideMayHaveOthersToTalkTo() throws {
        var external = ExternalAccess()
        external.policy = .local
        external.addresses = [Self.place.address]
        let service = Service(
            name: Self.name,
            reachability: .clusterIPs([.ipv4(0x0a60_000b)]),
            ports: [ServicePort(name: "a", transport: .udp, port: 53)],
            external: external
        )
        func endpoints(_ there: UInt32) -> ClusterChange {
            .endpointSlice(
                EndpointSlice(
                    name: Self.name,
                    service: Self.name,
                    family: .ipv4,
                    ports: [EndpointPort(name: "a", transport: .udp, port: 5353)],
                    endpoints: [
                        Endpoint(address: Self.pod(1).address, nodeName: "here"),
                        Endpoint(address: Self.pod(there).address, nodeName: "there"),
                    ]
                )
            )
        }
        var kernel = SimulatedDataplane()
        kernel.state.foreignAddresses = [.ipv4(0xc000_020a)]
        var reconciler = Reconciler(
            device: kernel,
            options: ReconcilerOptions(
                routing: RoutingPolicy(node: RoutingNode(name: "here")),
                filter: FilterPolicy(),
                auditInterval: .zero
            )
        )
        try reconciler.start(now: .zero)
        reconciler.take(.changes([.service(service), endpoints(2)]))
        reconciler.take(.initialSetComplete(isWhole: true))
        _ = reconciler.reconcile(now: .zero)
        reconciler.device.flows = [
            Self.flow(1, by: Self.pod(1)), Self.flow(2, by: Self.pod(2)),
        ]
        // Only what clients inside get is another.
        reconciler.take(.changes([endpoints(3)]))
        _ = reconciler.reconcile(now: .seconds(10))
        Self.run(&reconciler, until: .seconds(15))
        #expect(Self.ports(reconciler) == [1])
    }

    @Test(arguments: DataplaneMode.allCases)
    func nobodyIsAskedForFlowsWhereNoneCanBeStale(_ mode: DataplaneMode) throws {
        var reconciler = try Self.started(mode, [Self.service(.tcp), Self.endpoints([1], .tcp)])
        reconciler.take(.changes([Self.endpoints([2], .tcp)]))
        _ = reconciler.reconcile(now: .seconds(1))
        Self.run(&reconciler, until: .seconds(10))
        #expect(reconciler.device.flowRules.isEmpty)

        var other = try Self.started(mode, [Self.service(), Self.endpoints([1])])
        Self.run(&other, until: .seconds(10))
        let before = other.device.flowRules.count
        other.take(.changes([Self.endpoints([1, 2])]))
        _ = other.reconcile(now: .seconds(11))
        Self.run(&other, until: .seconds(20))
        #expect(other.device.flowRules.count == before)
    }

    /// Somebody leaves every second, and so the grace never ends.
    @Test func flowsEndAlsoWhereSomebodyAlwaysLeaves() throws {
        var reconciler = try Self.started(.iptables, [Self.service(), Self.endpoints([1])])
        Self.run(&reconciler, until: .seconds(5))
        reconciler.device.flows = [Self.flow(1, by: Self.pod(1))]
        for second in 10..<30 as Range<UInt32> {
            reconciler.take(.changes([Self.endpoints([second])]))
            _ = reconciler.reconcile(now: .seconds(Int64(second)))
            Self.run(&reconciler, until: .seconds(Int64(second)))
        }
        #expect(Self.ports(reconciler).isEmpty)
    }

    @Test func manyChangesCostFewQuestions() throws {
        var reconciler = try Self.started(.iptables, [Self.service(), Self.endpoints([1])])
        let before = reconciler.device.flowRules.count
        for step in 1...1000 {
            reconciler.take(.changes([Self.endpoints([UInt32(1 + step % 2)])]))
            _ = reconciler.reconcile(now: .milliseconds(10 * step))
        }
        Self.run(&reconciler, until: .seconds(20))
        let questions = reconciler.device.flowRules.count - before
        #expect((1...13).contains(questions))
    }

    @Test func whatCouldNotBeEndedIsTriedAgain() throws {
        var reconciler = try Self.started(.iptables, [Self.service(), Self.endpoints([1])])
        reconciler.device.flows = [Self.flow(1, by: Self.pod(1))]
        reconciler.device.flowError = DataplaneError(action: "list flows", code: .noBuffers)
        reconciler.take(.changes([Self.endpoints([2])]))
        _ = reconciler.reconcile(now: .seconds(10))
        let report = reconciler.reconcile(now: .seconds(12))
        #expect(report.flowError?.code == .noBuffers)
        reconciler.device.flowError = nil
        Self.run(&reconciler, until: .seconds(80))
        #expect(Self.ports(reconciler).isEmpty)
    }

    /// The run that noted it ended before it was to be seen to.
    @Test(arguments: DataplaneMode.allCases)
    func flowsToAnEndpointThatLeftBeforeARestartEnd(_ mode: DataplaneMode) throws {
        var first = try Self.started(mode, [Self.service(), Self.endpoints([1, 2])])
        first.device.flows = [Self.flow(1, by: Self.pod(1)), Self.flow(2, by: Self.pod(2))]
        first.take(.changes([Self.endpoints([2])]))
        _ = first.reconcile(now: .seconds(10))
        var second = Reconciler(device: first.device, options: first.options)
        try second.start(now: .zero)
        second.take(.changes([Self.service(), Self.endpoints([2])]))
        second.take(.initialSetComplete(isWhole: true))
        _ = second.reconcile(now: .zero)
        Self.run(&second, until: .seconds(10))
        #expect(Self.ports(second) == [2])
    }
}
