package import Addressing
package import DataplaneModel
package import Routing
package import ServiceModel

/// A packet that somebody wants explained: the first of a connection.
package struct PacketQuestion: Hashable, Sendable {
    package let source: IPAddress
    package let destination: SocketEndpoint
    package let transport: TransportProtocol
    /// Where the client is; nil to conclude it from its address.
    package let origin: PacketExplanation.Origin?

    package init(
        source: IPAddress,
        destination: SocketEndpoint,
        transport: TransportProtocol,
        origin: PacketExplanation.Origin? = nil
    ) {
        self.source = source
        self.destination = destination
        self.transport = transport
        self.origin = origin
    }
}

/// What becomes of a packet, and why.
package struct PacketExplanation: Hashable, Sendable {
    /// Where the client is.
    package enum Origin: String, Hashable, Sendable, CaseIterable {
        case pod, node, outside
    }

    package enum Verdict: String, Hashable, Sendable {
        /// One of the endpoints that are used gets it.
        case balanced
        /// The client is told at once that nobody listens.
        case refused
        /// It vanishes.
        case dropped
        /// It is none for a Service: the node itself gets it.
        case delivered
        /// It is none for a Service, nor for the node: routing sends it on.
        case forwarded
    }

    /// Why the verdict is as it is.
    package enum Reason: Hashable, Sendable {
        case endpoints
        case noEndpoints
        case noLocalEndpoints
        case sourceNotAllowed([IPPrefix])
        /// The address is a Service's, the port is not.
        case otherPort
        /// The address is the node's, and no node port has this number.
        case noNodePort
        /// The address is the node's, and the configuration serves no node ports there.
        case notForNodePorts
        case noService
    }

    /// One endpoint of the Service port.
    package struct ExplainedEndpoint: Hashable, Sendable {
        package let endpoint: PortEndpoint
        package let standing: EndpointSelection.Standing
        /// Whether it is its own client, and so sees an address of the node.
        package let isClient: Bool

        package var isUsed: Bool { standing == .used || standing == .usedWhileTerminating }
    }

    package let question: PacketQuestion
    package let origin: Origin
    package let verdict: Verdict
    package let reason: Reason
    package let frontend: Frontend?
    /// By which policy the endpoints are chosen.
    package let policy: TrafficPolicy?
    package let endpoints: [ExplainedEndpoint]
    package let topology: EndpointSelection.Topology
    /// Whether the endpoint sees an address of this node in place of the client's.
    package let rewritesSource: Bool
    /// What balances.
    package let mode: DataplaneMode
    /// What is wrong with the Service, where something is.
    package let problems: [ObjectProblem]
}

