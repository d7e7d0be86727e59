package import Addressing

/// What is promised to a client.
package enum Promise: Hashable, Sendable {
    /// One of these answers, and each of them may; it sees this source address.
    case answered(by: Set<EndpointName>, source: SeenSource)
    /// The client is told at once that there is nobody: a reset, or an ICMP error.
    case refused
    /// The packet vanishes on the node.
    case timedOut
    /// The node has no part in it: the packet goes on to where its routes lead, unchanged, which in
    /// a laboratory is nowhere.
    case passedOn
    /// An echo request is answered.
    case echoed
}

/// Whose address an endpoint sees as its client's.
package enum SeenSource: String, Hashable, Sendable, CustomStringConvertible {
    case client
    /// Any of the node's own.
    case node
    /// The one or the other: nothing is promised.
    case any

    package var description: String { rawValue }
}

/// What happened to one request.
package enum Observation: Hashable, Sendable, CustomStringConvertible {
    /// The name of whoever answered, and the source address that it saw.
    case answered(by: String, source: IPAddress)
    case refused
    case timedOut
    case echoed
    /// Anything else, in the kernel's words.
    case other(String)

    package var description: String {
        switch self {
        case .answered(let name, let source): "answered by \(name), which saw \(source)"
        case .refused: "refused"
        case .timedOut: "timed out"
        case .echoed: "echoed"
        case .other(let text): text
        }
    }
}

extension Promise: CustomStringConvertible {
    package var description: String {
        switch self {
        case .answered(let names, let source):
            "answered by \(names.sorted().map(\.rawValue).joined(separator: " or ")), "
                + "which sees "
                + (source == .any
                    ? "any source" : "the \(source == .node ? "node" : "client") as source")
        case .refused: "refused"
        case .timedOut: "timed out"
        case .passedOn: "passed on unchanged"
        case .echoed: "echoed"
        }
    }

    /// Whether one request went as promised.
    package func allows(
        _ observation: Observation,
        from client: Vantage,
        _ family: AddressFamily
    ) -> Bool {
        switch (self, observation) {
        case (.refused, .refused), (.timedOut, .timedOut), (.passedOn, .timedOut),
            (.echoed, .echoed):
            return true
        case (.answered(let names, let expected), .answered(let name, let source)):
            guard names.contains(where: { $0.rawValue == name }) else { return false }
            let isClient =
                client == .node
                ? World.nodeAddresses(family).contains(source) : client.address(family) == source
            return switch expected {
            case .client: isClient
            case .node: World.nodeAddresses(family).contains(source)
            case .any: isClient || World.nodeAddresses(family).contains(source)
            }
        default:
            return false
        }
    }
}
