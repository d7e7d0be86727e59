import Addressing
import DataplaneModel
import Planning
import Reconciliation
import Routing
import ServiceModel
import SimulatedDataplane
import Testing

/// Real servers that leave keep their connections.
@Suite struct DrainingTests {
    private static let hour = Duration.seconds(3600)
    private static let name = ObjectName(namespace: "default", name: "web")
    private static let address = IPAddress.ipv4(0x0a60_0001)

    private static func key(_ transport: TransportProtocol = .tcp) -> VirtualServerKey {
        .address(SocketEndpoint(address, 80), transport)
    }

    private static func pod(_ number: UInt32) -> SocketEndpoint {
        SocketEndpoint(.ipv4(0x0af4_0000 + number), 8080)
    }

    private static func service(
        _ transport: TransportProtocol = .tcp,
        annotations: [String: String] = [:]
    ) -> ClusterChange {
        .service(
            Service(
                name: name,
                reachability: .clusterIPs([address]),
                ports: [ServicePort(name: "a", transport: transport, port: 80)],
                annotations: annotations
            )
        )
    }

    private static func endpoints(
        _ pods: [UInt32],
        _ transport: TransportProtocol = .tcp
    ) -> ClusterChange {
        .endpointSlice(
            EndpointSlice(
                name: name,
                service: name,
                family: .ipv4,
                ports: [EndpointPort(name: "a", transport: transport, port: 8080)],
                endpoints: pods.map { Endpoint(address: pod($0).address) }
            )
        )
    }

    private static func started(
        _ changes: [ClusterChange],
        on kernel: SimulatedDataplane = SimulatedDataplane(),
        policy: DrainingPolicy? = DrainingPolicy(timeout: hour),
        terms: Departures.Terms = [:]
    ) throws -> Reconciler<SimulatedDataplane> {
        var reconciler = Reconciler(
            device: kernel,
            options: ReconcilerOptions(
                filter: FilterPolicy(),
                auditInterval: .zero,
                draining: policy
            )
        )
        reconciler.restore(terms)
        try reconciler.start(now: .zero)
        reconciler.take(.changes(changes))
        reconciler.take(.initialSetComplete(isWhole: true))
        _ = reconciler.reconcile(now: .zero)
        return reconciler
    }

    /// The weights of real servers, by the last number of their address.
    private static func weights(
        _ reconciler: borrowing Reconciler<SimulatedDataplane>,
        _ transport: TransportProtocol = .tcp
    ) -> [UInt64: Int32]? {
        reconciler.device.state.virtualServers[key(transport)].map { entry in
            Dictionary(
                uniqueKeysWithValues: entry.realServers.map {
                    ($0.address.address.low & 0xff, $0.weight)
                }
            )
        }
    }

    private static func carry(
        _ connections: UInt64,
        on number: UInt32,
        in reconciler: inout Reconciler<SimulatedDataplane>,
        _ transport: TransportProtocol = .tcp,
        inPackets: UInt64 = 0,
        outPackets: UInt64 = 0
    ) {
        reconciler.device.loads[key(transport), default: [:]][pod(number)] = RealServerLoad(
            connections: connections,
            inPackets: inPackets,
            outPackets: outPackets
        )
    }

    @Test func whoLeavesKeepsConnectionsAndGoesWithTheLastOfThem() throws {
        var reconciler = try Self.started([Self.service(), Self.endpoints([1, 2])])
        Self.carry(3, on: 1, in: &reconciler)
        reconciler.take(.changes([Self.endpoints([2, 3])]))
        _ = reconciler.reconcile(now: .seconds(10))
        #expect(Self.weights(reconciler) == [1: 0, 2: 1, 3: 1])
        let count = reconciler.departures.count
        #expect(count == 1)
        for second in 11..<60 {
            _ = reconciler.reconcile(now: .seconds(second))
            #expect(Self.weights(reconciler) == [1: 0, 2: 1, 3: 1])
        }
        Self.carry(0, on: 1, in: &reconciler)
        let report = reconciler.reconcile(now: .seconds(60))
        #expect(report.departed.map(\.ending) == [.idle])
        #expect(Self.weights(reconciler) == [2: 1, 3: 1])
        #expect(reconciler.departures.isEmpty && reconciler.nextDeadline == nil)
        #expect(reconciler.applied.virtualServers == reconciler.device.state.virtualServers)
    }

