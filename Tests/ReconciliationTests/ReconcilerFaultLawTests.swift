import Addressing
import DataplaneModel
import FaultInjection
import Planning
import Reconciliation
import Routing
import ServiceModel
import SimulatedDataplane
import TestSupport
import Testing

/// What holds on a kernel that refuses, forgets to answer, stops in the middle and cannot be read.
@Suite struct ReconcilerFaultLawTests {
    private typealias Faulty = FaultyDataplane<SimulatedDataplane>

    private static let nodeAddresses = [IPAddress.ipv4(0xc000_020a), .ipv4(0xc000_024d)]

    private static func options(_ mode: DataplaneMode) -> ReconcilerOptions {
        ReconcilerOptions(
            routing: RoutingPolicy(node: RoutingNode(name: GeneratedCluster.nodeName)),
            mode: mode,
            filter: FilterPolicy(marks: MarkRange(base: 0x1000, bits: 4)),
            auditInterval: .zero,
            draining: DrainingPolicy()
        )
    }

    private static func kernel(_ mode: DataplaneMode) -> SimulatedDataplane {
        var kernel = SimulatedDataplane(mode: mode)
        kernel.state.foreignAddresses = Set(nodeAddresses)
        if mode == .ipvs { kernel.state.virtualServers[foreign.server.key] = foreign }
        return kernel
    }

    private static let foreign = IPVSState.Entry(
        server: VirtualServer(
            key: .address(SocketEndpoint(.ipv4(0xc000_0201), 80), .tcp),
            scheduler: .leastConnection
        ),
        realServers: [RealServer(address: SocketEndpoint(.ipv4(0xc000_0202), 80))]
    )

    private static func cluster(_ seed: UInt64) -> GeneratedCluster {
        GeneratedCluster(
            seed: seed,
            schedulers: ["mh", "sh", "wlc", "twos"],
            nodeAddresses: nodeAddresses
        )
    }

    /// Starts as often as it takes, as a daemon does that is restarted until it can read.
    private static func started(
        on kernel: SimulatedDataplane,
        _ schedule: FaultSchedule,
        knowing changes: [ClusterChange],
        now: Duration
    ) throws -> Reconciler<Faulty> {
        var schedule = schedule
        for _ in 0..<50 {
            var reconciler = Reconciler(
                device: FaultyDataplane(kernel, schedule),
                options: options(kernel.mode)
            )
            do {
                try reconciler.start(now: now)
            } catch {
                schedule = reconciler.device.schedule
                continue
            }
            reconciler.take(.changes(changes))
            reconciler.take(.initialSetComplete(isWhole: true))
            return reconciler
        }
        throw DataplaneError(action: "start", code: .timedOut)
    }

    private static func usable(_ entry: IPVSState.Entry?) -> Bool {
        entry?.realServers.contains { $0.weight > 0 } ?? false
    }

    @Test(arguments: DataplaneMode.allCases, 0..<50 as Range<UInt64>)
    func whateverIsInjectedTheGoalIsReachedAndNothingUsableIsLostOnTheWay(
        _ mode: DataplaneMode,
        seed: UInt64
    ) throws {
        var cluster = Self.cluster(seed)
        var numbers = SeededGenerator(seed: seed &* 31 &+ 7)
        var now = Duration.seconds(1)
        var reconciler = try Self.started(
            on: Self.kernel(mode),
            FaultSchedule(seed: seed &* 17),
            knowing: [],
            now: now
        )
        for round in 0..<40 {
            for _ in 0...Int.random(in: 0..<4, using: &numbers) { cluster.change() }
            if numbers.chance(5) {
                // Killed, and started again.
                reconciler = try Self.started(
                    on: reconciler.device.base,
                    reconciler.device.schedule,
                    knowing: cluster.everything(),
                    now: now
                )
            } else {
                reconciler.take(.changes(cluster.news()))
            }
            let before = reconciler.device.base.state.virtualServers
            _ = reconciler.reconcile(now: now)
            let after = reconciler.device.base.state.virtualServers
            for (key, wanted) in reconciler.desired.state.virtualServers
            where Self.usable(wanted) && Self.usable(before[key]) {
                #expect(Self.usable(after[key]), "\(key) in round \(round) of seed \(seed)")
            }
            now += .seconds(Int.random(in: 0..<4, using: &numbers)) + reconciler.device.delay
            reconciler.device.delay = .zero
        }
        reconciler.device.schedule.isActive = false
        var rounds = 0
        while let next = reconciler.nextDeadline, rounds < 400 {
            now = max(now, next)
            _ = reconciler.reconcile(now: now)
            rounds += 1
        }
        #expect(reconciler.device.counts.total > 50)
        #expect(reconciler.counts.failing == 0)
        let reached = try reconciler.device.observe()
        #expect(reached.differences(from: reconciler.applied) == [])
        if mode == .ipvs {
            #expect(reached.virtualServers[Self.foreign.server.key] == Self.foreign)
        }
        #expect(reached.foreignAddresses == Set(Self.nodeAddresses))
        // Parameters and time-outs that nobody wants are as they were.
        var sought = reconciler.desired.state
        sought.virtualServers[Self.foreign.server.key] =
            reached.virtualServers[Self.foreign.server.key]
        sought.foreignAddresses = reached.foreignAddresses
        sought.parameters = reached.parameters
        sought.timeouts = reached.timeouts
        #expect(reached.differences(from: sought) == [])

        // One that never knew anything else comes to the same, on a kernel that never failed.
        var plain = try Self.started(
            on: Self.kernel(mode),
            FaultSchedule(seed: 0).switchedOff,
            knowing: cluster.everything(),
            now: now
        )
        _ = plain.reconcile(now: now)
        let (found, expected) = (reached.comparable(), try plain.device.observe().comparable())
        #expect(found.subtracting(expected).sorted() == [])
        #expect(expected.subtracting(found).sorted() == [])
    }
}
