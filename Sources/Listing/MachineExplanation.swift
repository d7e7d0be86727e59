import Addressing
import Routing
import ServiceModel
package import Planning

/// An explanation for programs.
package struct MachineExplanation: Encodable {
    private struct Endpoint: Encodable {
        let address: String
        let node: String?
        let zone: String?
        let used: Bool
        let weight: Int
        let reason: String
    }

    private let source: String
    private let destination: String
    private let `protocol`: String
    private let origin: String
    private let service: String?
    private let frontend: String?
    private let verdict: String
    private let reason: String
    private let rewritesSource: Bool
    private let endpoints: [Endpoint]
    private let problems: [String]

    package init(_ explanation: PacketExplanation) {
        source = "\(explanation.question.source)"
        destination = "\(explanation.question.destination)"
        `protocol` = "\(explanation.question.transport)"
        origin = explanation.origin.rawValue
        service = explanation.frontend.map { "\($0.service)" }
        frontend = explanation.frontend?.kind.rawValue
        verdict = explanation.verdict.rawValue
        reason = Self.word(explanation.reason)
        rewritesSource = explanation.rewritesSource
        endpoints = explanation.endpoints.map { entry in
            Endpoint(
                address: "\(entry.endpoint.address)",
                node: entry.endpoint.endpoint.nodeName,
                zone: entry.endpoint.endpoint.zone,
                used: entry.isUsed,
                weight: entry.isUsed ? 1 : 0,
                reason: "\(entry.standing)"
            )
        }
        problems = explanation.problems.map(\.description)
    }

    private static func word(_ reason: PacketExplanation.Reason) -> String {
        if case .sourceNotAllowed = reason { "sourceNotAllowed" } else { "\(reason)" }
    }
}
