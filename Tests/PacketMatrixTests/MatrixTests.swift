import Addressing
import PacketMatrix
import ServiceModel
import Testing

/// The table is held against itself: what it says may be wrong, but must have one meaning.
@Suite struct MatrixTests {
    /// What a client does, without what is expected of it.
    private struct Question: Hashable {
        let client: Vantage
        let destination: SocketEndpoint
        let transport: TransportProtocol
        let isPing: Bool

        init(_ cell: Cell) {
            client = cell.client
            isPing = cell.knock == .ping
            destination = cell.destination
            transport = cell.transport
        }
    }

    @Test func noQuestionIsAskedTwiceAlike() {
        var seen: [Question: Set<Knock>] = [:]
        for cell in PacketMatrix.cells {
            let isNew = seen[Question(cell), default: []].insert(cell.knock).inserted
            #expect(isNew, "twice: \(cell)")
        }
    }

    @Test func noQuestionHasTwoAnswers() {
        var answers: [Question: Promise] = [:]
        for cell in PacketMatrix.cells {
            let previous = answers.updateValue(cell.promise, forKey: Question(cell))
            #expect(previous == nil || previous == cell.promise, "\(cell)")
        }
    }

    @Test func everyRuleIsKeptForEachFamily() {
        #expect(Set(PacketMatrix.rules).count == PacketMatrix.rules.count)
        for rule in PacketMatrix.rules {
            let families = Set(PacketMatrix.cells.filter { $0.rule == rule }.map(\.family))
            #expect(families == Set(AddressFamily.allCases), "\(rule.statement)")
        }
    }

    @Test func everyKindOfClientAddressAndProtocolOccurs() {
        let cells = PacketMatrix.cells
        #expect(Set(cells.map(\.client)) == Set(Vantage.allCases))
        #expect(Set(cells.map(\.door)) == Set(Door.allCases))
        #expect(Set(cells.map(\.transport)) == Set(TransportProtocol.allCases))
    }

    @Test func whoIsExpectedToAnswerIsAnEndpointOfTheService() {
        for cell in PacketMatrix.cells {
            guard case .answered(let names, _) = cell.promise else { continue }
            #expect(!names.isEmpty, "\(cell)")
            #expect(names.isSubset(of: cell.scenario.endpoints.map(\.name)), "\(cell)")
        }
    }

    @Test func anAddressThatAServiceLacksAnswersNobody() {
        for cell in PacketMatrix.cells
        where !cell.scenario.doors.contains(cell.door)
            || !cell.scenario.families.contains(cell.family)
        {
            #expect(cell.promise == .refused || cell.promise == .passedOn, "\(cell)")
        }
    }

    @Test func everyScenarioHasANameAndAddressesOfItsOwn() {
        let scenarios = PacketMatrix.scenarios
        #expect(Set(scenarios.map(\.number)).count == scenarios.count)
        #expect(Set(scenarios.map(\.name)).count == scenarios.count)
        for scenario in scenarios { #expect((1...250).contains(scenario.number)) }
    }

    @Test func theClusterIsWhole() {
        var services: Set<ObjectName> = []
        var slices: [EndpointSlice] = []
        var nodes: [String] = []
        for change in PacketMatrix.changes {
            switch change {
            case .service(let service): services.insert(service.name)
            case .endpointSlice(let slice): slices.append(slice)
            case .node(let node): nodes.append(node.name)
            default: Issue.record("the matrix has no use for \(change)")
            }
        }
        #expect(nodes == [World.nodeName, World.otherNodeName])
        #expect(services.count == PacketMatrix.scenarios.count)
        #expect(Set(slices.map(\.name)).count == slices.count)
        for slice in slices {
            #expect(services.contains(slice.service))
            for endpoint in slice.endpoints {
                #expect(endpoint.address.family == slice.family)
                #expect(nodes.contains(endpoint.nodeName ?? ""))
            }
        }
    }

    /// What it costs in a laboratory: some requests, and waiting where nothing is to come.
    @Test func theMatrixIsAffordable() {
        let requests = PacketMatrix.cells.reduce(0) { sum, cell in
            switch (cell.knock, cell.promise) {
            case (.untilAllHaveAnswered, .answered(let names, _)): sum + 2 * names.count
            case (.expectingOneEndpoint(let requests), _): sum + requests
            default: sum + 1
            }
        }
        let silences = PacketMatrix.cells.count {
            $0.promise == .timedOut || $0.promise == .passedOn
        }
        #expect(requests < 1200)
        #expect(silences < 80)
    }
}
