import Addressing
import DataplaneModel
import LinuxDataplane
import NetworkLab
import Planning
import Reconciliation
import ServiceModel
import Testing

/// What the end of flows means to clients that keep their port, and that it means nothing to those
/// whose endpoint is one.
@Suite(
    .enabled(if: TestKernel.ipvs.isProvided || TestKernel.host.isProvided, TestKernel.reason),
    .serialized
)
struct FlowTrafficTests {
    enum Mode: Hashable, CustomTestStringConvertible {
        case ipvs
        case chains(FilterPrograms.Variant)

        var testDescription: String { "\(self)" }

        static let all = (TestKernel.ipvs.isProvided ? [Mode.ipvs] : []) + chained

        static let chained = FilterPrograms.Variant.working.prefix(1).map { Mode.chains($0) }
    }

    /// A node in either mode, whose pods answer on UDP.
    private struct Node {
        let laboratory: Laboratory
        private let servers: [NamedServer]
        private let programming: MatrixNode

        init(_ mode: Mode, name: String) throws {
            let laboratory = try Laboratory()
            servers = try laboratory.pods.map {
                try NamedServer(in: $0, port: ServiceUnderTest.podPort, protocols: [.udp])
            }
            var dataplane = DataplaneMode.ipvs
            if case .chains(let variant) = mode {
                dataplane = .iptables
                try laboratory.node.perform { try variant.hint() }
            }
            programming = MatrixNode(
                laboratory.node,
                name: "flows-\(name)-\(dataplane)",
                options: ReconcilerOptions(
                    mode: dataplane,
                    sources: PreferredSources(
                        ipv4: try IPAddress("192.0.2.10"),
                        ipv6: try IPAddress("2001:db8::10")
                    ),
                    filter: FilterPolicy()
                )
            )
            self.laboratory = laboratory
        }

        /// Has pods serve the Service at 10.96.0.1 and fd00:10:96::1.
        func serve(_ pods: some Sequence<Int>) throws {
            let service = try ServiceUnderTest("flows", number: 1, pods: pods, in: laboratory)
            try programming.serve(changes: service.changes)
        }

        /// Ends the flows that none of these pods may answer; answers how many.
        func endFlows(sparing pods: [Int]) throws -> Int {
            let rules = try AddressFamily.allCases.map { family in
                FlowRule(
                    destination: try ServiceUnderTest.endpoint(1, family),
                    transport: .udp,
                    backends: try backends(pods, family)
                )
            }
            return try laboratory.node.perform {
                var table = try ConnectionTable()
                return try table.endFlows(matching: FlowRules(rules))
            }
        }

        func backends(_ pods: [Int], _ family: AddressFamily) throws -> Set<SocketEndpoint> {
            Set(
                try pods.map {
                    SocketEndpoint(
                        try laboratory.podAddress($0, family),
                        ServiceUnderTest.podPort
                    )
                }
            )
        }

        /// Where answers to flows to the Service come from, as connection tracking has it.
        func replySources(_ family: AddressFamily) throws -> Set<SocketEndpoint> {
            let destination = try ServiceUnderTest.endpoint(1, family)
            return try laboratory.node.perform {
                var table = try ConnectionTable()
                let flows = try table.flows(of: .udp, family) { $0.destination == destination }
                return Set(flows.map(\.replySource))
            }
        }

        /// Calls `body` inside the client's namespace with a socket that is connected to the Service.
        func withClient(
            _ family: AddressFamily,
            from source: SocketEndpoint? = nil,
            _ body: (borrowing ClientConnection) throws -> Void
        ) throws {
            try laboratory.client.perform {
                let connection = try ClientConnection(
                    to: ServiceUnderTest.endpoint(1, family),
                    .udp,
                    from: source
                )
                try body(connection)
            }
        }
    }

    @Test(arguments: Mode.all)
    func aFlowToAnEndpointIsNeverStale(_ mode: Mode) throws {
        let node = try Node(mode, name: "served")
        try node.serve([1, 2, 3])
        for family in AddressFamily.allCases {
            try node.withClient(family) { connection in
                let name = try connection.request()
                let sources = try node.replySources(family)
                #expect(sources.count == 1)
                #expect(sources.isSubset(of: try node.backends([1, 2, 3], family)))
                #expect(try node.endFlows(sparing: [1, 2, 3]) == 0)
                #expect(try connection.request() == name)
            }
        }
    }

    /// The flows are what is left of packets that went out of the node by its default route.
    @Test(arguments: Mode.all)
    func aClientThatBeganTooEarlyIsServedAfterAll(_ mode: Mode) throws {
        let node = try Node(mode, name: "early")
        for family in AddressFamily.allCases {
            let client = try node.laboratory.clientAddress(0, family)
            let service = try ServiceUnderTest.endpoint(1, family)
            try node.laboratory.node.perform {
                try Command.run(
                    "conntrack",
                    ["-I", "-p", "udp", "-t", "300", "-s", "\(client)", "--sport", "4000"]
                        + ["-d", "\(service.address)", "--dport", "\(service.port)"]
                )
            }
            #expect(try node.replySources(family) == [service])
        }
        try node.serve([2])
        _ = try node.endFlows(sparing: [2])
        for family in AddressFamily.allCases {
            #expect(try node.replySources(family).isEmpty)
            let port = SocketEndpoint(try node.laboratory.clientAddress(0, family), 4000)
            try node.withClient(family, from: port) { connection in
                let name = try connection.request()
                #expect(name == "pod2")
            }
            let backends = try node.backends([2], family)
            #expect(try node.replySources(family) == backends)
        }
    }

    @Test(arguments: Mode.chained)
    func aClientThatKeepsItsPortFollowsTheEndpoints(_ mode: Mode) throws {
        let node = try Node(mode, name: "following")
        for family in AddressFamily.allCases {
            try node.serve([1])
            try node.withClient(family) { connection in
                #expect(try connection.request() == "pod1")
                try node.serve([2])
                _ = try node.endFlows(sparing: [2])
                #expect(try connection.request() == "pod2")
                // With nobody left it is told so at once, by an ICMP message.
                try node.serve([])
                _ = try node.endFlows(sparing: [])
                let refusal = #expect(throws: LabError.self) { try connection.request() }
                #expect(refusal?.description.contains("refused") == true)
            }
        }
    }
}