    /// A connection that was about to choose it when its weight was taken has come by then.
    @Test func whoHasNoConnectionsGoesAfterAFirstLook() throws {
        var reconciler = try Self.started([Self.service(), Self.endpoints([1, 2])])
        reconciler.take(.changes([Self.endpoints([2])]))
        _ = reconciler.reconcile(now: .seconds(10))
        #expect(Self.weights(reconciler) == [1: 0, 2: 1])
        let deadline = reconciler.nextDeadline
        let look = try #require(deadline)
        #expect(look > .seconds(10) && look < .seconds(11))
        _ = reconciler.reconcile(now: look)
        #expect(Self.weights(reconciler) == [2: 1])
    }

    @Test func whoComesBackOnlyGetsItsWeight() throws {
        var reconciler = try Self.started([Self.service(), Self.endpoints([1, 2])])
        Self.carry(3, on: 1, in: &reconciler)
        reconciler.take(.changes([Self.endpoints([2])]))
        _ = reconciler.reconcile(now: .seconds(10))
        reconciler.device.clearLog()
        reconciler.take(.changes([Self.endpoints([1, 2])]))
        _ = reconciler.reconcile(now: .seconds(11))
        #expect(
            reconciler.device.log == [
                .editRealServer(RealServer(address: Self.pod(1)), of: Self.key())
            ]
        )
        #expect(reconciler.departures.isEmpty)
    }

    @Test(
        arguments: [
            (nil, nil, Self.hour), ("10m", nil, .seconds(600)), ("2h", nil, .seconds(7200)),
            ("soon", nil, Self.hour), (nil, "10m", .seconds(600)),
        ] as [(String?, String?, Duration)]
    )
    func atItsDeadlineItGoesWithItsConnections(
        _ annotation: String?,
        _ changed: String?,
        _ limit: Duration
    ) throws {
        func service(_ text: String?) -> ClusterChange {
            Self.service(annotations: text.map { ["drain-timeout": $0] } ?? [:])
        }
        var reconciler = try Self.started([service(annotation), Self.endpoints([1, 2])])
        Self.carry(3, on: 1, in: &reconciler)
        reconciler.take(.changes([Self.endpoints([2])]))
        _ = reconciler.reconcile(now: .zero)
        if let changed {
            reconciler.take(.changes([service(changed)]))
            _ = reconciler.reconcile(now: .seconds(1))
        }
        var last = Duration.zero
        while let next = reconciler.nextDeadline, next < limit {
            _ = reconciler.reconcile(now: next)
            last = next
        }
        #expect(Self.weights(reconciler) == [1: 0, 2: 1])
        #expect(last > limit - .seconds(3))
        let report = reconciler.reconcile(now: limit)
        #expect(report.departed.map(\.ending) == [.timeout])
        #expect(report.departed.map(\.connections) == [3])
        #expect(Self.weights(reconciler) == [2: 1])
    }

    @Test func anAnnotationThatMakesNoSenseIsNamed() throws {
        var reconciler = Reconciler(
            device: SimulatedDataplane(),
            options: ReconcilerOptions(draining: DrainingPolicy())
        )
        try reconciler.start(now: .zero)
        reconciler.take(
            .changes([Self.service(annotations: ["drain-timeout": "5"]), Self.endpoints([1])])
        )
        reconciler.take(.initialSetComplete(isWhole: true))
        let problems = reconciler.reconcile(now: .zero).newProblems
        #expect(problems.map(\.field) == ["metadata.annotations[fairlead.dev/drain-timeout]"])
        #expect(problems.first?.message.contains("write for example 5s") == true)
    }

    @Test func aDeletedServiceKeepsItsConnectionsAndItsAddressAndNothingElse() throws {
        var reconciler = try Self.started([
            Self.service(annotations: ["drain-timeout": "10m"]), Self.endpoints([1, 2]),
        ])
        let whole = reconciler.device.state
        Self.carry(3, on: 1, in: &reconciler)
        reconciler.take(.changes([.serviceRemoved(Self.name), .endpointSliceRemoved(Self.name)]))
        _ = reconciler.reconcile(now: .seconds(1))
        _ = reconciler.reconcile(now: .seconds(2))
        #expect(Self.weights(reconciler) == [1: 0])
        let state = reconciler.device.state
        #expect(state.addresses == whole.addresses)
        #expect(state.claims.keys.sorted() == whole.claims.keys.sorted())
        // So that nothing else of the node is reached at this address.
        #expect(state.members(.addresses) == ["10.96.0.1"])
        #expect(state.members(.cluster).isEmpty)
        while let next = reconciler.nextDeadline { _ = reconciler.reconcile(now: next) }
        #expect(reconciler.device.state.virtualServers.isEmpty)
        #expect(reconciler.device.state.addresses.isEmpty)
        #expect(reconciler.device.state.claims.isEmpty)
        #expect(reconciler.device.state.members(.addresses).isEmpty)
        #expect(reconciler.applied.virtualServers.isEmpty && reconciler.applied.claims.isEmpty)
    }

    @Test func aServiceThatTakesTheAddressOfADrainingOneServesAtOnce() throws {
        var reconciler = try Self.started([Self.service(), Self.endpoints([1])])
        Self.carry(3, on: 1, in: &reconciler)
        reconciler.take(.changes([.serviceRemoved(Self.name), .endpointSliceRemoved(Self.name)]))
        _ = reconciler.reconcile(now: .seconds(1))
        reconciler.take(.changes([Self.service(), Self.endpoints([2])]))
        _ = reconciler.reconcile(now: .seconds(2))
        #expect(Self.weights(reconciler) == [1: 0, 2: 1])
        Self.carry(0, on: 1, in: &reconciler)
        _ = reconciler.reconcile(now: .seconds(4))
        #expect(Self.weights(reconciler) == [2: 1])
        #expect(reconciler.device.state.addresses.count == 1)
    }

    /// Clients send, and send again; nobody answers.
    @Test func whoDoesNotAnswerAnyMoreHoldsNobody() throws {
        var reconciler = try Self.started([Self.service(), Self.endpoints([1, 2])])
        Self.carry(3, on: 1, in: &reconciler, inPackets: 100, outPackets: 100)
        reconciler.take(.changes([Self.endpoints([2])]))
        _ = reconciler.reconcile(now: .zero)
        var ended: (Duration, Departure.Ending)?
        for second in 1...120 {
            let packets = 100 + UInt64(second.bitWidth - second.leadingZeroBitCount)
            Self.carry(3, on: 1, in: &reconciler, inPackets: packets, outPackets: 100)
            let report = reconciler.reconcile(now: .seconds(second))
            if let departed = report.departed.first {
                ended = (.seconds(second), departed.ending)
                break
            }
        }
        #expect(ended?.1 == .unresponsive)
        #expect(ended.map { $0.0 >= .seconds(30) && $0.0 < .seconds(70) } == true)
    }

    /// As it was counted on a node whose pod has lost its link: each retry of 95 bytes is answered by
    /// "host unreachable" of 123, sooner or later.
    @Test func whatSaysThatNobodyCanBeReachedIsNoAnswer() throws {
        let counted: [(UInt64, UInt64, UInt64, UInt64)] = [
            (4, 3, 245, 193), (4, 3, 245, 193), (8, 3, 625, 193), (11, 8, 910, 808),
            (13, 8, 1100, 808), (17, 12, 1480, 1300), (19, 15, 1670, 1669), (20, 15, 1765, 1669),
            (23, 18, 2050, 2038), (25, 21, 2240, 2407), (26, 21, 2335, 2407), (29, 24, 2620, 2776),
            (31, 27, 2810, 3145), (32, 27, 2905, 3145),
        ]
        // The same with one more that is an answer, in the middle of it.
        let answered = counted.enumerated().map { index, count in
            index < 9 ? count : (count.0, count.1 + 1, count.2, count.3 + 52)
        }
        for (counts, isDead) in [(counted, true), (answered, false)] {
            var reconciler = try Self.started(
                [Self.service(), Self.endpoints([1, 2])],
                policy: DrainingPolicy(timeout: Self.hour, unresponsiveTimeout: .seconds(20))
            )
            reconciler.take(.changes([Self.endpoints([2])]))
            var departed: [Departure.Ending] = []
            for (index, count) in counts.enumerated() {
                reconciler.device.loads[Self.key()] = [
                    Self.pod(1): RealServerLoad(
                        connections: 1,
                        inPackets: count.0,
                        outPackets: count.1,
                        inBytes: count.2,
                        outBytes: count.3
                    )
                ]
                departed += reconciler.reconcile(now: .seconds(2 * index)).departed.map(\.ending)
            }
            #expect(departed == (isDead ? [.unresponsive] : []))
        }
    }

    @Test(
        arguments: [
            // Nobody sends anything.
            { _ in (in: 100, out: 100) },
            // Stragglers after the last answer, and then silence.
            { second in (in: 100 + min(second, 2), out: 100) },
            // A slow answer to each question.
            { second in (in: 100 + second, out: 100 + second / 20) },
        ] as [@Sendable (UInt64) -> (in: UInt64, out: UInt64)]
    )
    func whoHasNothingToAnswerIsNotTakenForDead(
        _ packets: @Sendable (UInt64) -> (in: UInt64, out: UInt64)
    ) throws {
        var reconciler = try Self.started([Self.service(), Self.endpoints([1, 2])])
        reconciler.take(.changes([Self.endpoints([2])]))
        for second in 0...600 as ClosedRange<UInt64> {
            let now = packets(second)
            Self.carry(1, on: 1, in: &reconciler, inPackets: now.in, outPackets: now.out)
            _ = reconciler.reconcile(now: .seconds(Int64(second)))
        }
        #expect(Self.weights(reconciler) == [1: 0, 2: 1])
    }

    @Test func datagramsHaveTwoSecondsAndNoEnd() throws {
        var reconciler = try Self.started(
            [Self.service(.udp), Self.endpoints([1, 2], .udp)],
            policy: DrainingPolicy(timeout: Self.hour, keepsConnections: true)
        )
        Self.carry(3, on: 1, in: &reconciler, .udp)
        reconciler.take(.changes([Self.endpoints([2], .udp)]))
        _ = reconciler.reconcile(now: .seconds(10))
        _ = reconciler.reconcile(now: .milliseconds(11_900))
        #expect(Self.weights(reconciler, .udp) == [1: 0, 2: 1])
        _ = reconciler.reconcile(now: .seconds(12))
        #expect(Self.weights(reconciler, .udp) == [2: 1])
    }

    @Test func connectionsMayBeLeftAloneForEver() throws {
        var reconciler = try Self.started(
            [Self.service(), Self.endpoints([1, 2])],
            policy: DrainingPolicy(timeout: .seconds(10), keepsConnections: true)
        )
        Self.carry(3, on: 1, in: &reconciler)
        reconciler.take(.changes([Self.endpoints([2])]))
        for second in 1...1000 { _ = reconciler.reconcile(now: .seconds(second)) }
        #expect(Self.weights(reconciler) == [1: 0, 2: 1])
    }

    /// With them, new connections would be refused as long as somebody leaves.
    @Test(arguments: ["dh", "sh", "mh"])
    func schedulersThatKnowNoOtherRealServerLetItGoAtOnce(_ scheduler: String) throws {
        var annotations = ["scheduler": scheduler]
        if scheduler != "dh" { annotations["scheduler-flags"] = "\(scheduler)-port" }
        var reconciler = try Self.started([
            Self.service(annotations: annotations), Self.endpoints([1, 2]),
        ])
        Self.carry(3, on: 1, in: &reconciler)
        reconciler.take(.changes([Self.endpoints([2])]))
        _ = reconciler.reconcile(now: .seconds(1))
        #expect(Self.weights(reconciler) == [2: 1])
        // Nothing new comes to a Service that is gone, so its connections may go on.
        Self.carry(3, on: 2, in: &reconciler)
        reconciler.take(.changes([.serviceRemoved(Self.name)]))
        _ = reconciler.reconcile(now: .seconds(2))
        #expect(Self.weights(reconciler) == [2: 0])
    }

    @Test func anAuditFindsNothingAmiss() throws {
        var reconciler = Reconciler(
            device: SimulatedDataplane(),
            options: ReconcilerOptions(
                auditInterval: .seconds(60),
                draining: DrainingPolicy(timeout: Self.hour)
            )
        )
        try reconciler.start(now: .zero)
        reconciler.take(
            .changes([
                Self.service(annotations: ["drain-timeout": "2h"]), Self.endpoints([1, 2]),
            ])
        )
        reconciler.take(.initialSetComplete(isWhole: true))
        _ = reconciler.reconcile(now: .zero)
        Self.carry(3, on: 1, in: &reconciler)
        reconciler.take(.changes([.serviceRemoved(Self.name), .endpointSliceRemoved(Self.name)]))
        _ = reconciler.reconcile(now: .seconds(1))
        _ = reconciler.reconcile(now: .seconds(2))
        for minute in 1...119 {
            let report = reconciler.reconcile(now: .seconds(minute * 60))
            #expect(report.drift == 0 && report.departed.isEmpty)
        }
        #expect(Self.weights(reconciler) == [1: 0])
        // Somebody gives it weight; it still leaves at the end of its time.
        reconciler.device.state.virtualServers[Self.key()]?.put(RealServer(address: Self.pod(1)))
        #expect(reconciler.reconcile(now: .seconds(7200)).drift == 1)
        #expect(Self.weights(reconciler) == [1: 0])
        let report = reconciler.reconcile(now: .seconds(7201))
        #expect(report.departed.map(\.ending) == [.timeout])
        #expect(reconciler.device.state.virtualServers.isEmpty)
    }

    // MARK: - Restarts

    @Test(arguments: [true, false])
    func aRestartGoesOnWithWhatIsLeftOfTheTime(_ hasRecord: Bool) throws {
        var first = try Self.started([Self.service(), Self.endpoints([1, 2, 4])])
        Self.carry(3, on: 1, in: &first)
        Self.carry(3, on: 2, in: &first)
        first.take(.changes([Self.endpoints([2, 4])]))
        _ = first.reconcile(now: .zero)
        let terms = first.departures.terms.mapValues { of in
            // The clock of the next one begins half an hour later.
            of.mapValues { Departure.Term(since: $0.since - .seconds(1800), limit: $0.limit) }
        }
        // Meanwhile, one more has gone.
        var second = try Self.started(
            [Self.service(), Self.endpoints([4])],
            on: first.device,
            terms: hasRecord ? terms : [:]
        )
        #expect(Self.weights(second) == [1: 0, 2: 0, 4: 1])
        var gone: [UInt64: Int] = [:]
        for second_ in 1...3700 {
            let report = second.reconcile(now: .seconds(second_))
            for ended in report.departed { gone[ended.address.address.low & 0xff] = second_ }
        }
        #expect(gone == [1: hasRecord ? 1800 : 3600, 2: 3600])
    }

    /// What was written down is about connections of another time.
    @Test func whoWasWantedMeanwhileHasAllOfItsTime() throws {
        let stale = [
            Self.key(): [
                Self.pod(1): Departure.Term(since: .seconds(-7200), limit: Self.hour)
            ]
        ]
        var reconciler = try Self.started([Self.service(), Self.endpoints([1, 2])])
        reconciler = try Self.started(
            [Self.service(), Self.endpoints([1, 2])],
            on: reconciler.device,
            terms: stale
        )
        Self.carry(3, on: 1, in: &reconciler)
        reconciler.take(.changes([Self.endpoints([2])]))
        for second in 1...60 { _ = reconciler.reconcile(now: .seconds(second)) }
        #expect(Self.weights(reconciler) == [1: 0, 2: 1])
    }
}
