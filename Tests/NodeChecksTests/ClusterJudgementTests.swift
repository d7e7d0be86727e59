import NodeChecks
import Testing

@Suite struct ClusterJudgementTests {
    static let cases: [Case] = [
        Case(
            "a server that cannot be reached",
            .server,
            of: "API server",
            .failure,
            "no route to host",
            "goes on serving"
        ) { node in
            node.cluster = ClusterObservation(problem: "no route to host")
        },
        Case("a server that answers", .server, of: "API server", .ok, "v1.36.2") { node in
            node.cluster = ClusterObservation(version: "v1.36.2", readable: ["services"])
        },
        Case("objects to be read", .reading, of: "objects", .ok, "services, nodes") { node in
            node.cluster = ClusterObservation(readable: ["services", "nodes"])
        },
        Case(
            "a right that is missing",
            .reading,
            of: "nodes",
            .failure,
            "grant",
            "Nothing is programmed"
        ) { node in
            node.cluster = ClusterObservation(refusals: ["nodes": "forbidden; grant list"])
        },
    ]

    @Test(arguments: cases)
    func whatIsSeenOfTheClusterIsJudged(row: Case) throws { try JudgementTests.judge(row) }

    @Test func aNodeWithoutAClusterIsNotAskedForOne() {
        let report = NodeReport(of: .healthy(), for: ServingIntent())
        #expect(!report.findings.contains { $0.check == .server || $0.check == .reading })
    }
}
