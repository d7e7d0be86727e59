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

/// What holds of connections for any sequence of changes and restarts, with marks and node ports.
@Suite struct DrainingLawTests {
    private typealias World = GeneratedServices

    private static let hour = Duration.seconds(3600)

    private static func options(audits: Bool) -> ReconcilerOptions {
        var options = GeneratedServices.options(
            FilterPolicy(marks: MarkRange(base: 0x1000, bits: 6))
        )
        options.draining = DrainingPolicy(timeout: hour, unresponsiveTimeout: nil)
        options.auditInterval = audits ? .seconds(7) : .zero
        return options
    }

    private static func started(
        _ kernel: SimulatedDataplane,
        _ said: [ClusterChange],
        _ terms: Departures.Terms,
        audits: Bool,
        now: Duration,
        atFirst: Int? = nil
    ) throws -> Reconciler<SimulatedDataplane> {
        var reconciler = Reconciler(device: kernel, options: options(audits: audits))
        reconciler.restore(terms)
        try reconciler.start(now: now)
        if let atFirst {
            reconciler.take(.changes(Array(said.prefix(atFirst))))
            reconciler.take(.initialSetComplete(isWhole: false))
            _ = reconciler.reconcile(now: now)
        }
        reconciler.take(.changes(said))
        reconciler.take(.initialSetComplete(isWhole: true))
        _ = reconciler.reconcile(now: now)
        return reconciler
    }

    /// Connections end anywhere, and begin where there is weight.
    private static func exchange(
        _ numbers: inout SeededGenerator,
        in kernel: inout SimulatedDataplane
    ) {
        for (key, entry) in kernel.state.virtualServers.sorted(by: { $0.key < $1.key }) {
            var loads: [SocketEndpoint: RealServerLoad] = [:]
            for server in entry.realServers {
                let isBusy = kernel.loads[key]?[server.address]?.isIdle == false
                let isNext = (isBusy || server.weight > 0) && numbers.chance(60)
                loads[server.address] = RealServerLoad(connections: isNext ? 1 : 0)
            }
            kernel.loads[key] = loads
        }
    }

    @Test(arguments: 0..<150 as Range<UInt64>)
    func connectionsAreKeptAndNothingElseStays(seed: UInt64) throws {
        let (refuses, restarts, audits) = (seed % 3 == 1, seed % 2 == 1, seed % 5 < 2)
        var world = World(numbers: SeededGenerator(seed: 3000 + seed))
        var kernel = SimulatedDataplane()
        kernel.state.foreignAddresses = Set(World.nodeAddresses)
        var now = Duration.zero
        var reconciler = try Self.started(kernel, [], [:], audits: audits, now: now)
        let chance = Mutex(SeededGenerator(seed: seed &* 31))
        let isOver = Atomic(!refuses)
        let refusal: @Sendable (Operation) -> ErrorNumber? = { _ in
            guard !isOver.load(ordering: .relaxed) else { return nil }
            return chance.withLock { $0.chance(8) } ? .busy : nil
        }
        reconciler.device.refusal = refusal
        var said: [ClusterChange] = []
        for round in 0..<60 {
            let changes = (0...Int.random(in: 0..<3, using: &world.numbers)).map { _ in
                world.change()
            }
            said += changes
            Self.exchange(&world.numbers, in: &reconciler.device)
            let before = reconciler.device.state
            if restarts, world.numbers.chance(10) {
                reconciler = try Self.started(
                    reconciler.device,
                    said,
                    reconciler.departures.terms,
                    audits: audits,
                    now: now,
                    atFirst: world.numbers.chance(50) ? said.count / 2 : nil
                )
            } else {
                reconciler.take(.changes(changes))
                if let addresses = world.addresses() {
                    reconciler.device.state.foreignAddresses = addresses
                    reconciler.readNodeAddresses()
                }
                _ = reconciler.reconcile(now: now)
            }
            let after = reconciler.device.state
            for (key, entry) in before.virtualServers {
                for server in entry.realServers
                where reconciler.device.loads[key]?[server.address]?.isIdle == false {
                    let isThere = after.virtualServers[key]?.position(of: server.address).isPresent
                    #expect(isThere == true, "\(key) \(server.address) round \(round)")
                }
            }
            if !refuses {
                for (key, entry) in after.virtualServers where !entry.realServers.isEmpty {
                    guard case .address(let endpoint, _) = key,
                        !World.nodeAddresses.contains(endpoint.address)
                    else { continue }
                    #expect(after.addresses[endpoint.address] != nil, "\(key) round \(round)")
                }
                #expect(after == reconciler.applied)
            }
            if let next = reconciler.nextDeadline, next <= now {
                _ = reconciler.reconcile(now: now)
            }
            let next = reconciler.nextDeadline
            #expect(next.map { $0 > now } ?? true, "round \(round)")
            now += .milliseconds(Int.random(in: 0..<3000, using: &world.numbers))
        }
        isOver.store(true, ordering: .relaxed)
        reconciler.device.loads = [:]
        let end = now + .seconds(600)
        while let next = reconciler.nextDeadline, next < end {
            now = max(now, next)
            _ = reconciler.reconcile(now: now)
        }
        let failing = reconciler.counts.failing
        #expect(failing == 0)
        #expect(reconciler.departures.isEmpty)
        let reached = reconciler.device.state
        let wanted = reconciler.desired.state
        #expect(reached == reconciler.applied)
        #expect(reached.virtualServers == wanted.virtualServers)
        #expect(reached.addresses == wanted.addresses)
        #expect(reached.claims == wanted.claims)
        #expect(
            reached.sets.filter { !$0.value.isEmpty } == wanted.sets.filter { !$0.value.isEmpty }
        )
        var fresh = SimulatedDataplane()
        fresh.state.foreignAddresses = reached.foreignAddresses
        let other = try Self.started(fresh, said, [:], audits: audits, now: .zero)
        #expect(other.device.state.namedByOwners == reached.namedByOwners)
    }
}
