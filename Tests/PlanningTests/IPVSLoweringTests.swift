import Addressing
import DataplaneModel
import Planning
import Routing
import ServiceModel
import Testing

/// Frontends of `default/web:http`, on a node that has 192.0.2.10, 192.0.2.11 and 2001:db8::10.
@Suite struct IPVSLoweringTests {
    struct Example: CustomTestStringConvertible {
        let name: String
        var lowering = IPVSLoweringTests.lowering
        let frontend: Frontend
        var mark: UInt32? = 4096
        let lines: [String]

        var testDescription: String { name }
    }

    private static let whole: [Example] = [
        Example(
            name: "a cluster IP",
            frontend: frontend(clusterIP, .clusterIP, inside: pods([], [1, 2]), .everyoneButPods),
            lines: [
                "TCP 10.96.0.1:80 rr → 10.244.0.1 10.244.0.2",
                "FAIRLEAD-ADDRESSES 10.96.0.1", "FAIRLEAD-CLUSTER 10.96.0.1,tcp:80",
                "route 10.96.0.1 from 192.0.2.10",
            ]
        ),
        Example(
            name: "a cluster IP that masquerades pods too",
            frontend: frontend(clusterIP, .clusterIP, inside: pods([], [1]), .everyone),
            lines: [
                "TCP 10.96.0.1:80 rr → 10.244.0.1",
                "FAIRLEAD-ADDRESSES 10.96.0.1", "FAIRLEAD-EXTERNAL 10.96.0.1,tcp:80",
                "route 10.96.0.1 from 192.0.2.10",
            ]
        ),
        Example(
            name: "a cluster IP without endpoints",
            frontend: frontend(clusterIP, .clusterIP, inside: .reject, .everyoneButPods),
            lines: [
                "FAIRLEAD-ADDRESSES 10.96.0.1", "FAIRLEAD-REJECT 10.96.0.1,tcp:80",
                "route 10.96.0.1 from 192.0.2.10",
            ]
        ),
        Example(
            name: "a cluster IP without local endpoints",
            frontend: frontend(clusterIP, .clusterIP, inside: .drop, .everyoneButPods),
            lines: [
                "FAIRLEAD-ADDRESSES 10.96.0.1", "FAIRLEAD-DROP 10.96.0.1,tcp:80",
                "route 10.96.0.1 from 192.0.2.10",
            ]
        ),
        Example(
            name: "a cluster IP of IPv6, for a node without a source of that family",
            frontend: frontend(
                key("[fd00:96::1]:53", .udp),
                .clusterIP,
                inside: .reject,
                .everyoneButPods
            ),
            lines: [
                "FAIRLEAD-6-ADDRESSES fd00:96::1", "FAIRLEAD-6-REJECT fd00:96::1,udp:53",
                "route fd00:96::1",
            ]
        ),
        Example(
            name: "a load balancer for all nodes' endpoints",
            frontend: frontend(balancer, .loadBalancer, inside: pods([], [1]), .everyone),
            lines: [
                "TCP 203.0.113.9:80 rr → 10.244.0.1",
                "FAIRLEAD-ADDRESSES 203.0.113.9", "FAIRLEAD-EXTERNAL 203.0.113.9,tcp:80",
                "route 203.0.113.9 from 192.0.2.10",
            ]
        ),
        Example(
            name: "an external IP with endpoints here for those outside",
            frontend: frontend(
                key("198.51.100.7:80"),
                .externalIP,
                inside: pods([1], [2]),
                outside: pods([1]),
                .nodeOnly
            ),
            lines: [
                "FWM 4096 rr → 10.244.0.1 10.244.0.2", "TCP 198.51.100.7:80 rr → 10.244.0.1",
                "FAIRLEAD-ADDRESSES 198.51.100.7",
                "FAIRLEAD-HAIRPIN 10.244.0.1,tcp:8080,10.244.0.1",
                "FAIRLEAD-INSIDE 198.51.100.7,tcp:80 mark 4096",
                "FAIRLEAD-LOCAL 198.51.100.7,tcp:80", "route 198.51.100.7 from 192.0.2.10",
            ]
        ),
        Example(
            name: "a load balancer without endpoints here for those outside",
            frontend: frontend(
                balancer,
                .loadBalancer,
                inside: pods([], [1]),
                outside: .drop,
                .nodeOnly
            ),
            lines: [
                "FWM 4096 rr → 10.244.0.1", "FAIRLEAD-ADDRESSES 203.0.113.9",
                "FAIRLEAD-DROP 203.0.113.9,tcp:80", "FAIRLEAD-INSIDE 203.0.113.9,tcp:80 mark 4096",
                "route 203.0.113.9 from 192.0.2.10",
            ]
        ),
        Example(
            name: "the mark stays while all endpoints are here, as its connections do",
            frontend: frontend(balancer, .loadBalancer, inside: pods([1]), .nodeOnly),
            lines: [
                "FWM 4096 rr → 10.244.0.1", "TCP 203.0.113.9:80 rr → 10.244.0.1",
                "FAIRLEAD-ADDRESSES 203.0.113.9",
                "FAIRLEAD-HAIRPIN 10.244.0.1,tcp:8080,10.244.0.1",
                "FAIRLEAD-INSIDE 203.0.113.9,tcp:80 mark 4096",
                "FAIRLEAD-LOCAL 203.0.113.9,tcp:80", "route 203.0.113.9 from 192.0.2.10",
            ]
        ),
        Example(
            name: "a mark that is not needed is not used",
            frontend: frontend(balancer, .loadBalancer, inside: pods([1]), .everyone),
            lines: [
                "TCP 203.0.113.9:80 rr → 10.244.0.1", "FAIRLEAD-ADDRESSES 203.0.113.9",
                "FAIRLEAD-EXTERNAL 203.0.113.9,tcp:80",
                "FAIRLEAD-HAIRPIN 10.244.0.1,tcp:8080,10.244.0.1",
                "route 203.0.113.9 from 192.0.2.10",
            ]
        ),
        Example(
            name: "a node port, at each address of the node that serves them",
            frontend: frontend(nodePort, .nodePort, inside: pods([], [1]), .everyone),
            lines: [
                "TCP 192.0.2.10:30080 rr → 10.244.0.1", "TCP 192.0.2.11:30080 rr → 10.244.0.1",
                "FAIRLEAD-EXTERNAL 192.0.2.10,tcp:30080", "FAIRLEAD-EXTERNAL 192.0.2.11,tcp:30080",
            ]
        ),
        Example(
            name: "a node port without endpoints here for those outside",
            frontend: frontend(
                nodePort,
                .nodePort,
                inside: pods([], [1]),
                outside: .drop,
                .nodeOnly
            ),
            lines: [
                "FWM 4096 rr → 10.244.0.1", "FAIRLEAD-DROP 192.0.2.10,tcp:30080",
                "FAIRLEAD-DROP 192.0.2.11,tcp:30080",
                "FAIRLEAD-INSIDE 192.0.2.10,tcp:30080 mark 4096",
                "FAIRLEAD-INSIDE 192.0.2.11,tcp:30080 mark 4096",
            ]
        ),
    ]

