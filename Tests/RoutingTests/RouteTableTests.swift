import Addressing
import Routing
import ServiceModel
import Testing

extension FrontendKey {
    /// 10.96.0.`host`, TCP.
    init(host: UInt32, port: UInt16 = 80, transport: TransportProtocol = .tcp) {
        self.init(SocketEndpoint(.ipv4(0x0a60_0000 | host), port), transport)
    }
}

extension Frontend {
    /// A frontend of the only port of `default/service`; `backend` tells versions apart.
    init(_ service: String, at key: FrontendKey, created: Int64? = nil, backend: UInt32? = nil) {
        let target =
            backend.map {
                Target.balance([
                    Backend(address: SocketEndpoint(.ipv4(0x0af4_0000 | $0), 8080))
                ])
            } ?? .reject
        self.init(
            key: key,
            service: ServicePortName(
                service: ObjectName(namespace: "default", name: service),
                port: ""
            ),
            creationTime: created,
            inside: target,
            outside: target,
            affinity: .none,
            scheduler: SchedulerRequest(name: "rr")
        )
    }
}

extension RouteTable {
    /// Takes in the frontends of `default/service`; answers the keys that changed, sorted, once.
    mutating func changes(
        _ service: String,
        with frontends: [Frontend]
    ) -> [FrontendKey] {
        var changed: Set<FrontendKey> = []
        replace(ObjectName(namespace: "default", name: service), with: frontends) {
            changed.insert($0)
        }
        return changed.sorted()
    }

    /// The name of the Service that holds a key.
    func holder(of key: FrontendKey) -> String? { self[key]?.service.service.name }
}

@Suite struct RouteTableTests {
    private static let key = FrontendKey(host: 1)
    private static let other = FrontendKey(host: 2)

    struct Step {
        let story: String
        let service: String
        let frontends: [Frontend]
        let changes: [FrontendKey]
        /// Who holds the contested key behind it.
        let holder: String?
        var losers: [String] = []
    }

    struct Story: CustomTestStringConvertible {
        let title: String
        let steps: [Step]

        var testDescription: String { title }
    }

