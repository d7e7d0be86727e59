import Addressing
import DataplaneModel
import Planning
import Reconciliation
import Routing
import ServiceModel
import SimulatedDataplane
import Testing

/// What was done although it was called failed, and cannot always be looked up.
@Suite struct UncertainOutcomeTests {
    /// A kernel whose answers are lost at times, and which cannot be read at times.
    private struct SilentKernel: Dataplane {
        var kernel = SimulatedDataplane()
        /// Done, and answered with an error.
        var loses: @Sendable (Operation) -> Bool = { _ in false }
        var isReadable = true

        private func reading() throws(DataplaneError) {
            if !isReadable { throw DataplaneError(action: "read", code: .noBuffers) }
        }

        mutating func observe() throws(DataplaneError) -> IPVSState {
            try reading()
            return try kernel.observe()
        }

        mutating func observe(expecting known: IPVSState) throws(DataplaneError) -> IPVSState {
            try observe()
        }

        mutating func loads(
            of key: VirtualServerKey
        ) throws(DataplaneError) -> [SocketEndpoint: RealServerLoad] {
            try kernel.loads(of: key)
        }

        mutating func endFlows(matching rules: [FlowRule]) throws(DataplaneError) -> Int {
            try kernel.endFlows(matching: rules)
        }

        mutating func observe(_ key: VirtualServerKey) throws(DataplaneError) -> IPVSState.Entry? {
            try reading()
            return try kernel.observe(key)
        }

        mutating func observeAddresses() throws(DataplaneError) -> ObservedAddresses {
            try reading()
            return try kernel.observeAddresses()
        }

        mutating func observe(_ set: AddressSet) throws(DataplaneError) -> [SetMember: UInt32]? {
            try reading()
            return try kernel.observe(set)
        }

        mutating func probe(_ scheduler: Scheduler) -> ProbeAnswer { kernel.probe(scheduler) }

        mutating func apply(_ plan: Plan) -> [OperationFailure] {
            let operations = plan.operations
            var failures = kernel.apply(plan)
            for (index, operation) in operations.enumerated() where loses(operation) {
                let error = DataplaneError(operation, code: .noBuffers)
                failures.append(OperationFailure(index: index, error: error))
            }
            return failures
        }
    }

    private static let name = ObjectName(namespace: "default", name: "web")
    private static let place = SocketEndpoint(.ipv4(0x0a60_0001), 80)
    private static let key = VirtualServerKey.address(place, .tcp)

    private static let service = ClusterChange.service(
        Service(
            name: name,
            reachability: .clusterIPs([place.address]),
            ports: [ServicePort(port: place.port)]
        )
    )

    private static func pods(_ numbers: UInt32...) -> ClusterChange {
        .endpointSlice(
            EndpointSlice(
                name: name,
                service: name,
                family: .ipv4,
                ports: [EndpointPort(port: 8080)],
                endpoints: numbers.map { Endpoint(address: .ipv4(0x0af4_0000 + $0)) }
            )
        )
    }

    private static func started(
        _ changes: [ClusterChange],
        options: ReconcilerOptions = ReconcilerOptions(auditInterval: .zero)
    ) throws -> Reconciler<SilentKernel> {
        var reconciler = Reconciler(device: SilentKernel(), options: options)
        try reconciler.start(now: .zero)
        reconciler.take(.changes(changes))
        reconciler.take(.initialSetComplete(isWhole: true))
        _ = reconciler.reconcile(now: .zero)
        return reconciler
    }

    @Test func whatWasReleasedWithoutAnAnswerIsClaimedAgainBeforeItIsMadeAgain() throws {
        var reconciler = try Self.started([Self.service, Self.pods(1)])
        reconciler.device.loses = { if case .release = $0 { true } else { false } }
        reconciler.take(.changes([.serviceRemoved(Self.name)]))
        #expect(!reconciler.reconcile(now: .seconds(10)).failures.isEmpty)
        #expect(reconciler.device.kernel.state.claims.isEmpty)
        reconciler.device.loses = { _ in false }
        reconciler.take(.changes([Self.service]))
        _ = reconciler.reconcile(now: .seconds(20))
        #expect(reconciler.device.kernel.state.claims == reconciler.desired.state.claims)
        #expect(reconciler.device.kernel.state.claims.count == 2)
    }

