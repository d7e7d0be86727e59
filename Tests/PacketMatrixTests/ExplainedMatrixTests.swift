import Addressing
import DataplaneModel
import PacketMatrix
import Planning
import ServiceModel
import Testing

/// Every promise of the packet matrix, held against what `fairlead explain` says.
struct ExplainedMatrixTests {
    @Test(arguments: DataplaneMode.allCases)
    func explanationsSayWhatKubernetesPromises(_ mode: DataplaneMode) throws {
        let explainer = try ProgrammedNode(options: ProgrammedNode.options(mode)).explainer
        for cell in PacketMatrix.cells where cell.knock != .ping {
            let explanation = explainer.explain(
                PacketQuestion(
                    source: cell.client.address(cell.family),
                    destination: cell.destination,
                    transport: cell.transport
                )
            )
            if !Self.isPromised(explanation, cell) {
                Issue.record(
                    """
                    \(cell)
                      expected: \(cell.promise)
                      got: \(explanation.verdict), \(explanation.reason), source rewritten: \
                    \(explanation.rewritesSource)
                      \(explanation.endpoints.map { "\($0.endpoint.address) \($0.standing)" })
                    """
                )
            }
        }
    }

    @Test(arguments: Vantage.allCases)
    func theSideOfAClientIsConcludedFromItsAddress(_ client: Vantage) throws {
        let explainer = try ProgrammedNode().explainer
        let expected: PacketExplanation.Origin =
            switch client {
            case .node: .node
            case .pod, .near1: .pod
            case .outside, .neighbour: .outside
            }
        for family in AddressFamily.allCases {
            #expect(explainer.origin(of: client.address(family)) == expected)
        }
    }

    private static func isPromised(_ explanation: PacketExplanation, _ cell: Cell) -> Bool {
        switch (cell.promise, explanation.verdict) {
        case (.refused, .refused), (.timedOut, .dropped), (.passedOn, .forwarded): true
        case (.refused, .delivered): cell.destination.port != World.hostPort
        case (.answered(let names, let source), .balanced):
            Set(explanation.endpoints.filter(\.isUsed).map(\.endpoint.address))
                == Set(names.map { SocketEndpoint($0.address(cell.family), $0.port) })
                && explanation.endpoints.filter(\.isUsed).allSatisfy { entry in
                    let isRewritten = explanation.rewritesSource || entry.isClient
                    return switch source {
                    case .node: isRewritten || cell.client == .node
                    case .client: !isRewritten || cell.client == .node
                    case .any: true
                    }
                }
        default: false
        }
    }
}
