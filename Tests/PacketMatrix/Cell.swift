package import Addressing

/// What a client does.
package enum Knock: Hashable, Sendable {
    /// One connection, or one datagram.
    case once
    /// Connections until everybody who may answer has.
    case untilAllHaveAnswered
    /// This many connections, all of which one endpoint must answer.
    case expectingOneEndpoint(requests: Int)
    /// A connection to `World.hostPort` at the same address.
    case atHostPort
    /// An ICMP echo request to the address, which has no port and no protocol of the Service.
    case ping
}

/// Which proxies make a promise.
package enum Scope: Hashable, Sendable {
    /// Whatever serves Services.
    case everyProxy
    /// Those that give Service addresses to the node, so that it answers for them, as IPVS needs.
    case addressesOnTheNode
}

/// One promise about one kind of packet.
package struct Cell: Hashable, Sendable {
    package let rule: Rule
    package let scenario: Scenario
    package let client: Vantage
    package let door: Door
    package let family: AddressFamily
    package let transport: TransportProtocol
    package let knock: Knock
    package let promise: Promise

    /// Where the client sends to; the port has no meaning for a ping.
    package var destination: SocketEndpoint {
        let destination = scenario.destination(door, family)
        guard knock == .atHostPort else { return destination }
        return SocketEndpoint(destination.address, World.hostPort)
    }

    /// What is wrong with what was observed, in words; nil when it is as promised.
    ///
    /// - Parameter observations: one for each request that was sent.
    package func complaint(about observations: [Observation]) -> String? {
        let names = observations.compactMap { observation -> String? in
            if case .answered(let name, _) = observation { name } else { nil }
        }
        var complaint: String?
        if let wrong = observations.first(where: { !promise.allows($0, from: client, family) }) {
            complaint = "got: \(wrong)"
        } else if observations.isEmpty {
            complaint = "nothing was sent"
        } else if case .expectingOneEndpoint = knock, Set(names).count > 1 {
            complaint = "got several of them: \(names.joined(separator: ", "))"
        } else if knock == .untilAllHaveAnswered, case .answered(let all, _) = promise,
            Set(names) != Set(all.map(\.rawValue))
        {
            complaint = "got only some of them: \(Set(names).sorted().joined(separator: ", "))"
        }
        return complaint.map {
            "\(self)\n  expected: \(promise)\n  \($0)\n  \(rule.statement) (\(rule.source))"
        }
    }
}

extension Cell: CustomStringConvertible {
    /// Such as `plain: a pod → the cluster IP 10.96.0.1:80, TCP`.
    package var description: String {
        let what =
            switch knock {
            case .once: "\(transport)"
            case .untilAllHaveAnswered: "\(transport), until all have answered"
            case .expectingOneEndpoint(let requests): "\(transport), \(requests) times"
            case .atHostPort: "\(transport), a port of the node"
            case .ping: "ping"
            }
        return "\(scenario.name): \(client) → \(door) \(destination), \(what)"
    }
}
