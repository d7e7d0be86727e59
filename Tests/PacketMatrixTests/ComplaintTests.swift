import Addressing
import PacketMatrix
import Testing

/// A comparison that never complains would make every matrix pass.
@Suite struct ComplaintTests {
    private static func cell(
        _ scenario: String,
        _ client: Vantage,
        _ door: Door,
        _ family: AddressFamily = .ipv4
    ) throws -> Cell {
        try #require(
            PacketMatrix.cells.first {
                $0.scenario.name == scenario && $0.client == client && $0.door == door
                    && $0.family == family && $0.knock != .ping && $0.knock != .atHostPort
                    && $0.transport == .tcp
            }
        )
    }

    private static func answer(_ name: String, _ source: IPAddress) -> Observation {
        .answered(by: name, source: source)
    }

    @Test(arguments: AddressFamily.allCases)
    func whoAnsweredAndWhatItSawCount(_ family: AddressFamily) throws {
        let fromPod = try Self.cell("only-near", .pod, .clusterIP, family)
        let fromNode = try Self.cell("only-near", .node, .clusterIP, family)
        let toHost = try Self.cell("near-host", .outside, .clusterIP, family)
        let pod = Vantage.pod.address(family)
        let node = World.nodeAddress(1, family)
        let other = World.nodeAddress(2, family)
        let gateway = World.podGateway(ofNode: 1, family)
        #expect(fromPod.complaint(about: [Self.answer("near-1", pod)]) == nil)
        #expect(fromPod.complaint(about: [Self.answer("near-1", node)]) != nil)
        #expect(fromPod.complaint(about: [Self.answer("near-2", pod)]) != nil)
        #expect(fromNode.complaint(about: [Self.answer("near-1", gateway)]) == nil)
        #expect(fromNode.complaint(about: [Self.answer("near-1", pod)]) != nil)
        let outside = Vantage.outside.address(family)
        #expect(toHost.complaint(about: [Self.answer("near-host", outside)]) == nil)
        #expect(toHost.complaint(about: [Self.answer("near-host", node)]) == nil)
        #expect(toHost.complaint(about: [Self.answer("near-host", other)]) != nil)
    }

    @Test func onlyWhatIsExpectedPasses() throws {
        let answered = try Self.cell("only-near", .pod, .clusterIP)
        let refused = try Self.cell("empty", .pod, .clusterIP)
        let timedOut = try Self.cell("internal-local-elsewhere", .pod, .clusterIP)
        let passedOn = try Self.cell("proxying-load-balancer", .pod, .loadBalancerIP)
        let served = Self.answer("near-1", Vantage.pod.address(.ipv4))
        for observation in [served, .refused, .timedOut, .echoed, .other("no route to host")] {
            let isSilence = observation == .timedOut
            #expect((answered.complaint(about: [observation]) == nil) == (observation == served))
            #expect((refused.complaint(about: [observation]) == nil) == (observation == .refused))
            #expect((timedOut.complaint(about: [observation]) == nil) == isSilence)
            #expect((passedOn.complaint(about: [observation]) == nil) == isSilence)
        }
        #expect(answered.complaint(about: []) != nil)
    }

    @Test func allAnswersOfACellCountTogether() throws {
        let pod = Vantage.pod.address(.ipv4)
        let all = try Self.cell("zone-hints", .pod, .clusterIP)
        #expect(all.complaint(about: ["near-1", "far-1"].map { Self.answer($0, pod) }) == nil)
        #expect(all.complaint(about: ["near-1", "near-1"].map { Self.answer($0, pod) }) != nil)
        let one = try Self.cell("affinity", .pod, .clusterIP)
        #expect(one.complaint(about: ["far-1", "far-1"].map { Self.answer($0, pod) }) == nil)
        #expect(one.complaint(about: ["near-1", "far-1"].map { Self.answer($0, pod) }) != nil)
    }

    @Test func aComplaintNamesTheCellAndItsRule() throws {
        let cell = try Self.cell("external-local-elsewhere", .outside, .loadBalancerIP, .ipv6)
        let complaint = try #require(cell.complaint(about: [.refused]))
        for part in [
            "external-local-elsewhere", "a client outside", "the load balancer IP",
            "[2001:db8:198::21]:80", "TCP", "expected: timed out", "got: refused",
            cell.rule.statement, cell.rule.source,
        ] {
            #expect(complaint.contains(part), "\(complaint)")
        }
    }
}
