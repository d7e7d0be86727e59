package import ServiceModel

/// The node that packets come to, as far as it bears on where they go.
package struct RoutingNode: Hashable, Sendable {
    package var name: String
    /// Nil where it is not known; hints for zones are then ignored.
    package var zone: String?

    package init(name: String, zone: String? = nil) {
        self.name = name
        self.zone = zone
    }
}

/// Which endpoints of a Service port take part, seen from one node.
///
/// The rules are kube-proxy's: those that are ready; when there is none, those on their way out that
/// still answer (KEP-1669); of the ready ones those meant for this node or its zone, if each of them
/// says for whom it is meant (KEP-2433, KEP-3015). Endpoints on this node are chosen on their own,
/// without hints.
package struct EndpointSelection: Sendable {
    /// Whose hints are followed.
    package enum Topology: Hashable, Sendable {
        case none
        case sameZone
        case sameNode
    }

    /// How one endpoint fares in one of the two choices.
    package enum Standing: Hashable, Sendable {
        case used
        /// It is on its way out, and all that is left.
        case usedWhileTerminating
        case notReady
        /// On its way out, while others are ready.
        case terminating
        /// Meant for others, while some are meant for this zone.
        case otherZone
        /// Meant for others, while some are meant for this node.
        case otherNode
        /// Only endpoints of this node count.
        case notOnThisNode
    }

    package let endpoints: [PortEndpoint]
    package let topology: Topology
    /// Whether somebody, anywhere, could answer.
    package let hasAny: Bool
    private let node: RoutingNode
    private let isReady: @Sendable (PortEndpoint) -> Bool
    private let clusterHasReady: Bool
    private let localHasReady: Bool

    package init(_ endpoints: [PortEndpoint], publishNotReady: Bool, on node: RoutingNode) {
        self.endpoints = endpoints
        self.node = node
        let isReady: @Sendable (PortEndpoint) -> Bool = {
            publishNotReady || $0.endpoint.conditions.contains(.isReady)
        }
        self.isReady = isReady
        topology = Self.topology(of: endpoints.lazy.filter(isReady), on: node)
        clusterHasReady = endpoints.contains(where: isReady)
        localHasReady = endpoints.contains { $0.endpoint.nodeName == node.name && isReady($0) }
        hasAny = clusterHasReady || endpoints.contains(where: Self.answersWhileTerminating)
    }

    /// Hints count when every ready endpoint has them and one of them is for us.
    private static func topology(
        of ready: some Sequence<PortEndpoint>,
        on node: RoutingNode
    ) -> Topology {
        var allHaveNodes = true
        var allHaveZones = true
        var isNodeMeant = false
        var isZoneMeant = false
        var isEmpty = true
        for entry in ready {
            isEmpty = false
            let hints = entry.endpoint.hints
            guard let hints else { return .none }
            if hints.nodes.isEmpty { allHaveNodes = false }
            if hints.zones.isEmpty { allHaveZones = false }
            guard allHaveNodes || allHaveZones else { return .none }
            isNodeMeant = isNodeMeant || hints.nodes.contains(node.name)
            isZoneMeant = isZoneMeant || (node.zone.map(hints.zones.contains) ?? false)
        }
        guard !isEmpty else { return .none }
        if allHaveNodes, isNodeMeant { return .sameNode }
        return allHaveZones && isZoneMeant ? .sameZone : .none
    }

    /// Whether all ready endpoints say which zones they are for, and none is for this node's.
    package var ignoresZoneHints: Bool {
        let ready = endpoints.lazy.filter(isReady)
        return topology == .none && !ready.isEmpty
            && ready.allSatisfy { !($0.endpoint.hints?.zones.isEmpty ?? true) }
    }

    private static func answersWhileTerminating(_ entry: PortEndpoint) -> Bool {
        entry.endpoint.conditions.isSuperset(of: [.isServing, .isTerminating])
    }

    /// How an endpoint fares under a policy.
    package func standing(of entry: PortEndpoint, under policy: TrafficPolicy) -> Standing {
        if policy == .local, entry.endpoint.nodeName != node.name { return .notOnThisNode }
        let hasReady = policy == .local ? localHasReady : clusterHasReady
        guard hasReady else {
            return Self.answersWhileTerminating(entry) ? .usedWhileTerminating : .notReady
        }
        guard isReady(entry) else {
            return Self.answersWhileTerminating(entry) ? .terminating : .notReady
        }
        guard policy == .cluster else { return .used }
        switch topology {
        case .none: return .used
        case .sameZone:
            let zones = entry.endpoint.hints?.zones ?? []
            return node.zone.map(zones.contains) ?? false ? .used : .otherZone
        case .sameNode:
            return entry.endpoint.hints?.nodes.contains(node.name) ?? false ? .used : .otherNode
        }
    }

    /// Where packets go under a policy.
    package func target(under policy: TrafficPolicy) -> Target {
        guard hasAny else { return .reject }
        var backends: [Backend] = []
        backends.reserveCapacity(endpoints.count)
        for entry in endpoints {
            switch standing(of: entry, under: policy) {
            case .used, .usedWhileTerminating:
                backends.append(
                    Backend(
                        address: entry.address,
                        isLocal: entry.endpoint.nodeName == node.name
                    )
                )
            case .notReady, .terminating, .otherZone, .otherNode, .notOnThisNode: break
            }
        }
        return backends.isEmpty ? .drop : .balance(backends)
    }
}
