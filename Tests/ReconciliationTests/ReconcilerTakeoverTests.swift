import Addressing
import DataplaneModel
import Planning
import Reconciliation
import Routing
import ServiceModel
import SimulatedDataplane
import TestSupport
import Testing

/// One dataplane takes over from another, of another mode, on the same node.
@Suite struct ReconcilerTakeoverTests {
    private typealias World = FilterWorld

    /// The same kernel, as the dataplane of another mode sees it: virtual servers are where only one
    /// of the two looks.
    private static func kernel(
        _ mode: DataplaneMode,
        beside other: SimulatedDataplane
    ) -> SimulatedDataplane {
        var state = other.state
        state.virtualServers = [:]
        state.claims = state.claims.filter { object, _ in
            if case .address = object { true } else { false }
        }
        return SimulatedDataplane(mode: mode, state: state)
    }

    private static func other(_ mode: DataplaneMode) -> DataplaneMode {
        mode == .ipvs ? .iptables : .ipvs
    }

    private static let changes: [ClusterChange] = [
        World.service(1, healthCheck: 31001), World.service(2, policy: .cluster),
        World.endpoints(1, here: [1], there: [11]), World.endpoints(2, here: [2], there: [12]),
    ]

    /// Whether a filter leads connections to the chains that stand in for virtual servers.
    private static func mode(_ filter: PacketFilter?) -> DataplaneMode? {
        guard let filter else { return nil }
        let balances = filter.chains.contains { $0.rules.contains { $0.action == .balance } }
        return balances ? .iptables : .ipvs
    }

    private static func modes(_ state: IPVSState) -> [DataplaneMode] {
        state.filters.keys.sorted().compactMap { mode(state.filters[$0]) }
    }

    private static func isFilter(_ step: Operation) -> Bool {
        if case .installFilter = step { true } else { false }
    }

    @Test(arguments: DataplaneMode.allCases)
    func everythingIsThereBeforeConnectionsAreLedToIt(_ mode: DataplaneMode) throws {
        let former = Self.other(mode)
        let first = try World.started(
            Self.changes,
            on: World.kernel(mode: former),
            options: World.options(former)
        )
        #expect(Self.modes(first.device.state) == [former])
        let marks = first.device.state.marks
        #expect(!marks.isEmpty)

        var second = Reconciler(
            device: Self.kernel(mode, beside: first.device),
            options: World.options(mode),
            after: first
        )
        #expect(second.isComplete == false)
        try second.start(now: .zero)
        let report = second.reconcile(now: .seconds(1))
        #expect(report.failures.isEmpty && report.isInitialSync)
        #expect(second.isComplete == true)
        #expect(second.entry == former)
        #expect(Self.modes(second.device.state) == [former])
        #expect(!second.device.log.contains(where: Self.isFilter))
        #expect(
            Set(second.device.state.virtualServers.keys)
                == Set(first.device.state.virtualServers.keys)
        )
        #expect(second.device.state.marks == marks)
        #expect(second.device.state.sets == first.device.state.sets)
        #expect(second.device.state.addresses == first.device.state.addresses)
        #expect(second.nodePorts == first.nodePorts)