    private static let withoutMark: [Example] = [
        Example(
            name: "all get what those outside get",
            frontend: frontend(
                balancer,
                .loadBalancer,
                inside: pods([1], [2]),
                outside: pods([1]),
                .nodeOnly
            ),
            mark: nil,
            lines: [
                "TCP 203.0.113.9:80 rr → 10.244.0.1", "FAIRLEAD-ADDRESSES 203.0.113.9",
                "FAIRLEAD-HAIRPIN 10.244.0.1,tcp:8080,10.244.0.1",
                "FAIRLEAD-LOCAL 203.0.113.9,tcp:80", "route 203.0.113.9 from 192.0.2.10",
            ]
        ),
        Example(
            name: "all are dropped where those outside are",
            frontend: frontend(
                balancer,
                .loadBalancer,
                inside: pods([], [2]),
                outside: .drop,
                .nodeOnly
            ),
            mark: nil,
            lines: [
                "FAIRLEAD-ADDRESSES 203.0.113.9", "FAIRLEAD-DROP 203.0.113.9,tcp:80",
                "route 203.0.113.9 from 192.0.2.10",
            ]
        ),
        Example(
            name: "without a filter either: those here",
            lowering: unfiltered,
            frontend: frontend(
                balancer,
                .loadBalancer,
                inside: pods([1], [2]),
                outside: pods([1]),
                .nodeOnly
            ),
            lines: ["TCP 203.0.113.9:80 rr → 10.244.0.1", "route 203.0.113.9 from 192.0.2.10"]
        ),
        Example(
            name: "without a filter either: all where nobody is here",
            lowering: unfiltered,
            frontend: frontend(
                balancer,
                .loadBalancer,
                inside: pods([], [2]),
                outside: .drop,
                .nodeOnly,
                allowed: ["198.51.100.0/24"]
            ),
            lines: ["TCP 203.0.113.9:80 rr → 10.244.0.2", "route 203.0.113.9 from 192.0.2.10"]
        ),
        Example(
            name: "without a filter: a virtual server with nobody refuses",
            lowering: unfiltered,
            frontend: frontend(clusterIP, .clusterIP, inside: .reject, .everyoneButPods),
            lines: ["TCP 10.96.0.1:80 rr → ", "route 10.96.0.1 from 192.0.2.10"]
        ),
        Example(
            name: "without a filter: what cannot be dropped is refused",
            lowering: unfiltered,
            frontend: frontend(clusterIP, .clusterIP, inside: .drop, .everyoneButPods),
            lines: ["TCP 10.96.0.1:80 rr → ", "route 10.96.0.1 from 192.0.2.10"]
        ),
    ]