/// All that bears on what becomes of a packet on one node.
package struct PacketExplainer: Sendable {
    private let cluster: RoutedCluster
    private let lowering: IPVSLowering
    private let detection: PodDetection
    private let marked: Set<FrontendKey>?

    /// `marked` are the frontends that have a mark for clients inside; nil for all that need one.
    package init(
        cluster: RoutedCluster,
        lowering: IPVSLowering,
        detection: PodDetection,
        marked: Set<FrontendKey>? = nil
    ) {
        self.cluster = cluster
        self.lowering = lowering
        self.detection = detection
        self.marked = marked
    }

    package func explain(_ question: PacketQuestion) -> PacketExplanation {
        let origin = question.origin ?? origin(of: question.source)
        guard let frontend = frontend(for: question) else {
            return elsewhere(question, origin)
        }
        if lowering.usesFilter, let allowed = frontend.allowedSources,
            !allowed.contains(where: { $0.contains(question.source) })
        {
            return explanation(question, origin, .dropped, .sourceNotAllowed(allowed), frontend)
        }
        switch target(of: frontend, origin) {
        case .reject: return explanation(question, origin, .refused, .noEndpoints, frontend)
        case .drop:
            // A virtual server without real servers cannot but refuse.
            let verdict: PacketExplanation.Verdict = lowering.usesFilter ? .dropped : .refused
            return explanation(question, origin, verdict, .noLocalEndpoints, frontend)
        case .balance: return explanation(question, origin, .balanced, .endpoints, frontend)
        }
    }

    private func target(of frontend: Frontend, _ origin: PacketExplanation.Origin) -> Target {
        guard tellsClientsApart(frontend) else { return lowering.withoutMark(frontend) }
        return origin == .outside ? frontend.outside : frontend.inside
    }

    private func tellsClientsApart(_ frontend: Frontend) -> Bool {
        guard IPVSLowering.needsMark(frontend) else { return true }
        return lowering.usesFilter && marked?.contains(frontend.key) ?? true
    }

    /// Where a client of this address is, as far as the packet filter could tell.
    package func origin(of source: IPAddress) -> PacketExplanation.Origin {
        if source.isLoopback || lowering.nodeAddresses.contains(source) { return .node }
        switch detection {
        case .none: return .outside
        case .sources(let prefixes):
            return prefixes.contains { $0.contains(source) } ? .pod : .outside
        case .interface:
            // The interface is not known; an endpoint on this node is certainly a pod.
            let isEndpoint = cluster.frontendKeys.contains { key in
                let frontend = cluster[key]
                return [frontend?.inside, frontend?.outside].contains { target in
                    target?.backends.contains { $0.isLocal && $0.address.address == source }
                        ?? false
                }
            }
            return isEndpoint ? .pod : .outside
        }
    }

    private func frontend(for question: PacketQuestion) -> Frontend? {
        let (destination, transport) = (question.destination, question.transport)
        if let frontend = cluster[.address(destination, transport)] {
            // A clusterIP that is the node's own address is not served.
            let isTaken =
                frontend.kind == .clusterIP
                && lowering.nodeAddresses.contains(destination.address)
            if !isTaken { return frontend }
        }
        guard servesNodePorts(destination.address) else { return nil }
        return cluster[.nodePort(destination.port, transport, destination.address.family)]
    }

    private func servesNodePorts(_ address: IPAddress) -> Bool {
        lowering.nodePortAddresses.contains(address)
    }

    private func elsewhere(
        _ question: PacketQuestion,
        _ origin: PacketExplanation.Origin
    ) -> PacketExplanation {
        let address = question.destination.address
        if lowering.nodeAddresses.contains(address) || address.isLoopback {
            let reason: PacketExplanation.Reason =
                servesNodePorts(address) ? .noNodePort : .notForNodePorts
            return explanation(question, origin, .delivered, reason, nil)
        }
        if cluster.frontendKeys.contains(where: { $0.address == address }) {
            return explanation(
                question,
                origin,
                lowering.usesFilter ? .refused : .delivered,
                .otherPort,
                nil
            )
        }
        return explanation(question, origin, .forwarded, .noService, nil)
    }

    private func explanation(
        _ question: PacketQuestion,
        _ origin: PacketExplanation.Origin,
        _ verdict: PacketExplanation.Verdict,
        _ reason: PacketExplanation.Reason,
        _ frontend: Frontend?
    ) -> PacketExplanation {
        let view = frontend.flatMap { cluster.view(of: $0.service.service) }
        let policy = frontend.map { self.policy(of: $0, origin, view?.service) }
        let selection = frontend.flatMap { frontend in
            view.flatMap { self.selection(frontend, $0) }
        }
        // Whoever may not come in is not told who would serve it.
        let isKeptOut = if case .sourceNotAllowed = reason { true } else { false }
        let endpoints = (isKeptOut ? [] : selection?.endpoints ?? []).map { entry in
            PacketExplanation.ExplainedEndpoint(
                endpoint: entry,
                standing: selection?.standing(of: entry, under: policy ?? .cluster) ?? .notReady,
                isClient: isOwnClient(entry, question)
            )
        }
        let problems = cluster.problems.filter {
            $0.object == frontend.map { ObjectReference(.service, $0.service.service) }
        }
        return PacketExplanation(
            question: question,
            origin: origin,
            verdict: verdict,
            reason: reason,
            frontend: frontend,
            policy: policy,
            endpoints: endpoints,
            topology: policy == .local ? .none : selection?.topology ?? .none,
            rewritesSource: frontend.map { rewrites($0, origin) } ?? false,
            mode: lowering.mode,
            problems: problems
        )
    }

    private func policy(
        of frontend: Frontend,
        _ origin: PacketExplanation.Origin,
        _ service: Service?
    ) -> TrafficPolicy {
        guard frontend.kind != .clusterIP else { return service?.internalTrafficPolicy ?? .cluster }
        guard tellsClientsApart(frontend) else {
            let isAsInside = !lowering.usesFilter && frontend.outside == .drop
            return isAsInside ? .cluster : service?.external.policy ?? .cluster
        }
        return origin == .outside ? service?.external.policy ?? .cluster : .cluster
    }

    private func selection(_ frontend: Frontend, _ view: ServiceView) -> EndpointSelection? {
        let port = view.service.ports.first {
            $0.name == frontend.service.port && $0.transport == frontend.key.transport
        }
        return port.map {
            EndpointSelection(
                view.endpoints(of: $0, family: frontend.key.family),
                publishNotReady: view.service.publishNotReadyAddresses,
                on: cluster.policy.node
            )
        }
    }

    private func isOwnClient(_ entry: PortEndpoint, _ question: PacketQuestion) -> Bool {
        lowering.usesFilter && entry.endpoint.address == question.source
            && entry.endpoint.nodeName == cluster.policy.node.name
            && !lowering.nodeAddresses.contains(question.source)
    }

    private func rewrites(_ frontend: Frontend, _ origin: PacketExplanation.Origin) -> Bool {
        guard lowering.usesFilter else { return false }
        switch (frontend.sourceRewriting, origin) {
        case (.everyone, _), (_, .node): return true
        case (.everyoneButPods, .outside):
            return !detection.matches(frontend.key.family).isEmpty
        case (.everyoneButPods, .pod), (.nodeOnly, _): return false
        }
    }
}