        second.device.clearLog()
        second.open()
        #expect(second.reconcile(now: .seconds(2)).failures.isEmpty)
        #expect(second.device.log.count == 1 && second.device.log.allSatisfy(Self.isFilter))
        #expect(Self.modes(second.device.state) == [mode])
        second.device.clearLog()
        second.open()
        _ = second.reconcile(now: .seconds(3))
        #expect(second.device.log.isEmpty)
    }

    @Test func theFormerFilterStaysInForceHoweverMuchChangesBeforeItIsOpened() throws {
        let first = try World.started(Self.changes)
        var second = Reconciler(
            device: Self.kernel(.iptables, beside: first.device),
            options: World.options(.iptables, auditInterval: .seconds(30)),
            after: first
        )
        try second.start(now: .zero)
        _ = second.reconcile(now: .seconds(1))
        second.take(.changes([World.service(3), World.endpoints(3, here: [3])]))
        // A family that was not there before, and an audit.
        second.take(
            .changes([
                .service(
                    Service(
                        name: World.name("six"),
                        reachability: .clusterIPs([.ipv6(high: 0xfd00 << 48, low: 1)]),
                        ports: [ServicePort(port: 80)]
                    )
                )
            ])
        )
        #expect(second.reconcile(now: .seconds(2)).failures.isEmpty)
        #expect(Self.modes(second.device.state) == [.ipvs, .ipvs])
        #expect(second.reconcile(now: .seconds(60)).drift == 0)
        #expect(Self.modes(second.device.state) == [.ipvs, .ipvs])
        second.open()
        _ = second.reconcile(now: .seconds(61))
        #expect(Self.modes(second.device.state) == [.iptables, .iptables])
        #expect(second.reconcile(now: .seconds(120)).drift == 0)
    }

    @Test func itIsNotCompleteWhileSomethingOfItFails() throws {
        let first = try World.started(Self.changes)
        var kernel = Self.kernel(.iptables, beside: first.device)
        kernel.refusal = { step in
            if case .addVirtualServer = step { .noBuffers } else { nil }
        }
        var second = Reconciler(
            device: kernel,
            options: World.options(.iptables),
            after: first
        )
        try second.start(now: .zero)
        #expect(!second.reconcile(now: .seconds(1)).failures.isEmpty)
        #expect(second.isComplete == false)
        second.device.refusal = { _ in nil }
        #expect(second.reconcile(now: .seconds(2)).failures.isEmpty)
        #expect(second.isComplete == true)
    }

    /// A third takes over from a second that never was opened.
    @Test func whatConnectionsComeToIsHandedOnToo() throws {
        let first = try World.started(Self.changes)
        var second = Reconciler(
            device: Self.kernel(.iptables, beside: first.device),
            options: World.options(.iptables),
            after: first
        )
        try second.start(now: .zero)
        _ = second.reconcile(now: .seconds(1))
        var kernel = first.device
        kernel.clearLog()
        var third = Reconciler(device: kernel, options: World.options(), after: second)
        try third.start(now: .zero)
        #expect(third.entry == .ipvs)
        _ = third.reconcile(now: .seconds(2))
        #expect(third.device.log == [], "all is as it was left")
    }

    @Test func changesThatNobodyHasLookedAtYetAreNotLost() throws {
        var first = try World.started(Self.changes)
        first.take(.changes([World.service(3), World.endpoints(3, here: [3])]))
        first.take(.changes([.serviceRemoved(World.name("web-2"))]))
        var second = Reconciler(
            device: Self.kernel(.iptables, beside: first.device),
            options: World.options(.iptables),
            after: first
        )
        try second.start(now: .zero)
        _ = second.reconcile(now: .seconds(1))
        let owners = Set(second.device.state.claims.values).subtracting([""])
        #expect(owners == ["default/web-1:http", "default/web-3:http"])
        #expect(second.device.state.addresses[World.balancer(2)] == nil)
    }

    @Test func whatIsWrongWithServicesIsSaidOnceAndTakenBackWhenItIsOver() throws {
        let strange = Service(
            name: World.name("strange"),
            reachability: .clusterIPs([World.nodeAddress]),
            ports: [ServicePort(port: 80)]
        )
        let asking = Service(
            name: World.name("asking"),
            reachability: .clusterIPs([.ipv4(0x0a60_0009)]),
            ports: [ServicePort(port: 80, nodePort: 30009)],
            annotations: ["scheduler": "twos"]
        )
        var first = Reconciler(device: World.kernel(), options: World.options())
        try first.start(now: .zero)
        first.take(.changes([.service(strange), .service(asking)]))
        first.take(.initialSetComplete(isWhole: true))
        let before = first.reconcile(now: .zero).newProblems
        #expect(
            before.map(\.field).sorted() == [
                "metadata.annotations[fairlead.dev/scheduler]", "spec.clusterIPs",
            ]
        )
        var second = Reconciler(
            device: Self.kernel(.iptables, beside: first.device),
            options: World.options(.iptables),
            after: first
        )
        try second.start(now: .zero)
        let report = second.reconcile(now: .seconds(1))
        // That the kernel has no such scheduler is none of its concern; that there is none is.
        #expect(report.newProblems.map(\.object.name.name) == ["asking"])
        #expect(report.newProblems.first?.message.hasPrefix("without IPVS") == true)
        #expect(report.solvedProblems.map(\.object.name.name) == ["asking"])
        #expect(report.solvedProblems.first?.message.contains("the kernel has no") == true)
        second.take(.changes([.serviceRemoved(strange.name), .serviceRemoved(asking.name)]))
        #expect(second.reconcile(now: .seconds(2)).solvedProblems.count == 2)
    }

    @Test func whatCouldNotBeReadAtTheStartIsKeptByBoth() throws {
        let before = try World.started(Self.changes)
        var first = Reconciler(device: before.device, options: World.options())
        try first.start(now: .zero)
        first.take(.initialSetComplete(isWhole: false))
        _ = first.reconcile(now: .zero)
        var second = Reconciler(
            device: Self.kernel(.iptables, beside: first.device),
            options: World.options(.iptables),
            after: first
        )
        try second.start(now: .zero)
        _ = second.reconcile(now: .seconds(1))
        #expect(second.device.state.addresses == before.device.state.addresses)
        second.take(.initialSetComplete(isWhole: true))
        _ = second.reconcile(now: .seconds(2))
        #expect(second.device.state.addresses.isEmpty)
    }

    /// IPVS alone has them; nobody else could say that they are as they should be.
    @Test func timeoutsAreIPVSsAlone() throws {
        var options = World.options(.iptables, auditInterval: .seconds(30))
        options.timeouts = ConnectionTimeouts(tcp: 3600, tcpFin: 60, udp: 30)
        var reconciler = try World.started(
            Self.changes,
            on: World.kernel(mode: .iptables),
            options: options
        )
        #expect(reconciler.reconcile(now: .seconds(30)).drift == 0)
        var kernel = reconciler.device
        kernel.clearLog()
        let again = try World.started(Self.changes, on: kernel, options: options)
        #expect(again.device.log == [])
    }

    @Test func aRestartWithoutIPVSWritesNothing() throws {
        let first = try World.started(
            Self.changes,
            on: World.kernel(mode: .iptables),
            options: World.options(.iptables)
        )
        var kernel = first.device
        kernel.clearLog()
        let second = try World.started(
            Self.changes.reversed(),
            on: kernel,
            options: World.options(.iptables)
        )
        #expect(second.device.log == [])
        #expect(second.device.state == first.device.state)
    }
}