    private static let atTheNode: [Example] = [
        Example(
            name: "an external IP is served and not announced",
            frontend: frontend(
                key("192.0.2.10:8080"),
                .externalIP,
                inside: pods([], [1]),
                .everyone
            ),
            lines: [
                "TCP 192.0.2.10:8080 rr → 10.244.0.1", "FAIRLEAD-EXTERNAL 192.0.2.10,tcp:8080",
            ]
        ),
        Example(
            name: "a load balancer is served and not announced, bound or not",
            lowering: bound,
            frontend: frontend(
                key("192.0.2.10:8080"),
                .loadBalancer,
                inside: pods([], [1]),
                .everyone
            ),
            lines: [
                "TCP 192.0.2.10:8080 rr → 10.244.0.1", "FAIRLEAD-EXTERNAL 192.0.2.10,tcp:8080",
            ]
        ),
        Example(
            name: "a cluster IP is refused",
            frontend: frontend(key("192.0.2.10:80"), .clusterIP, inside: pods([1]), .everyone),
            lines: []
        ),
        Example(
            name: "an endpoint with the node's address is no hairpin",
            frontend: frontend(
                clusterIP,
                .clusterIP,
                inside: .balance([
                    Backend(
                        address: SocketEndpoint(address("10.244.0.1"), 8080),
                        isLocal: true
                    ),
                    Backend(
                        address: SocketEndpoint(address("192.0.2.11"), 8080),
                        isLocal: true
                    ),
                ]),
                .everyoneButPods
            ),
            lines: [
                "TCP 10.96.0.1:80 rr → 10.244.0.1 192.0.2.11",
                "FAIRLEAD-ADDRESSES 10.96.0.1", "FAIRLEAD-CLUSTER 10.96.0.1,tcp:80",
                "FAIRLEAD-HAIRPIN 10.244.0.1,tcp:8080,10.244.0.1",
                "route 10.96.0.1 from 192.0.2.10",
            ]
        ),
        Example(
            name: "a node port where the node has no address for it has no virtual server",
            lowering: {
                var copy = lowering
                copy.nodePortAddresses = [address("2001:db8::10")]
                return copy
            }(),
            frontend: frontend(
                nodePort,
                .nodePort,
                inside: pods([], [1]),
                outside: .drop,
                .nodeOnly
            ),
            lines: []
        ),
    ]

    @Test(arguments: whole)
    func lowers(_ example: Example) {
        let lowered = example.lowering.lower(example.frontend, mark: example.mark)
        #expect(Self.lines(lowered) == example.lines)
        #expect(lowered.owner == "default/web:http")
        #expect(lowered.problems.isEmpty)
    }

    @Test(arguments: withoutMark)
    func treatsAllClientsAlikeWhereTheyCannotBeToldApart(_ example: Example) {
        let lowered = example.lowering.lower(example.frontend, mark: example.mark)
        #expect(Self.lines(lowered) == example.lines)
    }

    @Test(arguments: atTheNode)
    func takesNothingFromTheNode(_ example: Example) {
        let lowered = example.lowering.lower(example.frontend, mark: example.mark)
        #expect(Self.lines(lowered) == example.lines)
        let isRefused = example.frontend.kind == .clusterIP && lowered.servers.isEmpty
        #expect(lowered.problems.map(\.field) == (isRefused ? ["spec.clusterIPs"] : []))
    }

    /// Connections go to the same real servers either way.
    @Test(arguments: whole + withoutMark + atTheNode)
    func lowersTheSameForChainsButForTheScheduler(_ example: Example) {
        var lowering = example.lowering
        lowering.mode = .iptables
        let lowered = lowering.lower(example.frontend, mark: example.mark)
        let lines = example.lines.map { line in
            line.split(separator: " ", omittingEmptySubsequences: false)
                .map { $0 == "rr" ? "random" : $0 }.joined(separator: " ")
        }
        #expect(Self.lines(lowered) == lines)
    }

    @Test(
        arguments: [
            ("here", pods([1]), [1]), ("elsewhere", pods([], [1]), []),
            ("mixed", pods([1, 2], [3]), [1, 2]), ("nobody", .reject, []),
        ] as [(String, Target, [Int])]
    )
    func anEndpointOfThisNodeMayBeItsOwnClient(name: String, target: Target, hairpins: [Int]) {
        for rewriting in Frontend.SourceRewriting.allCases {
            let frontend = Self.frontend(Self.clusterIP, .clusterIP, inside: target, rewriting)
            let found = Self.lowering.lower(frontend, mark: nil).memberships.filter {
                $0.set.role == .hairpin
            }
            #expect(
                found.map { "\($0.member)" }
                    == hairpins.map { "10.244.0.\($0),tcp:8080,10.244.0.\($0)" }
            )
        }
    }
}
