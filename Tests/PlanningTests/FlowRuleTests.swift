import Addressing
import DataplaneModel
import SimulatedDataplane
import Testing

@Suite struct FlowRuleTests {
    private static let client = "10.244.0.9:4000"
    private static let service = "10.96.0.10:53"
    private static let first = "10.244.0.5:5353"
    private static let second = "10.244.0.6:5353"

    private static func endpoint(_ text: String) throws -> SocketEndpoint {
        try #require(SocketEndpoint(text))
    }

    private static func rule(
        _ destination: String,
        _ backends: [String],
        _ transport: TransportProtocol = .udp
    ) throws -> FlowRule {
        FlowRule(
            destination: try endpoint(destination),
            transport: transport,
            backends: Set(try backends.map { try endpoint($0) })
        )
    }

    private static func flow(
        to destination: String,
        answeredBy replySource: String,
        _ transport: TransportProtocol = .udp,
        client: String = Self.client,
        replyDestination: String? = nil,
        zone: UInt16 = 0,
        id: UInt32 = 1
    ) throws -> TrackedFlow {
        TrackedFlow(
            transport: transport,
            source: try endpoint(client),
            destination: try endpoint(destination),
            replySource: try endpoint(replySource),
            replyDestination: try endpoint(replyDestination ?? client),
            zone: zone,
            id: id
        )
    }

    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let backends: [String]
        var destination = FlowRuleTests.service
        let replySource: String
        var transport = TransportProtocol.udp
        var replyDestination: String?
        let isStale: Bool
    }

    @Test(arguments: [
        Case(
            testDescription: "an endpoint that is one",
            backends: [first, second],
            replySource: second,
            isStale: false
        ),
        Case(
            testDescription: "an endpoint, and a source that was rewritten",
            backends: [first],
            replySource: first,
            replyDestination: "192.0.2.10:61000",
            isStale: false
        ),
        Case(
            testDescription: "an endpoint that has left",
            backends: [second],
            replySource: first,
            isStale: true
        ),
        Case(
            testDescription: "another port of an endpoint",
            backends: [first],
            replySource: "10.244.0.5:53",
            isStale: true
        ),
        Case(
            testDescription: "nobody, as it was not served then",
            backends: [first],
            replySource: service,
            isStale: true
        ),
        Case(
            testDescription: "an endpoint, and none is left",
            backends: [],
            replySource: first,
            isStale: true
        ),
        Case(
            testDescription: "an endpoint of the node itself, at the same address and port",
            backends: [service],
            replySource: service,
            isStale: false
        ),
        Case(
            testDescription: "another port of the Service's address",
            backends: [],
            destination: "10.96.0.10:54",
            replySource: first,
            isStale: false
        ),
        Case(
            testDescription: "another address",
            backends: [],
            destination: "10.96.0.11:53",
            replySource: first,
            isStale: false
        ),
        Case(
            testDescription: "past the Service, to the endpoint itself",
            backends: [],
            destination: first,
            replySource: first,
            isStale: false
        ),
        Case(
            testDescription: "another protocol",
            backends: [],
            replySource: first,
            transport: .tcp,
            isStale: false
        ),
    ])
    func aFlowIsStaleWhenSomebodyAnswersWhoMayNot(_ sample: Case) throws {
        let rule = try Self.rule(Self.service, sample.backends)
        let flow = try Self.flow(
            to: sample.destination,
            answeredBy: sample.replySource,
            sample.transport,
            replyDestination: sample.replyDestination
        )
        #expect(rule.isStale(flow) == sample.isStale)
        #expect(FlowRules([rule]).isStale(flow) == sample.isStale)
    }

    @Test func rulesForTheSamePlaceAreOneWithAllTheirBackends() throws {
        let rules = FlowRules([
            try Self.rule(Self.service, [Self.first]),
            try Self.rule(Self.service, [Self.first], .tcp),
            try Self.rule(Self.service, [Self.second]),
        ])
        for backend in [Self.first, Self.second] {
            #expect(!rules.isStale(try Self.flow(to: Self.service, answeredBy: backend)))
        }
        #expect(rules.isStale(try Self.flow(to: Self.service, answeredBy: Self.service)))
        #expect(rules.isStale(try Self.flow(to: Self.service, answeredBy: Self.second, .tcp)))
    }

    @Test func rulesKnowWhatTheyAreAbout() throws {
        let rules = FlowRules([
            try Self.rule(Self.service, []), try Self.rule("[fd00:96::1]:53", [], .sctp),
        ])
        let found = AddressFamily.allCases.flatMap { family in
            TransportProtocol.allCases.filter { rules.concern(family, $0) }.map {
                "\(family) \($0)"
            }
        }
        #expect(found == ["IPv4 UDP", "IPv6 SCTP"])
        #expect(!rules.isEmpty)
        #expect(FlowRules([]).isEmpty)
    }

    @Test func theSimulatedKernelForgetsStaleFlowsAloneAndSaysHowMany() throws {
        let other = "10.96.0.11:53"
        let flows = [
            try Self.flow(to: Self.service, answeredBy: Self.first, id: 1),
            try Self.flow(to: Self.service, answeredBy: Self.second, id: 2),
            try Self.flow(to: Self.service, answeredBy: Self.service, zone: 7, id: 3),
            try Self.flow(to: other, answeredBy: other, id: 4),
        ]
        var kernel = SimulatedDataplane()
        kernel.flows = flows
        let rules = [try Self.rule(Self.service, [Self.second])]
        let error = DataplaneError(action: "list the tracked connections", code: .invalid)
        kernel.flowError = error
        #expect(throws: error) { try kernel.endFlows(matching: rules) }
        #expect(kernel.flows == flows)
        kernel.flowError = nil
        #expect(try kernel.endFlows(matching: rules) == 2)
        #expect(kernel.flows.map(\.id) == [2, 4])
        #expect(try kernel.endFlows(matching: rules) == 0)
        #expect(try kernel.endFlows(matching: []) == 0)
        #expect(kernel.flowRules == [rules, rules, rules])
        kernel.clearLog()
        #expect(kernel.flowRules.isEmpty)
    }
}
