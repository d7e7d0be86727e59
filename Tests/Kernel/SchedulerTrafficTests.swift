import Addressing
import DataplaneModel
import LinuxDataplane
import NetworkLab
import ServiceModel
import Testing

/// Real packets through real virtual servers: who serves them is what the scheduler promises.
@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct SchedulerTrafficTests {
    /// Where a client is.
    enum Origin: String, CaseIterable {
        case node, outside
    }

    /// One way through a virtual server.
    struct Path: CustomTestStringConvertible, Sendable {
        let scheduler: String
        let transport: TransportProtocol
        let family: AddressFamily
        let origin: Origin

        var testDescription: String { "\(scheduler) over \(transport), \(family), \(origin)" }
    }

    private static let even = ["rr", "wrr"]
    private static let leastLoaded = ["lc", "wlc", "sed", "nq"]
    private static let byHash = ["sh", "dh", "mh"]

    static func paths(_ schedulers: [String]) -> [Path] {
        schedulers.flatMap { scheduler in
            TransportProtocol.allCases.flatMap { transport in
                AddressFamily.allCases.flatMap { family in
                    Origin.allCases.map {
                        Path(
                            scheduler: scheduler,
                            transport: transport,
                            family: family,
                            origin: $0
                        )
                    }
                }
            }
        }
    }

    /// One laboratory for all: a Service for each scheduler, which three pods serve.
    final class Stage {
        let laboratory: Laboratory
        let node: NodeUnderTest
        private let servers: [NamedServer]

        init() throws {
            laboratory = try Laboratory()
            node = try NodeUnderTest(laboratory, name: "schedulers")
            servers = try laboratory.pods.map {
                try NamedServer(in: $0, port: ServiceUnderTest.podPort)
            }
            for (index, scheduler) in Self.schedulers.enumerated() {
                try node.apply(
                    ServiceUnderTest(
                        scheduler,
                        number: index + 1,
                        scheduler: scheduler,
                        pods: 1...3,
                        in: laboratory
                    ).changes
                )
            }
        }

        static let schedulers = even + leastLoaded + byHash

        func origin(_ path: Path) -> NetworkNamespace {
            path.origin == .node ? laboratory.node : laboratory.client
        }

        func endpoint(_ path: Path) throws -> SocketEndpoint {
            let index = try #require(Self.schedulers.firstIndex(of: path.scheduler))
            return try ServiceUnderTest.endpoint(index + 1, path.family)
        }

        /// The names of pods that answered.
        func requests(_ count: Int, _ path: Path, source: IPAddress? = nil) throws -> [String] {
            try Client.requests(
                count,
                from: origin(path),
                to: endpoint(path),
                path.transport,
                source: source
            )
        }
    }

    @Test func eachSchedulerSpreadsConnectionsAsItPromises() throws {
        let stage = try Stage()
        for path in Self.paths(Self.even) { try roundRobinIsEvenToOne(path, stage) }
        for path in Self.paths(Self.leastLoaded) { try openConnectionsAreSpreadEvenly(path, stage) }
        for path in Self.paths(Self.byHash) { try aClientStaysWithItsPod(path, stage) }
        for path in Self.paths(["sh", "mh"]) where path.origin == .outside {
            try manyClientsMeetSeveralPods(path, stage)
        }
        for path in Self.paths(["mh"]) { try manyPortsOfOneClientMeetSeveralPods(path, stage) }
    }

    private func roundRobinIsEvenToOne(_ path: Path, _ stage: Stage) throws {
        let spread = Client.spread(try stage.requests(31, path))
        #expect(spread.count == 3, "\(path.testDescription): \(spread)")
        for (pod, count) in spread {
            #expect((10...11).contains(count), "\(path.testDescription): \(pod) \(spread)")
        }
    }

    /// Connections that stay open count: each new one goes to a pod with the fewest.
    private func openConnectionsAreSpreadEvenly(_ path: Path, _ stage: Stage) throws {
        let endpoint = try stage.endpoint(path)
        let names = try stage.origin(path).perform {
            try Self.openConnections(12, to: endpoint, path.transport)
        }
        let spread = Client.spread(names)
        if path.transport == .udp, path.scheduler == "sed" || path.scheduler == "nq" {
            // They count active connections alone, and to the kernel a UDP connection never is one:
            // all of them go to one pod.
            #expect(spread.count == 1, "\(path.testDescription): \(spread)")
            return
        }
        #expect(spread.count == 3, "\(path.testDescription): \(spread)")
        for (pod, count) in spread {
            #expect((3...5).contains(count), "\(path.testDescription): \(pod) \(spread)")
        }
    }

    /// Opens connections one inside the other, so that all are open at once.
    private static func openConnections(
        _ count: Int,
        to endpoint: SocketEndpoint,
        _ transport: TransportProtocol
    ) throws -> [String] {
        guard count > 0 else { return [] }
        let connection = try ClientConnection(to: endpoint, transport)
        return [try connection.request()]
            + (try openConnections(count - 1, to: endpoint, transport))
    }

    private func aClientStaysWithItsPod(_ path: Path, _ stage: Stage) throws {
        guard path.scheduler != "mh" else { return try aPortStaysWithItsPod(path, stage) }
        let spread = Client.spread(try stage.requests(10, path))
        #expect(spread.count == 1, "\(path.testDescription): \(spread)")
    }

    /// `mh` hashes the port too.
    ///
    /// The table is computed anew when its flags are set, and a port still leads where it led
    /// before.
    private func aPortStaysWithItsPod(_ path: Path, _ stage: Stage) throws {
        let source =
            try path.origin == .outside
            ? stage.laboratory.clientAddress(0, path.family)
            : IPAddress(path.family == .ipv4 ? "192.0.2.10" : "2001:db8::10")
        let endpoint = try stage.endpoint(path)
        func names(_ ports: some Sequence<UInt16>) throws -> [String] {
            try stage.origin(path).perform {
                try ports.map {
                    try ClientConnection(
                        to: endpoint,
                        path.transport,
                        from: SocketEndpoint(source, $0)
                    ).request()
                }
            }
        }
        let base: UInt16 = path.transport == .tcp ? 20_000 : 22_000
        let ports = (base..<base + 12)
        let first = try names(ports)
        // TCP and SCTP ports that were just used are not free at once.
        guard path.transport == .udp else { return }
        #expect(try names(ports) == first, "\(path.testDescription)")
    }

    private func manyClientsMeetSeveralPods(_ path: Path, _ stage: Stage) throws {
        var names: [String] = []
        for index in 0..<Laboratory.clientAddresses {
            names += try stage.requests(
                1,
                path,
                source: stage.laboratory.clientAddress(index, path.family)
            )
        }
        #expect(Client.spread(names).count == 3, "\(path.testDescription): \(names)")
    }

    private func manyPortsOfOneClientMeetSeveralPods(_ path: Path, _ stage: Stage) throws {
        let spread = Client.spread(try stage.requests(40, path))
        #expect(spread.count == 3, "\(path.testDescription): \(spread)")
    }
}