    static let stories = [
        Story(
            title: "one Service",
            steps: [
                Step(
                    story: "comes",
                    service: "a",
                    frontends: [Frontend("a", at: key)],
                    changes: [key],
                    holder: "a"
                ),
                Step(
                    story: "is said again",
                    service: "a",
                    frontends: [Frontend("a", at: key)],
                    changes: [],
                    holder: "a"
                ),
                Step(
                    story: "gets a backend",
                    service: "a",
                    frontends: [Frontend("a", at: key, backend: 1)],
                    changes: [key],
                    holder: "a"
                ),
                Step(
                    story: "gets a second address",
                    service: "a",
                    frontends: [
                        Frontend("a", at: key, backend: 1), Frontend("a", at: other, backend: 1),
                    ],
                    changes: [other],
                    holder: "a"
                ),
                Step(
                    story: "loses the first",
                    service: "a",
                    frontends: [Frontend("a", at: other, backend: 1)],
                    changes: [key],
                    holder: nil
                ),
                Step(story: "goes", service: "a", frontends: [], changes: [other], holder: nil),
                Step(story: "goes again", service: "a", frontends: [], changes: [], holder: nil),
            ]
        ),
        Story(
            title: "the older wins, whoever came first",
            steps: [
                Step(
                    story: "the younger comes",
                    service: "a",
                    frontends: [Frontend("a", at: key, created: 20)],
                    changes: [key],
                    holder: "a"
                ),
                Step(
                    story: "the older takes over",
                    service: "b",
                    frontends: [Frontend("b", at: key, created: 10)],
                    changes: [key],
                    holder: "b",
                    losers: ["a"]
                ),
                Step(
                    story: "the older is said again",
                    service: "b",
                    frontends: [Frontend("b", at: key, created: 10)],
                    changes: [],
                    holder: "b",
                    losers: ["a"]
                ),
                Step(
                    story: "the younger changes unseen",
                    service: "a",
                    frontends: [Frontend("a", at: key, created: 20, backend: 1)],
                    changes: [],
                    holder: "b",
                    losers: ["a"]
                ),
                Step(
                    story: "the older changes",
                    service: "b",
                    frontends: [Frontend("b", at: key, created: 10, backend: 2)],
                    changes: [key],
                    holder: "b",
                    losers: ["a"]
                ),
                Step(
                    story: "the older goes elsewhere",
                    service: "b",
                    frontends: [Frontend("b", at: other, created: 10)],
                    changes: [key, other],
                    holder: "a"
                ),
                Step(
                    story: "the older comes back",
                    service: "b",
                    frontends: [Frontend("b", at: key, created: 10)],
                    changes: [key, other],
                    holder: "b",
                    losers: ["a"]
                ),
                Step(
                    story: "the older goes",
                    service: "b",
                    frontends: [],
                    changes: [key],
                    holder: "a"
                ),
                Step(
                    story: "the younger goes",
                    service: "a",
                    frontends: [],
                    changes: [key],
                    holder: nil
                ),
            ]
        ),
        Story(
            title: "a Service that is made anew loses its age",
            steps: [
                Step(
                    story: "the older comes",
                    service: "a",
                    frontends: [Frontend("a", at: key, created: 10)],
                    changes: [key],
                    holder: "a"
                ),
                Step(
                    story: "the younger waits",
                    service: "b",
                    frontends: [Frontend("b", at: key, created: 20)],
                    changes: [],
                    holder: "a",
                    losers: ["b"]
                ),
                Step(
                    story: "the older is made anew",
                    service: "a",
                    frontends: [Frontend("a", at: key, created: 30)],
                    changes: [key],
                    holder: "b",
                    losers: ["a"]
                ),
                Step(
                    story: "and is older once more",
                    service: "a",
                    frontends: [Frontend("a", at: key, created: 5)],
                    changes: [key],
                    holder: "a",
                    losers: ["b"]
                ),
            ]
        ),
        Story(
            title: "an unknown age is the youngest, and names decide the rest",
            steps: [
                Step(
                    story: "c has no age",
                    service: "c",
                    frontends: [Frontend("c", at: key)],
                    changes: [key],
                    holder: "c"
                ),
                Step(
                    story: "nor has b",
                    service: "b",
                    frontends: [Frontend("b", at: key)],
                    changes: [key],
                    holder: "b",
                    losers: ["c"]
                ),
                Step(
                    story: "z has one",
                    service: "z",
                    frontends: [Frontend("z", at: key, created: 99)],
                    changes: [key],
                    holder: "z",
                    losers: ["b", "c"]
                ),
                Step(
                    story: "y has the same",
                    service: "y",
                    frontends: [Frontend("y", at: key, created: 99)],
                    changes: [key],
                    holder: "y",
                    losers: ["b", "c", "z"]
                ),
            ]
        ),
        Story(
            title: "three claim one key",
            steps: [
                Step(
                    story: "the second comes",
                    service: "b",
                    frontends: [Frontend("b", at: key, created: 20)],
                    changes: [key],
                    holder: "b"
                ),
                Step(
                    story: "the third waits",
                    service: "c",
                    frontends: [Frontend("c", at: key, created: 30)],
                    changes: [],
                    holder: "b",
                    losers: ["c"]
                ),
                Step(
                    story: "the first takes over",
                    service: "a",
                    frontends: [Frontend("a", at: key, created: 10)],
                    changes: [key],
                    holder: "a",
                    losers: ["b", "c"]
                ),
                Step(
                    story: "the second goes unseen",
                    service: "b",
                    frontends: [],
                    changes: [],
                    holder: "a",
                    losers: ["c"]
                ),
                Step(
                    story: "the second comes back",
                    service: "b",
                    frontends: [Frontend("b", at: key, created: 20)],
                    changes: [],
                    holder: "a",
                    losers: ["b", "c"]
                ),
                Step(
                    story: "the first goes and the second follows",
                    service: "a",
                    frontends: [],
                    changes: [key],
                    holder: "b",
                    losers: ["c"]
                ),
                Step(
                    story: "the second goes and the third follows",
                    service: "b",
                    frontends: [],
                    changes: [key],
                    holder: "c"
                ),
            ]
        ),
        Story(
            title: "the claims of one Service on one key are one",
            steps: [
                Step(
                    story: "twice at once",
                    service: "a",
                    frontends: [Frontend("a", at: key), Frontend("a", at: key)],
                    changes: [key],
                    holder: "a"
                ),
                Step(
                    story: "against another",
                    service: "b",
                    frontends: [
                        Frontend("b", at: key, created: 1), Frontend("b", at: key, created: 1),
                    ],
                    changes: [key],
                    holder: "b",
                    losers: ["a"]
                ),
                Step(
                    story: "the other goes",
                    service: "b",
                    frontends: [],
                    changes: [key],
                    holder: "a"
                ),
                Step(story: "both go", service: "a", frontends: [], changes: [key], holder: nil),
            ]
        ),
    ]

