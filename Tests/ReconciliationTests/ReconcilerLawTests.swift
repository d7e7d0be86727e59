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

        /// Connections end anywhere, and begin where there is weight.
        mutating func exchangeConnections(in kernel: inout SimulatedDataplane) {
            for (key, entry) in kernel.state.virtualServers {
                var loads: [SocketEndpoint: RealServerLoad] = [:]
                for server in entry.realServers {
                    let isBusy = kernel.loads[key]?[server.address]?.isIdle == false
                    let isNext = (isBusy || server.weight > 0) && numbers.chance(50)
                    loads[server.address] = RealServerLoad(connections: isNext ? 1 : 0)
                }
                kernel.loads[key] = loads
            }
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

    /// How real servers leave: at once, or when they have no connections, or soon.
    private static let draining: [DrainingPolicy?] = [
        nil, DrainingPolicy(), DrainingPolicy(timeout: .seconds(4), unresponsiveTimeout: nil),
    ]

    private static func started(
        _ kernel: SimulatedDataplane,
        _ draining: DrainingPolicy? = nil
    ) throws -> Reconciler<SimulatedDataplane> {
        var options = options
        options.draining = draining
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
        var reconciler = try Self.started(kernel, Self.draining[Int(seed % 3)])
        reconciler.device.refusal = { refusals.answer($0) }
        var plain = try Self.started(SimulatedDataplane())
        var world = World(numbers: SeededGenerator(seed: seed &* 31))
        var now = Duration.seconds(1)
        for round in 0..<40 {
            let changes = (0...Int.random(in: 0..<3, using: &world.numbers)).map { _ in
                world.change()
            }
            let before = reconciler.device.state.virtualServers
            world.exchangeConnections(in: &reconciler.device)
            reconciler.take(.changes(changes))
            plain.take(.changes(changes))
            _ = reconciler.reconcile(now: now)
            _ = plain.reconcile(now: now)
            for (key, wanted) in reconciler.desired.state.virtualServers
            where Self.usable(wanted) && Self.usable(before[key]) {
                #expect(Self.usable(reconciler.device.state.virtualServers[key]), "\(key)")
            }
            // Whoever has connections keeps them, until its time is over.
            let loads = reconciler.device.loads
            for (key, entry) in before where seed % 3 == 1 {
                let scheduler = reconciler.device.state.virtualServers[key]?.server.scheduler
                for server in entry.realServers where scheduler != .sourceHashing {
                    guard loads[key]?[server.address]?.isIdle == false else { continue }
                    let present = reconciler.device.state.virtualServers[key]?.realServers ?? []
                    #expect(
                        present.contains { $0.address == server.address },
                        "\(server.address) of \(key), round \(round)"
                    )
                }
            }
            now += .seconds(Int.random(in: 0..<3, using: &world.numbers))
        }
        refusals.stop()
        reconciler.device.loads = [:]
        var rounds = 0
        while let next = reconciler.nextDeadline, rounds < 400 {
            now = max(now, next)
            _ = reconciler.reconcile(now: now)
            rounds += 1
        }
        let failing = reconciler.counts.failing
        #expect(failing == 0)
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
