import Addressing
import DataplaneModel
import Planning
import Reconciliation
import Routing
import ServiceModel
import SimulatedDataplane
import Synchronization
import TestSupport
import Testing

/// What holds for any sequence of changes with the packet filter, on a kernel that refuses at random.
@Suite struct ReconcilerFilterLawTests {
    private typealias World = GeneratedServices

    private static func options(_ mode: DataplaneMode) -> ReconcilerOptions {
        GeneratedServices.options(
            FilterPolicy(marks: MarkRange(base: 0x1000, bits: 4)),
            mode: mode
        )
    }

    private static func started(
        _ kernel: SimulatedDataplane
    ) throws -> Reconciler<SimulatedDataplane> {
        var reconciler = Reconciler(device: kernel, options: options(kernel.mode))
        try reconciler.start(now: .zero)
        reconciler.take(.initialSetComplete(isWhole: true))
        _ = reconciler.reconcile(now: .zero)
        return reconciler
    }

    @Test(arguments: DataplaneMode.allCases, 0..<100 as Range<UInt64>)
    func whateverIsRefusedTheGoalIsReached(_ mode: DataplaneMode, seed: UInt64) throws {
        var world = World(numbers: SeededGenerator(seed: seed))
        var kernel = SimulatedDataplane(mode: mode)
        kernel.state.foreignAddresses = Set(World.nodeAddresses)
        var reconciler = try Self.started(kernel)
        let answers = Answers(refusals: SeededGenerator(seed: seed &* 31))
        reconciler.device.refusal = { _ in answers.next() }
        var said: [ClusterChange] = []
        var now = Duration.seconds(1)
        for _ in 0..<40 {
            let changes = (0...Int.random(in: 0..<3, using: &world.numbers)).map { _ in
                world.change()
            }
            said += changes
            reconciler.take(.changes(changes))
            if let addresses = world.addresses() {
                reconciler.device.state.foreignAddresses = addresses
                reconciler.readNodeAddresses()
            }
            _ = reconciler.reconcile(now: now)
            now += .seconds(Int.random(in: 0..<3, using: &world.numbers))
        }
        answers.stop()
        var rounds = 0
        while let next = reconciler.nextDeadline, rounds < 20 {
            now = max(now, next)
            _ = reconciler.reconcile(now: now)
            rounds += 1
        }
        #expect(reconciler.counts.failing == 0)
        let reached = try reconciler.device.observe()
        let wanted = reconciler.desired.state
        #expect(reached == reconciler.applied)
        #expect(reached.virtualServers == wanted.virtualServers)
        #expect(reached.addresses == wanted.addresses)
        #expect(reached.claims == wanted.claims)
        #expect(reached.filters == wanted.filters)
        #expect(reached.sets == wanted.sets)

        // One that hears all of it at once wants the same.
        var fresh = SimulatedDataplane(mode: mode)
        fresh.state.foreignAddresses = reached.foreignAddresses
        var other = try Self.started(fresh)
        other.take(.changes(said))
        _ = other.reconcile(now: .seconds(1))
        #expect(other.device.state.namedByOwners == reached.namedByOwners)
    }

    /// The marks are those that the record has.
    @Test(arguments: DataplaneMode.allCases, 0..<60 as Range<UInt64>)
    func aRestartWritesNothingWhateverHappenedBefore(
        _ mode: DataplaneMode,
        seed: UInt64
    ) throws {
        var world = World(numbers: SeededGenerator(seed: 700 + seed))
        var kernel = SimulatedDataplane(mode: mode)
        kernel.state.foreignAddresses = Set(World.nodeAddresses)
        var first = try Self.started(kernel)
        var said: [ClusterChange] = []
        for round in 1...20 {
            let changes = (0..<3).map { _ in world.change() }
            said += changes
            first.take(.changes(changes))
            let report = first.reconcile(now: .seconds(round))
            #expect(report.failures.isEmpty)
        }
        var again = first.device
        again.clearLog()
        var second = Reconciler(device: again, options: Self.options(mode))
        try second.start(now: .zero)
        second.take(.changes(said))
        second.take(.initialSetComplete(isWhole: true))
        _ = second.reconcile(now: .zero)
        #expect(second.device.log == [])
    }
}

/// Refuses some operations, until it is told to stop.
private final class Answers: Sendable {
    private let refusals: Mutex<SeededGenerator>
    private let isOver = Atomic(false)

    init(refusals: SeededGenerator) { self.refusals = Mutex(refusals) }

    func stop() { isOver.store(true, ordering: .relaxed) }

    func next() -> ErrorNumber? {
        if isOver.load(ordering: .relaxed) { return nil }
        return refusals.withLock { $0.chance(20) } ? .noBuffers : nil
    }
}
