import Addressing
import DataplaneModel
import Glibc
import LinuxDataplane
import NetworkLab
import Planning
import Reconciliation
import Routing
import ServiceModel
import Testing

/// Endpoints that leave, as their clients see it.
@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct DrainingTests {
    /// A reconciler on a laboratory's node, with a clock that the test moves.
    private final class Node {
        let laboratory: Laboratory
        private let servers: [NamedServer]
        private let name: String
        private var reconciler: Reconciler<LinuxDataplane>?
        private var now = Duration.zero

        init(_ name: String) throws {
            laboratory = try Laboratory()
            self.name = name
            servers = try laboratory.pods.map {
                try NamedServer(in: $0, port: ServiceUnderTest.podPort, protocols: [.tcp, .udp])
            }
            try start(terms: [:])
        }

        private func start(terms: Departures.Terms) throws {
            let options = ReconcilerOptions(
                sources: PreferredSources(ipv4: try IPAddress("192.0.2.10")),
                filter: FilterPolicy(),
                auditInterval: .seconds(300),
                draining: DrainingPolicy(
                    timeout: .seconds(3600),
                    unresponsiveTimeout: .seconds(5)
                )
            )
            try laboratory.node.perform {
                var reconciler = Reconciler(
                    device: try LinuxDataplane(
                        device: "kube-ipvs0",
                        stateDirectory: TestKernel.stateDirectory(name)
                    ),
                    options: options
                )
                reconciler.restore(terms)
                try reconciler.start(now: now)
                self.reconciler = consume reconciler
            }
        }

        /// Hands over changes, lets time pass, and does all that is due until then.
        @discardableResult
        func apply(
            _ changes: [ClusterChange] = [],
            passing time: Duration = .milliseconds(200)
        ) throws -> ReconciliationReport {
            guard var reconciler = reconciler.take() else { throw LabError("it is in use") }
            reconciler.take(.changes(changes))
            reconciler.take(.initialSetComplete(isWhole: true))
            let report = try Self.run(&reconciler, from: now, to: now + time, in: laboratory.node)
            self.reconciler = consume reconciler
            now += time
            for failure in report.failures { throw failure.error }
            return report
        }

        private static func run(
            _ reconciler: inout Reconciler<LinuxDataplane>,
            from now: Duration,
            to end: Duration,
            in node: NetworkNamespace
        ) throws -> ReconciliationReport {
            try node.perform {
                var sum = reconciler.reconcile(now: now)
                while let next = reconciler.nextDeadline, next <= end {
                    let report = reconciler.reconcile(now: next)
                    sum.applied += report.applied
                    sum.failures += report.failures
                    sum.departed += report.departed
                    for (family, steps) in report.driftByFamily {
                        sum.driftByFamily[family, default: 0] += steps
                    }
                }
                return sum
            }
        }

        /// Ends in mid-sentence, and begins anew with what the kernel shows.
        func restart() throws {
            let terms = reconciler?.departures.terms ?? [:]
            reconciler = nil
            try start(terms: terms)
        }

        func listing(_ options: String...) throws -> String {
            try laboratory.node.perform { try Command.run("ipvsadm", options) }
        }

        func hold(_ number: Int) throws -> HeldConnection {
            let service = try ServiceUnderTest.endpoint(number, .ipv4)
            return try laboratory.client.perform { try HeldConnection(to: service) }
        }

        func requests(_ count: Int, _ number: Int) throws -> [String] {
            try Client.requests(
                count,
                from: laboratory.client,
                to: try ServiceUnderTest.endpoint(number, .ipv4),
                .tcp
            )
        }
    }

    private static func service(
        _ number: Int,
        pods: [Int],
        on node: Node,
        scheduler: String? = nil,
        affinity: Service.SessionAffinity = .none
    ) throws -> [ClusterChange] {
        try ServiceUnderTest(
            "draining-\(number)",
            number: number,
            scheduler: scheduler,
            affinity: affinity,
            pods: pods,
            in: node.laboratory
        ).changes
    }

    @Test(arguments: ["rr", "lc", "sh", "mh", "sed", "nq"])
    func aConnectionOutlivesTheDepartureOfItsEndpointAndNewOnesGoElsewhere(
        _ scheduler: String
    ) throws {
        let node = try Node("draining-\(scheduler)")
        try node.apply(try Self.service(1, pods: [1], on: node, scheduler: scheduler))
        let held = try node.hold(1)
        #expect(try held.request() == "pod1")
        try node.apply(try Self.service(1, pods: [2, 3], on: node, scheduler: scheduler))
        for _ in 0..<3 {
            #expect(try held.request() == "pod1")
            #expect(try !node.requests(8, 1).contains("pod1"))
            try node.apply(passing: .seconds(60))
        }
        try node.restart()
        try node.apply(
            try Self.service(1, pods: [2, 3], on: node, scheduler: scheduler),
            passing: .seconds(60)
        )
        #expect(try held.request() == "pod1")
        held.end()
        guard scheduler == "rr" else { return }
        // A connection that ended with a reset is forgotten within seconds.
        usleep(500_000)
        var departed: [Departure.Ending] = []
        for _ in 0..<40 where departed.isEmpty {
            usleep(300_000)
            departed = try node.apply(passing: .seconds(1)).departed.map(\.ending)
        }
        #expect(departed == [.idle])
        #expect(try !node.listing("-Sn").contains("10.244.1.2"))
    }

    @Test func whoComesBackKeepsItsConnectionsAndGetsNewOnes() throws {
        let node = try Node("draining-return")
        try node.apply(try Self.service(2, pods: [1, 2], on: node))
        let held = [try node.hold(2), try node.hold(2)]
        let names = try held.map { try $0.request() }
        #expect(Set(names) == ["pod1", "pod2"])
        try node.apply(try Self.service(2, pods: [2], on: node), passing: .seconds(10))
        #expect(try Set(node.requests(6, 2)) == ["pod2"])
        try node.apply(try Self.service(2, pods: [1, 2], on: node), passing: .seconds(10))
        #expect(try Set(node.requests(6, 2)) == ["pod1", "pod2"])
        #expect(try held.map { try $0.request() } == names)
    }

    @Test func atTheEndOfItsTimeAConnectionEndsAndItsClientIsTold() throws {
        let node = try Node("draining-timeout")
        try node.apply(try Self.service(3, pods: [1], on: node))
        let held = try node.hold(3)
        #expect(try held.request() == "pod1")
        try node.apply(try Self.service(3, pods: [2], on: node), passing: .seconds(3590))
        #expect(try held.request() == "pod1")
        let report = try node.apply(passing: .seconds(20))
        #expect(report.departed.map(\.ending) == [.timeout])
        usleep(300_000)
        let error = #expect(throws: LabError.self) { try held.request() }
        #expect(error?.description.contains("reset") == true, "\(String(describing: error))")
    }

    @Test func aDeletedServiceServesItsConnectionsToTheEndAndRefusesNewOnes() throws {
        let node = try Node("draining-deleted")
        let service = try Self.service(4, pods: [1, 2], on: node)
        try node.apply(service)
        let held = try node.hold(4)
        let name = try held.request()
        let deletion = service.compactMap { change -> ClusterChange? in
            switch change {
            case .service(let service): .serviceRemoved(service.name)
            case .endpointSlice(let slice): .endpointSliceRemoved(slice.name)
            default: nil
            }
        }
        try node.apply(deletion, passing: .seconds(100))
        for _ in 0..<3 {
            #expect(try held.request() == name)
            let report = try node.apply(passing: .seconds(400))
            #expect(report.drift == 0)
        }
        #expect(throws: LabError.self) { try node.requests(1, 4) }
        #expect(try held.request() == name)
        try node.apply(passing: .seconds(3600))
        #expect(try !node.listing("-Sn").contains("10.96.0.4"))
        let routes = try node.laboratory.node.perform {
            try Command.run("ip", ["route", "show", "table", "local"])
        }
        #expect(!routes.contains("10.96.0.4"))
    }

    /// Nothing answers any more, or this node says that nobody can be reached.
    @Test(arguments: ["iptables -A INPUT -j DROP", "ip link set eth0 down"])
    func aBackendThatDiesHoldsItsClientsForSecondsOnly(_ death: String) throws {
        let node = try Node("draining-dead-\(death.prefix(2))")
        try node.apply(try Self.service(5, pods: [1], on: node))
        let service = try ServiceUnderTest.endpoint(5, .ipv4)
        let patient = try PatientClient(
            from: node.laboratory.client,
            to: service,
            .tcp,
            every: .milliseconds(50)
        )
        usleep(300_000)
        let words = death.split(separator: " ").map(String.init)
        try node.laboratory.pods[0].perform {
            try Command.run(words[0], Array(words.dropFirst()))
        }
        try node.apply(try Self.service(5, pods: [2], on: node))
        let steady = try SteadyClient(
            from: node.laboratory.client,
            to: service,
            every: .milliseconds(50)
        )
        var departed: [Departure.Ending] = []
        for _ in 0..<60 where departed.isEmpty {
            usleep(400_000)
            departed = try node.apply(passing: .seconds(1)).departed.map(\.ending)
        }
        #expect(departed == [.unresponsive])
        #expect(steady.stop().failures.isEmpty)
        let record = patient.stop()
        #expect(record.answered["pod1", default: 0] > 0 && record.failures.count <= 2)
    }

    @Test func affinityHoldsNobodyToAnEndpointThatLeaves() throws {
        let node = try Node("draining-affinity")
        try node.apply(
            try Self.service(6, pods: [1, 2], on: node, affinity: .clientIP(timeout: 600))
        )
        let held = try node.hold(6)
        let name = try held.request()
        #expect(try Set(node.requests(5, 6)) == [name])
        let other = name == "pod1" ? 2 : 1
        try node.apply(
            try Self.service(6, pods: [other], on: node, affinity: .clientIP(timeout: 600)),
            passing: .seconds(10)
        )
        #expect(try Set(node.requests(5, 6)) == ["pod\(other)"])
        #expect(try held.request() == name)
    }

    /// One reading at a glance, and one that leaves out nothing.
    @Test func anAuditAtAGlanceSeesWhatOthersChange() throws {
        let node = try Node("draining-glance")
        try node.apply(
            try Self.service(7, pods: [1, 2, 3], on: node, affinity: .clientIP(timeout: 600))
                + Self.service(8, pods: [1], on: node, scheduler: "mh")
        )
        #expect(try node.apply(passing: .seconds(700)).drift == 0)
        let before = try node.listing("-Sn")
        for change in [
            "-e -t 10.96.0.7:80 -r 10.244.1.2:8080 -m -w 7",
            "-d -t 10.96.0.7:80 -r 10.244.2.2:8080",
            "-a -t 10.96.0.8:80 -r 10.244.3.2:8080 -m -w 2", "-D -u 10.96.0.8:80",
            "-E -t 10.96.0.8:80 -s rr", "-E -t 10.96.0.7:80 -s rr -p 60",
            "-E -t [fd00:10:96::7]:80 -s wlc", "-D -t [fd00:10:96::8]:80",
        ] {
            try node.laboratory.node.perform {
                try Command.run("ipvsadm", change.split(separator: " ").map(String.init))
            }
            #expect(try node.apply(passing: .seconds(310)).drift > 0, "\(change)")
            #expect(try node.listing("-Sn") == before, "\(change)")
        }
    }
}