/// The same for any sequence of changes.
@Suite struct ReconcilerTakeoverLawTests {
    private typealias World = GeneratedServices

    private static func options(_ mode: DataplaneMode) -> ReconcilerOptions {
        World.options(FilterPolicy(marks: MarkRange(base: 0x1000, bits: 4)), mode: mode)
    }

    private static func kernel(_ mode: DataplaneMode) -> SimulatedDataplane {
        var kernel = SimulatedDataplane(mode: mode)
        kernel.state.foreignAddresses = Set(World.nodeAddresses)
        return kernel
    }

    private static func marks(_ state: IPVSState) -> [UInt32: String] {
        var owners: [UInt32: String] = [:]
        for (object, owner) in state.claims {
            if case .virtualServer(.firewallMark(let mark, _)) = object { owners[mark] = owner }
        }
        return owners
    }

    /// There and back again: what is left at the end is what a start in that mode would leave.
    @Test(arguments: DataplaneMode.allCases, 0..<60 as Range<UInt64>)
    func afterATakeoverAllIsAsAfterAStart(_ mode: DataplaneMode, seed: UInt64) throws {
        var world = World(numbers: SeededGenerator(seed: 300 + seed))
        let former: DataplaneMode = mode == .ipvs ? .iptables : .ipvs
        var first = Reconciler(device: Self.kernel(former), options: Self.options(former))
        try first.start(now: .zero)
        first.take(.initialSetComplete(isWhole: true))
        var said: [ClusterChange] = []
        for round in 1...10 {
            let changes = (0..<3).map { _ in world.change() }
            said += changes
            first.take(.changes(changes))
            _ = first.reconcile(now: .seconds(round))
        }
        let marks = Self.marks(first.device.state)
        var state = first.device.state
        state.virtualServers = [:]
        state.claims = state.claims.filter { object, _ in
            if case .address = object { true } else { false }
        }
        var second = Reconciler(
            device: SimulatedDataplane(mode: mode, state: state),
            options: Self.options(mode),
            after: first
        )
        try second.start(now: .zero)
        #expect(second.reconcile(now: .seconds(20)).failures.isEmpty)
        #expect(Self.marks(second.device.state) == marks)
        let late = (0..<3).map { _ in world.change() }
        said += late
        second.take(.changes(late))
        #expect(second.reconcile(now: .seconds(21)).failures.isEmpty)
        #expect(second.device.state.filters == first.device.state.filters)
        second.open()
        #expect(second.reconcile(now: .seconds(22)).failures.isEmpty)

        // One that starts on what is there finds nothing to do.
        var kernel = second.device
        kernel.clearLog()
        var again = Reconciler(device: kernel, options: Self.options(mode))
        try again.start(now: .zero)
        again.take(.changes(said))
        again.take(.initialSetComplete(isWhole: true))
        _ = again.reconcile(now: .zero)
        #expect(again.device.log == [])

        // One that starts on nothing comes to the same.
        var fresh = Reconciler(device: Self.kernel(mode), options: Self.options(mode))
        try fresh.start(now: .zero)
        fresh.take(.changes(said))
        fresh.take(.initialSetComplete(isWhole: true))
        _ = fresh.reconcile(now: .zero)
        #expect(fresh.device.state.namedByOwners == second.device.state.namedByOwners)
        #expect(fresh.device.state.filters == second.device.state.filters)
    }
}
