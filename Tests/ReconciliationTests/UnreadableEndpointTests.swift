import Addressing
import DataplaneModel
import Planning
import Reconciliation
import Routing
import ServiceModel
import SimulatedDataplane
import Testing

/// At a start, a Service can be read and its endpoints cannot.
@Suite struct UnreadableEndpointTests {
    private typealias World = FilterWorld

    private static let services = [
        World.service(1, policy: .local), World.service(2, policy: .cluster),
    ]
    private static let endpoints = [
        World.endpoints(1, here: [1], there: [11]), World.endpoints(2, here: [2], there: [12]),
    ]

    /// A run that knew everything, and one after it that reads only what it is given.
    ///
    /// `before` is told what the first one left.
    private static func restarted(
        reading changes: [ClusterChange],
        _ mode: DataplaneMode,
        before: (IPVSState) -> Void = { _ in }
    ) throws -> Reconciler<SimulatedDataplane> {
        var options = World.options(mode)
        options.draining = DrainingPolicy()
        let first = try World.started(
            services + endpoints,
            on: World.kernel(mode: mode),
            options: options
        )
        before(first.device.state)
        var second = Reconciler(device: first.device, options: options)
        try second.start(now: .zero)
        second.take(.changes(changes))
        second.take(.initialSetComplete(isWhole: false))
        _ = second.reconcile(now: .seconds(1))
        _ = second.reconcile(now: .seconds(5))
        return second
    }

    @Test(arguments: DataplaneMode.allCases)
    func whatAnEarlierRunServedGoesOnAsLongAsNotEverythingIsRead(_ mode: DataplaneMode) throws {
        var before = IPVSState()
        var second = try Self.restarted(reading: Self.services + [Self.endpoints[1]], mode) {
            before = $0
        }
        #expect(second.device.state.virtualServers == before.virtualServers)
        #expect(second.device.state.sets == before.sets)
        #expect(second.device.state.addresses == before.addresses)
        #expect(second.device.state.claims == before.claims)
        // Then it can be read, and is another one.
        second.take(.changes([World.endpoints(1, here: [3], there: [13])]))
        _ = second.reconcile(now: .seconds(10))
        _ = second.reconcile(now: .seconds(11))
        let servers = second.device.state.virtualServers.values.flatMap(\.realServers).map {
            $0.address.address.low & 0xff
        }
        #expect(Set(servers) == [3, 13, 2, 12])
    }

    @Test(arguments: DataplaneMode.allCases)
    func onceEverythingIsReadWhoHasNobodyIsTakenAtItsWord(_ mode: DataplaneMode) throws {
        var second = try Self.restarted(reading: Self.services, mode)
        second.take(.initialSetComplete(isWhole: true))
        _ = second.reconcile(now: .seconds(10))
        _ = second.reconcile(now: .seconds(11))
        #expect(second.device.state.virtualServers.isEmpty)
        let fresh = try World.started(
            Self.services,
            on: World.kernel(mode: mode),
            options: second.options
        )
        for role in AddressSet.Role.allCases {
            #expect(second.device.state.members(role) == fresh.device.state.members(role))
        }
        #expect(second.device.state.claims == fresh.device.state.claims)
    }

    /// Who loses its endpoints later has lost them.
    @Test func whoseEndpointsGoWhileOthersAreUnreadableIsNotServed() throws {
        var second = try Self.restarted(
            reading: Self.services + [Self.endpoints[1]],
            .ipvs
        )
        second.take(.changes([World.endpoints(2)]))
        _ = second.reconcile(now: .seconds(10))
        _ = second.reconcile(now: .seconds(11))
        let reject = second.device.state.members(.reject)
        #expect(reject.contains("10.96.0.2,tcp:80"))
        #expect(!reject.contains("10.96.0.1,tcp:80"))
    }
}
