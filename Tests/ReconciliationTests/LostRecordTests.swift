import Addressing
import DataplaneModel
import Reconciliation
import ServiceModel
import SimulatedDataplane
import Testing

/// The record of what is ours is gone, and the kernel is as it was.
@Suite struct LostRecordTests {
    private typealias World = FilterWorld

    private static let changes = [
        World.service(1, policy: .cluster), World.endpoints(1, there: [1]),
        World.service(2, policy: .cluster), World.endpoints(2, there: [2]),
    ]

    private static func restarted(
        _ changes: [ClusterChange]
    ) throws -> Reconciler<SimulatedDataplane> {
        let first = try World.started(Self.changes)
        var kernel = first.device
        kernel.state.claims = [:]
        return try World.started(changes, on: kernel)
    }

    /// It would lead to ports of the node itself: no set says any more that it is a Service's.
    @Test func noAddressStaysThatNobodyWants() throws {
        let second = try Self.restarted(Array(Self.changes[..<2]))
        let fresh = try World.started(Array(Self.changes[..<2]))
        #expect(second.device.state.addresses == fresh.device.state.addresses)
        #expect(second.device.state.members(.addresses) == fresh.device.state.members(.addresses))
        // Nobody knows whose these are.
        #expect(
            Set(second.device.state.virtualServers.keys)
                .isSuperset(of: fresh.device.state.virtualServers.keys)
        )
    }

    @Test func whatIsWantedIsServedWithoutAGapAndOnRecordAgain() throws {
        let first = try World.started(Self.changes)
        let second = try Self.restarted(Self.changes)
        #expect(second.device.state.virtualServers == first.device.state.virtualServers)
        #expect(second.device.state.addresses == first.device.state.addresses)
        for (object, owner) in first.device.state.claims {
            guard case .virtualServer = object else { continue }
            #expect(second.device.state.claims[object] == owner)
        }
    }

    @Test func anAuditSaysThatItIsTheRecordThatWasChanged() throws {
        var reconciler = try World.started(
            Self.changes,
            options: World.options(auditInterval: .seconds(60))
        )
        reconciler.device.state.claims = [:]
        let report = reconciler.reconcile(now: .seconds(61))
        #expect(report.drifted.description.hasPrefix("the record of virtual server "))
    }
}