    @Test(arguments: stories)
    func keepsTheOlderServiceOnAContestedAddress(_ story: Story) {
        var table = RouteTable()
        for step in story.steps {
            let changes = table.changes(step.service, with: step.frontends)
            #expect(changes == step.changes, "\(step.story)")
            #expect(table.holder(of: Self.key) == step.holder, "\(step.story)")
            let losers = table.conflicts.map(\.object.name.name)
            #expect(losers == step.losers, "\(step.story)")
        }
    }

    @Test(arguments: stories)
    func isChangedByNoRepetition(_ story: Story) {
        var table = RouteTable()
        for step in story.steps {
            _ = table.changes(step.service, with: step.frontends)
            #expect(table.changes(step.service, with: step.frontends).isEmpty, "\(step.story)")
            #expect(table.holder(of: Self.key) == step.holder, "\(step.story)")
        }
    }

    @Test func tellsTheLosersWhatTheyLostToWhom() {
        var table = RouteTable()
        table.reserveCapacity(8)
        #expect(table.conflicts.isEmpty)
        let later = FrontendKey(host: 2, port: 443)
        _ = table.changes(
            "old",
            with: [
                Frontend("old", at: Self.key, created: 1), Frontend("old", at: later, created: 1),
            ]
        )
        _ = table.changes("new", with: [Frontend("new", at: later, created: 3)])
        _ = table.changes(
            "mid",
            with: [
                Frontend("mid", at: later, created: 2), Frontend("mid", at: Self.key, created: 2),
            ]
        )
        let rest =
            "belongs to Service default/old, which has it as a cluster IP, is older, or comes first by name; "
            + "this Service gets no traffic there until "
            + "one of them uses another address or port"
        #expect(
            table.conflicts.map(\.description) == [
                "Service default/mid: spec.clusterIPs: 10.96.0.1:80/TCP \(rest)",
                "Service default/mid: spec.clusterIPs: 10.96.0.2:443/TCP \(rest)",
                "Service default/new: spec.clusterIPs: 10.96.0.2:443/TCP \(rest)",
            ]
        )
        #expect(table.count == 2)
        #expect(table.keys.sorted() == [Self.key, later])
    }

    @Test func protocolsAndPortsOfOneAddressAreNoConflict() {
        var table = RouteTable()
        let udp = FrontendKey(host: 1, transport: .udp)
        let https = FrontendKey(host: 1, port: 443)
        _ = table.changes("a", with: [Frontend("a", at: Self.key)])
        _ = table.changes("b", with: [Frontend("b", at: udp)])
        _ = table.changes("c", with: [Frontend("c", at: https)])
        #expect(table.conflicts.isEmpty)
        #expect([Self.key, udp, https].map { table.holder(of: $0) } == ["a", "b", "c"])
    }
}
