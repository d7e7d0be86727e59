import Addressing
import DataplaneModel
import LinuxDataplane
import NetworkLab
import Testing

/// Flows that the program `conntrack` makes, and what it finds of them afterwards.
@Suite(
    .enabled(if: TestKernel.ipvs.isProvided || TestKernel.host.isProvided, TestKernel.reason),
    .serialized
)
struct ConnectionTableTests {
    /// A flow as `conntrack -I` makes it.
    private struct Sample {
        let arguments: String
        var isStale = false

        static func stale(_ arguments: String) -> Sample {
            Sample(arguments: arguments, isStale: true)
        }

        static func live(_ arguments: String) -> Sample { Sample(arguments: arguments) }
    }

    /// `10.244.0.6:5353` and its IPv6 counterpart serve; those with a 5 have left.
    private static func rules() throws -> [FlowRule] {
        try [
            ("10.96.0.10:53", "10.244.0.6:5353"), ("[fd00:96::10]:53", "[fd00:244::6]:5353"),
            // Nobody sends anything there.
            ("10.96.0.77:53", "10.244.0.6:5353"),
        ].map { destination, backend in
            FlowRule(
                destination: try #require(SocketEndpoint(destination)),
                transport: .udp,
                backends: [try #require(SocketEndpoint(backend))]
            )
        }
    }

    private static let toService = "-s 10.244.0.9 -d 10.96.0.10 --dport 53"
    private static let toService6 = "-s fd00:244::9 -d fd00:96::10 --dport 53"

    /// Whether the kernel has zones; that of User Mode Linux does not.
    private static let hasZones: Bool = {
        let outcome = try? NetworkNamespace("zones").perform {
            try Command.execute(
                "conntrack",
                "-I -p udp \(toService) --sport 1001 --zone 7 -t 10".split(separator: " ").map {
                    String($0)
                }
            )
        }
        return outcome?.status == 0
    }()

    private static let samples = allSamples.filter { hasZones || !$0.arguments.contains("zone") }

    private static let allSamples: [Sample] = [
        .stale("-p udp \(toService) --sport 1001"),
        .stale("-p udp \(toService) --sport 1002 --dst-nat 10.244.0.5:5353"),
        .stale("-p udp \(toService) --sport 1003 --dst-nat 10.244.0.6:53"),
        .stale(
            "-p udp \(toService) --sport 1004 --dst-nat 10.244.0.5:5353 --src-nat 192.0.2.10:61004"
        ),
        .live("-p udp \(toService) --sport 1005 --dst-nat 10.244.0.6:5353"),
        .live(
            "-p udp \(toService) --sport 1006 --dst-nat 10.244.0.6:5353 --src-nat 192.0.2.10:61006"
        ),
        // The same ports in three zones, of which one leads to a live endpoint.
        .live("-p udp \(toService) --sport 1007 --dst-nat 10.244.0.6:5353 --zone 7"),
        .stale("-p udp \(toService) --sport 1007 --dst-nat 10.244.0.5:5353 --zone 8"),
        .stale("-p udp \(toService) --sport 1007"),
        .stale("-p udp \(toService) --sport 1008 --orig-zone 9"),
        .stale("-p udp \(toService) --sport 1009 --reply-zone 9"),
        .live("-p udp -s 10.244.0.9 -d 10.96.0.10 --sport 1001 --dport 54"),
        .live("-p udp -s 10.244.0.9 -d 10.96.0.11 --sport 1001 --dport 53"),
        .live("-p udp -s 10.244.0.9 -d 10.244.0.5 --sport 1001 --dport 5353"),
        .live("-p udp -s 10.96.0.10 -d 10.244.0.9 --sport 53 --dport 2001"),
        .live("-p tcp \(toService) --sport 1001 --state ESTABLISHED"),
        .live(
            "-p tcp \(toService) --sport 1002 --state ESTABLISHED --dst-nat 10.244.0.5:5353"
        ),
        .live(
            "-p sctp \(toService) --sport 1001 --state ESTABLISHED --orig-vtag 1 --reply-vtag 2"
        ),
        .live("-p icmp -s 10.244.0.9 -d 10.96.0.10 --icmp-type 8 --icmp-code 0 --icmp-id 53"),
        .stale("-p udp \(toService6) --sport 1001"),
        .stale("-p udp \(toService6) --sport 1002 --dst-nat [fd00:244::5]:5353"),
        .stale("-p udp \(toService6) --sport 1003 --dst-nat [fd00:244::5]:5353 --zone 7"),
        .live("-p udp \(toService6) --sport 1004 --dst-nat [fd00:244::6]:5353"),
        .live("-p udp -s fd00:244::9 -d fd00:96::11 --sport 1001 --dport 53"),
        .live("-p tcp \(toService6) --sport 1001 --state ESTABLISHED"),
    ]

    /// Makes flows, each with its position as its mark, from 1 on.
    private static func make(_ flows: [String]) throws {
        let lines = flows.enumerated().map { "-I \($1) -t 3000 -m \($0 + 1)\n" }
        // Not "-", as not every kernel here has a /dev/stdin.
        try Command.run("conntrack", ["-R", "/proc/self/fd/0"], input: lines.joined())
        try #require(listing().count == flows.count)
    }

    /// What the program lists, number included but without the time that is left; sorted.
    private static func listing() throws -> [String] {
        try Command.run("conntrack", ["-L", "-o", "id,extended"]).split(separator: "\n").map {
            var words = $0.split(separator: " ")
            words.remove(at: 4)
            return words.joined(separator: " ")
        }.sorted()
    }

    /// Lines without those of flows with these marks.
    private static func lines(_ lines: [String], withoutMarks marks: [Int]) -> [String] {
        let words = Set(marks.map { "mark=\($0)" })
        return lines.filter { line in
            !line.split(separator: " ").contains { words.contains(String($0)) }
        }
    }

    private static let staleMarks = samples.indices.filter { samples[$0].isStale }.map { $0 + 1 }

    /// Kernels before 5.8 filter nothing.
    @Test(arguments: [true, false])
    func staleFlowsEndAndAllOthersStayAsTheyAre(filtersInKernel: Bool) throws {
        try bareNode("flows").perform {
            try Self.make(Self.samples.map(\.arguments))
            let before = try Self.listing()
            var table = try ConnectionTable(filtersInKernel: filtersInKernel)
            let rules = FlowRules(try Self.rules())
            #expect(try table.endFlows(matching: rules) == Self.staleMarks.count)
            let expected = Self.lines(before, withoutMarks: Self.staleMarks)
            #expect(expected.count == before.count - Self.staleMarks.count)
            #expect(try Self.listing() == expected)
            #expect(try table.endFlows(matching: rules) == 0)
            #expect(try Self.listing() == expected)
        }
    }

    @Test func aServiceThatLostItsLastEndpointLosesAllItsFlows() throws {
        try bareNode("unserved").perform {
            try Self.make(Self.samples.map(\.arguments))
            let before = try Self.listing()
            let destination = try #require(SocketEndpoint("10.96.0.10:53"))
            var table = try ConnectionTable()
            let rule = FlowRule(destination: destination, transport: .udp, backends: [])
            let marks = Self.samples.indices.filter {
                Self.samples[$0].arguments.hasPrefix("-p udp \(Self.toService) ")
            }.map { $0 + 1 }
            #expect(marks.count >= 7)
            #expect(try table.endFlows(matching: FlowRules([rule])) == marks.count)
            #expect(try Self.listing() == Self.lines(before, withoutMarks: marks))
            let tcp = FlowRule(destination: destination, transport: .tcp, backends: [])
            #expect(try table.endFlows(matching: FlowRules([tcp])) == 2)
        }
    }

    @Test func threeStaleFlowsAreFoundAmongTwentyThousand() throws {
        try bareNode("many").perform {
            let stale = [1, 9_999, 20_000]
            try Self.make(
                (1...20_000).map { number in
                    let client = "10.245.\(number / 250).\(number % 250 + 1)"
                    let endpoint = stale.contains(number) ? "10.244.0.5" : "10.244.0.6"
                    return "-p udp -s \(client) -d 10.96.0.10 --sport 4000 --dport 53 "
                        + "--dst-nat \(endpoint):5353"
                }
            )
            let before = try Self.listing()
            var table = try ConnectionTable()
            #expect(try table.endFlows(matching: FlowRules(try Self.rules())) == 3)
            #expect(try Self.listing() == Self.lines(before, withoutMarks: stale))
        }
    }

    @Test func manyStaleFlowsEndInPortions() throws {
        try bareNode("portions").perform {
            try Self.make(
                (1...2_000).map { number in
                    let endpoint = number % 10 == 0 ? "10.244.0.6" : "10.244.0.5"
                    return "-p udp \(Self.toService) --sport \(10_000 + number) "
                        + "--dst-nat \(endpoint):5353"
                }
            )
            let before = try Self.listing()
            var table = try ConnectionTable(portion: 900)
            // The second portion is full as well, so it is asked a third time.
            #expect(try table.endFlows(matching: FlowRules(try Self.rules())) == 1_800)
            let stale = (1...2_000).filter { $0 % 10 != 0 }
            #expect(try Self.listing() == Self.lines(before, withoutMarks: stale))
        }
    }

    @Test func theKernelPassesOverOtherProtocolsItself() throws {
        try bareNode("protocols").perform {
            try Self.make(
                (1...1_000).map { number in
                    "-p tcp \(Self.toService) --sport \(10_000 + number) --state ESTABLISHED"
                }
            )
            let systemCalls = try [true, false].map { filtersInKernel in
                var table = try ConnectionTable(filtersInKernel: filtersInKernel)
                #expect(try table.flows(of: .udp, .ipv4).isEmpty)
                return table.systemCalls
            }
            #expect(systemCalls[0] < systemCalls[1], "\(systemCalls)")
            var table = try ConnectionTable()
            #expect(try table.flows(of: .tcp, .ipv4).count == 1_000)
            #expect(try table.flows(of: .tcp, .ipv4, atMost: 10).count == 10)
        }
    }

    /// Between the reading and the end of a flow another may begin in its place.
    @Test func aFlowWithAnotherNumberIsNotThatFlow() throws {
        try bareNode("number").perform {
            let zone = Self.hasZones ? " --zone 7" : ""
            try Self.make(["-p udp \(Self.toService) --sport 1001\(zone)"])
            let before = try Self.listing()
            var table = try ConnectionTable()
            let flow = try #require(try table.flows(of: .udp, .ipv4).first)
            #expect(flow.zone == (Self.hasZones ? 7 : 0))
            #expect(before.first?.hasSuffix(" id=\(flow.id)") == true)
            var others = [TrackedFlow(flow, zone: flow.zone, id: flow.id ^ 1)]
            if Self.hasZones {
                others += [0, 8].map { TrackedFlow(flow, zone: $0, id: flow.id) }
            }
            #expect(try table.end(others) == 0)
            #expect(try Self.listing() == before)
            #expect(try table.end([flow]) == 1)
            #expect(try Self.listing().isEmpty)
            // It is no error that it has ended.
            #expect(try table.end([flow]) == 0)
            #expect(try table.end([]) == 0)
        }
    }

    @Test func theDataplaneAsksTheKernelOnlyWhenThereAreRules() throws {
        try bareNode("dataplane").perform {
            try Self.make(Self.samples.map(\.arguments))
            var device = try LinuxDataplane(
                .iptables,
                device: "kube-ipvs0",
                stateDirectory: TestKernel.stateDirectory("flows")
            )
            let before = device.systemCalls
            #expect(try device.endFlows(matching: []) == 0)
            #expect(device.systemCalls == before)
            #expect(try device.endFlows(matching: Self.rules()) == Self.staleMarks.count)
            let after = device.systemCalls
            #expect(after > before)
            #expect(try device.endFlows(matching: Self.rules()) == 0)
            #expect(device.systemCalls > after)
        }
    }
}

extension TrackedFlow {
    /// The same between the same endpoints, and yet another.
    fileprivate init(_ flow: TrackedFlow, zone: UInt16, id: UInt32) {
        self.init(
            transport: flow.transport,
            source: flow.source,
            destination: flow.destination,
            replySource: flow.replySource,
            replyDestination: flow.replyDestination,
            zone: zone,
            id: id
        )
    }
}

/// A kernel that tracks connections and does not tell them.
@Suite(.enabled(if: TestKernel.forgetful.isProvided, TestKernel.reason), .serialized)
struct WithoutConnectionListTests {
    @Test func whatIsMissingIsSaidWithAWayOut() throws {
        try bareNode("silent").perform {
            var device = try LinuxDataplane(
                .iptables,
                device: "kube-ipvs0",
                stateDirectory: TestKernel.stateDirectory("silent")
            )
            let rule = FlowRule(
                destination: try #require(SocketEndpoint("10.96.0.10:53")),
                transport: .udp,
                backends: []
            )
            #expect(try device.endFlows(matching: []) == 0)
            // Each time again: the module may come.
            for _ in 1...2 {
                let error = #expect(throws: DataplaneError.self) {
                    try device.endFlows(matching: [rule])
                }
                #expect(error?.code == .invalid)
                #expect(error?.hint.contains("modprobe nf_conntrack_netlink") == true)
            }
        }
    }
}
