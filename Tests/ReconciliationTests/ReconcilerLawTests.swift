import Addressing
import DataplaneModel
import Planning
import Reconciliation
import ServiceModel
import SimulatedDataplane
import Synchronization
import TestSupport
import Testing

/// What holds for any sequence of changes on a kernel that refuses at random.
@Suite struct ReconcilerLawTests {
    /// Refuses some operations, until it is told to stop.
    private final class Refusals: Sendable {
        private let numbers: Mutex<SeededGenerator>
        private let isOver = Atomic(false)
        private let percent: Int

        init(seed: UInt64, percent: Int) {
            numbers = Mutex(SeededGenerator(seed: seed))
            self.percent = percent
        }

        func stop() { isOver.store(true, ordering: .relaxed) }

        func answer(_ operation: Operation) -> ErrorNumber? {
            if isOver.load(ordering: .relaxed) { return nil }
            return numbers.withLock { $0.chance(percent) } ? .noBuffers : nil
        }
    }

    /// Changes in a world of a few Services that share two addresses and six pods.
    private struct World {
        var numbers: SeededGenerator

        private func name(_ number: Int) -> ObjectName {
            ObjectName(namespace: "default", name: "service-\(number)")
        }

        mutating func change() -> ClusterChange {
            let number = Int.random(in: 1...5, using: &numbers)
            let name = name(number)
            if numbers.chance(15) { return .serviceRemoved(name) }
            if numbers.chance(50) {
                let address = IPAddress.ipv4(0x0a60_0000 + UInt32(number / 3))
                return .service(
                    Service(
                        name: name,
                        reachability: .clusterIPs(
                            numbers.chance(80)
                                ? [address]
                                : [address, .ipv6(high: 0xfd00 << 48, low: UInt64(number))]
                        ),
                        ports: [ServicePort(name: "a", port: UInt16(80 + number))],
                        sessionAffinity: numbers.chance(20) ? .clientIP(timeout: 60) : .none,
                        annotations: numbers.chance(30)
                            ? ["scheduler": numbers.pick(["mh", "sh", "twos"])] : [:]
                    )
                )
            }
            var endpoints: [Endpoint] = []
            for pod in 1...6 where numbers.chance(50) {
                endpoints.append(Endpoint(address: .ipv4(0x0af4_0000 + UInt32(pod))))
            }
            return .endpointSlice(
                EndpointSlice(
                    name: name,
                    service: name,
                    family: .ipv4,
                    ports: [EndpointPort(name: "a", port: 8080)],
                    endpoints: endpoints
                )
            )
        }
    }

    private static let options = ReconcilerOptions(auditInterval: .zero)

    private static func started(
        _ kernel: SimulatedDataplane
    ) throws -> Reconciler<SimulatedDataplane> {
        var reconciler = Reconciler(device: kernel, options: options)
        try reconciler.start(now: .zero)
        reconciler.take(.initialSetComplete(isWhole: true))
        _ = reconciler.reconcile(now: .zero)
        return reconciler
    }

    private static func usable(_ entry: IPVSState.Entry?) -> Bool {
        entry?.realServers.contains { $0.weight > 0 } ?? false
    }

    @Test(arguments: 0..<150 as Range<UInt64>)
    func whateverIsRefusedTheGoalIsReachedAndNothingUsableIsLostOnTheWay(seed: UInt64) throws {
        let refusals = Refusals(seed: seed, percent: 25)
        var kernel = SimulatedDataplane()
        let foreign = VirtualServerKey.address(SocketEndpoint(.ipv4(0xc000_0201), 80), .tcp)
        kernel.state.virtualServers[foreign] = IPVSState.Entry(
            server: VirtualServer(key: foreign, scheduler: .leastConnection),
            realServers: []
        )
        var reconciler = try Self.started(kernel)
        reconciler.device.refusal = { refusals.answer($0) }
        var plain = try Self.started(SimulatedDataplane())
        var world = World(numbers: SeededGenerator(seed: seed &* 31))
        var now = Duration.seconds(1)
        for _ in 0..<40 {
            let changes = (0...Int.random(in: 0..<3, using: &world.numbers)).map { _ in
                world.change()
            }
            let before = reconciler.device.state.virtualServers
            reconciler.take(.changes(changes))
            plain.take(.changes(changes))
            _ = reconciler.reconcile(now: now)
            _ = plain.reconcile(now: now)
            for (key, wanted) in reconciler.desired.state.virtualServers
            where Self.usable(wanted) && Self.usable(before[key]) {
                #expect(Self.usable(reconciler.device.state.virtualServers[key]), "\(key)")
            }
            now += .seconds(Int.random(in: 0..<3, using: &world.numbers))
        }
        refusals.stop()
        var rounds = 0
        while let next = reconciler.nextDeadline, rounds < 20 {
            now = max(now, next)
            _ = reconciler.reconcile(now: now)
            rounds += 1
        }
        #expect(reconciler.counts.failing == 0)
        var expected = plain.device.state
        expected.virtualServers[foreign] = kernel.state.virtualServers[foreign]
        #expect(reconciler.device.state.virtualServers == expected.virtualServers)
        #expect(reconciler.device.state.addresses == expected.addresses)
        #expect(reconciler.device.state.claims == expected.claims)
        #expect(reconciler.device.state.parameters == expected.parameters)
        #expect(reconciler.applied.virtualServers == reconciler.device.state.virtualServers)
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func whatWasUnreadableAtTheStartIsNotTakenFromTheKernel(seed: UInt64) throws {
        var world = World(numbers: SeededGenerator(seed: seed))
        var first = try Self.started(SimulatedDataplane())
        first.take(.changes((0..<30).map { _ in world.change() }))
        _ = first.reconcile(now: .seconds(1))
        var second = Reconciler(device: first.device, options: Self.options)
        try second.start(now: .zero)
        second.take(.initialSetComplete(isWhole: false))
        _ = second.reconcile(now: .seconds(1))
        #expect(second.device.state == first.device.state)
        second.take(.initialSetComplete(isWhole: true))
        _ = second.reconcile(now: .seconds(2))
        #expect(second.device.state.virtualServers.isEmpty)
        #expect(second.device.state.addresses.isEmpty)
        #expect(second.device.state.claims.isEmpty)
    }
}