    @Test func whatWasClaimedWithoutAnAnswerIsReleasedWhenNobodyWantsIt() throws {
        var reconciler = try Self.started([Self.pods(1)])
        reconciler.device.loses = { if case .claim = $0 { true } else { false } }
        reconciler.take(.changes([Self.service]))
        _ = reconciler.reconcile(now: .seconds(10))
        #expect(!reconciler.device.kernel.state.claims.isEmpty)
        reconciler.device.loses = { _ in false }
        reconciler.take(.changes([.serviceRemoved(Self.name)]))
        _ = reconciler.reconcile(now: .seconds(20))
        #expect(reconciler.device.kernel.state.claims.isEmpty)
    }

    @Test func whatWasMadeWithoutAnAnswerIsNotLeftBehindWhereItCannotBeRead() throws {
        var reconciler = try Self.started([Self.pods(1)])
        reconciler.device.loses = {
            if case .addVirtualServer = $0 { true } else { false }
        }
        reconciler.take(.changes([Self.service]))
        _ = reconciler.reconcile(now: .seconds(10))
        #expect(reconciler.device.kernel.state.virtualServers[Self.key] != nil)
        reconciler.device.loses = { _ in false }
        reconciler.device.isReadable = false
        reconciler.take(.changes([.serviceRemoved(Self.name)]))
        _ = reconciler.reconcile(now: .seconds(20))
        #expect(reconciler.counts.failing > 0)
        reconciler.device.isReadable = true
        _ = reconciler.reconcile(now: .seconds(100))
        #expect(reconciler.device.kernel.state.virtualServers.isEmpty)
        #expect(reconciler.device.kernel.state.claims.isEmpty)
        #expect(reconciler.counts.failing == 0)
    }

    @Test func theLastRealServerStaysWhereItCannotBeReadWhetherThereIsAnother() throws {
        var reconciler = try Self.started([Self.service, Self.pods(1, 2)])
        reconciler.device.loses = {
            if case .deleteRealServer = $0 { true } else { false }
        }
        reconciler.take(.changes([Self.pods(2)]))
        _ = reconciler.reconcile(now: .seconds(10))
        func pods(_ state: IPVSState) -> [SocketEndpoint] {
            state.virtualServers[Self.key]?.realServers.map(\.address) ?? []
        }
        let (first, second) = (
            SocketEndpoint(.ipv4(0x0af4_0001), 8080), SocketEndpoint(.ipv4(0x0af4_0002), 8080)
        )
        #expect(pods(reconciler.device.kernel.state) == [second])
        reconciler.device.loses = { _ in false }
        reconciler.device.isReadable = false
        reconciler.take(.changes([Self.pods(1)]))
        _ = reconciler.reconcile(now: .seconds(20))
        #expect(pods(reconciler.device.kernel.state) == [second])
        reconciler.device.isReadable = true
        _ = reconciler.reconcile(now: .seconds(100))
        #expect(pods(reconciler.device.kernel.state) == [first])
    }

    @Test func rulesThatWereInstalledWithoutAnAnswerAreInstalledAgain() throws {
        func node(_ network: UInt32) -> ClusterChange {
            .node(
                Node(name: "here", podCIDRs: [IPPrefix(holding: .ipv4(network), length: 16)])
            )
        }
        var reconciler = try Self.started(
            [node(0x0af4_0000)],
            options: ReconcilerOptions(
                routing: RoutingPolicy(node: RoutingNode(name: "here")),
                filter: FilterPolicy(),
                detectsPodsByNode: true,
                auditInterval: .zero
            )
        )
        let before = reconciler.device.kernel.state.filters
        reconciler.device.loses = { if case .installFilter = $0 { true } else { false } }
        reconciler.take(.changes([node(0x0af5_0000)]))
        _ = reconciler.reconcile(now: .seconds(10))
        #expect(reconciler.device.kernel.state.filters != before)
        reconciler.device.loses = { _ in false }
        reconciler.take(.changes([node(0x0af4_0000)]))
        _ = reconciler.reconcile(now: .seconds(20))
        #expect(reconciler.device.kernel.state.filters == before)
    }
}
