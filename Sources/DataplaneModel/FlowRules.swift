package import Addressing

/// Any number of rules, asked at the cost of one.
///
/// Rules for the same place count as one with the backends of all of them: a place may lead elsewhere
/// for clients inside the cluster than for those outside, and a flow does not say which it is.
package struct FlowRules: Sendable {
    private struct Place: Hashable {
        let destination: SocketEndpoint
        let transport: TransportProtocol
    }

    private var rules: [Place: FlowRule] = [:]

    package init(_ rules: [FlowRule]) {
        self.rules.reserveCapacity(rules.count)
        for rule in rules {
            let place = Place(destination: rule.destination, transport: rule.transport)
            guard let other = self.rules[place] else {
                self.rules[place] = rule
                continue
            }
            self.rules[place] = FlowRule(
                destination: rule.destination,
                transport: rule.transport,
                backends: other.backends.union(rule.backends)
            )
        }
    }

    package var isEmpty: Bool { rules.isEmpty }

    /// Whether there is a rule for places of this family and protocol.
    package func concern(_ family: AddressFamily, _ transport: TransportProtocol) -> Bool {
        rules.keys.contains {
            $0.transport == transport && $0.destination.address.family == family
        }
    }

    /// Whether there is a rule for the place that the flow was sent to, and by that rule it is stale.
    package func isStale(_ flow: TrackedFlow) -> Bool {
        let place = Place(destination: flow.destination, transport: flow.transport)
        return rules[place]?.isStale(flow) ?? false
    }
}
