import Addressing
import DataplaneModel
import Planning
import Reconciliation
import Routing
import ServiceModel
import SimulatedDataplane
import Testing

/// Audits that somebody asks for, and what they say.
@Suite struct AuditRequestTests {
    private static func key(_ number: Int) throws -> VirtualServerKey {
        .address(SocketEndpoint(try IPAddress("10.96.0.\(number)"), 80), .tcp)
    }

    /// A reconciler that never audits by itself, after its first round over so many Services.
    private static func served(_ count: Int) throws -> Reconciler<SimulatedDataplane> {
        var reconciler = Reconciler(
            device: SimulatedDataplane(),
            options: ReconcilerOptions(auditInterval: .zero)
        )
        try reconciler.start(now: .zero)
        for number in 1...count {
            reconciler.take(
                .changes([
                    .service(
                        Service(
                            name: ObjectName(namespace: "default", name: "web-\(number)"),
                            reachability: .clusterIPs([try IPAddress("10.96.0.\(number)")]),
                            ports: [ServicePort(name: "http", port: 80)]
                        )
                    )
                ])
            )
        }
        reconciler.take(.initialSetComplete(isWhole: true))
        _ = reconciler.reconcile(now: .seconds(1))
        return reconciler
    }

    @Test func nothingIsReadUnlessSomebodyAsksAndThenOnce() throws {
        var reconciler = try Self.served(1)
        let before = reconciler.device.observations
        var isDue = reconciler.isAuditDue(at: .seconds(9))
        #expect(reconciler.nextDeadline == nil && !isDue)
        reconciler.requestAudit()
        isDue = reconciler.isAuditDue(at: .seconds(9))
        #expect(isDue)
        let report = reconciler.reconcile(now: .seconds(9))
        #expect(report.drifted.isEmpty && report.auditError == nil)
        #expect(reconciler.device.observations > before)
        isDue = reconciler.isAuditDue(at: .seconds(99))
        #expect(reconciler.nextDeadline == nil && !isDue)
    }

    @Test func beforeEverythingHasBeenProgrammedNoneIsDue() throws {
        var reconciler = Reconciler(
            device: SimulatedDataplane(),
            options: ReconcilerOptions(auditInterval: .zero)
        )
        try reconciler.start(now: .zero)
        reconciler.requestAudit()
        let isDue = reconciler.isAuditDue(at: .seconds(1))
        #expect(reconciler.nextDeadline == nil && !isDue)
    }

    @Test func theObjectsThatDriftedAreNamedWithTheirServicePorts() throws {
        var reconciler = try Self.served(2)
        _ = reconciler.device.apply(
            Plan([
                .deleteVirtualServer(try Self.key(1)),
                .withdraw(try IPAddress("10.96.0.2"), .route(source: nil)),
                .setTimeouts(ConnectionTimeouts(tcp: 5, tcpFin: 5, udp: 5)),
            ])
        )
        reconciler.device.state.parameters[KernelRequirements.forwardIPv4] = "0"
        reconciler.requestAudit()
        let report = reconciler.reconcile(now: .seconds(2))
        #expect(
            report.drifted.description
                == "kernel parameter net.ipv4.ip_forward, virtual server TCP 10.96.0.1:80 "
                + "(default/web-1:http), service address 10.96.0.2"
        )
        #expect(report.drift == 3)
        #expect(reconciler.device.state.virtualServers[try Self.key(1)] != nil)
    }

    @Test func ofManyObjectsTwentyAreNamedAndTheOthersCounted() throws {
        var reconciler = try Self.served(25)
        let steps = try (1...25).map { Operation.deleteVirtualServer(try Self.key($0)) }
        _ = reconciler.device.apply(Plan(steps))
        reconciler.requestAudit()
        let drifted = reconciler.reconcile(now: .seconds(2)).drifted
        #expect(drifted.named.count == 20 && drifted.others == 5)
        #expect(drifted.description.hasSuffix("10.96.0.20:80 (default/web-20:http) and 5 more"))
    }
}
