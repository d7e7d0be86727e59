import Addressing
import DataplaneModel
package import Planning
import Routing
import ServiceModel

/// What becomes of a packet, in sentences.
package enum ExplanationListing {
    package static func text(of explanation: PacketExplanation) -> String {
        let question = explanation.question
        var lines = [
            "\(question.transport) from \(question.source) (\(place(explanation.origin))) to "
                + "\(question.destination)"
        ]
        if let frontend = explanation.frontend {
            lines.append(
                "  Service    \(frontend.service), \(name(frontend.kind))"
                    + " \(frontend.key)"
            )
            lines.append("  client     \(side(explanation))")
            lines.append("  scheduler  \(scheduler(frontend, explanation.mode))")
        }
        lines.append("  verdict    \(verdict(explanation))")
        if explanation.verdict == .balanced {
            lines.append("  source     \(source(explanation))")
        }
        if !explanation.endpoints.isEmpty {
            lines.append("  endpoints")
            let addresses = explanation.endpoints.map { "\($0.endpoint.address)" }
            let width = addresses.map(\.count).max() ?? 0
            for (entry, address) in zip(explanation.endpoints, addresses) {
                let padding = String(repeating: " ", count: width - address.count)
                lines.append("    \(address)\(padding)  \(standing(entry, explanation))")
            }
        }
        for problem in explanation.problems { lines.append("  note       \(problem)") }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func place(_ origin: PacketExplanation.Origin) -> String {
        switch origin {
        case .pod: "a pod"
        case .node: "this node"
        case .outside: "outside the cluster"
        }
    }

    private static func name(_ kind: Frontend.Kind) -> String {
        switch kind {
        case .clusterIP: "cluster IP"
        case .externalIP: "external IP"
        case .loadBalancer: "load balancer"
        case .nodePort: "reached as"
        }
    }

    private static func side(_ explanation: PacketExplanation) -> String {
        let field =
            explanation.frontend?.kind == .clusterIP
            ? "internalTrafficPolicy" : "externalTrafficPolicy"
        let policy = explanation.policy?.rawValue ?? "Cluster"
        // Without a packet filter the policy holds for clients inside too.
        guard explanation.frontend?.kind != .clusterIP, explanation.origin != .outside,
            explanation.policy != .local
        else {
            return "\(field) \(policy) holds"
        }
        return "from inside the cluster, so \(field) does not hold, and all nodes' endpoints count"
    }

    private static func scheduler(_ frontend: Frontend, _ mode: DataplaneMode) -> String {
        guard mode == .ipvs else { return "at random (iptables)" }
        var text = frontend.scheduler.name
        if let flags = frontend.scheduler.flags, !flags.isEmpty {
            text += " (\(flags.joined(separator: ", ")))"
        }
        if case .clientIP(let timeout) = frontend.affinity {
            text += "; a client keeps its endpoint until \(timeout) s after its last connection"
        }
        return text
    }

    private static func verdict(_ explanation: PacketExplanation) -> String {
        let address = explanation.question.destination.address
        switch explanation.reason {
        case .endpoints:
            let count = explanation.endpoints.count(where: \.isUsed)
            return "balanced over \(count) endpoint\(count == 1 ? "" : "s")"
        case .noEndpoints:
            return "refused: the Service has no endpoint that could answer"
        case .noLocalEndpoints:
            return
                "\(explanation.verdict.rawValue): only endpoints on this node count, and there is "
                + "none"
        case .sourceNotAllowed(let prefixes):
            let ranges = prefixes.map(\.description).joined(separator: ", ")
            return "dropped: loadBalancerSourceRanges lets in "
                + (prefixes.isEmpty ? "nobody" : "only \(ranges)")
        case .otherPort:
            return explanation.verdict == .refused
                ? "refused: \(address) is a Service's address, and this is none of its ports"
                : "delivered to this node: \(address) is a Service's address, this is none of its "
                    + "ports, and there is no packet filter to refuse it"
        case .noNodePort:
            return
                "delivered to this node: \(address) is its own, and no Service has this node port"
        case .notForNodePorts where address.isLoopback:
            return "delivered to this node, where the daemon relays TCP and UDP node ports "
                + "(nodePorts.localhost)"
        case .notForNodePorts:
            return "delivered to this node: \(address) is its own, and serves no node ports"
        case .noService:
            return "forwarded: \(address) is no Service's address and none of this node's"
        }
    }

    private static func source(_ explanation: PacketExplanation) -> String {
        if explanation.rewritesSource {
            return "the endpoint sees an address of this node"
        }
        let hasClient = explanation.endpoints.contains { $0.isClient && $0.isUsed }
        return "the endpoint sees \(explanation.question.source)"
            + (hasClient ? ", but the client itself an address of this node" : "")
    }

    private static func standing(
        _ entry: PacketExplanation.ExplainedEndpoint,
        _ explanation: PacketExplanation
    ) -> String {
        let endpoint = entry.endpoint.endpoint
        let place = [
            endpoint.nodeName.map { "on \($0)" }, endpoint.zone.map { "in \($0)" },
        ].compactMap(\.self).joined(separator: ", ")
        let words =
            switch entry.standing {
            case .used: "used, weight 1"
            case .usedWhileTerminating: "used, weight 1: it terminates, but nobody is ready"
            case .notReady: "left out: not ready"
            case .terminating: "left out: it terminates, and others are ready"
            case .otherZone:
                "left out: meant for \(list(endpoint.hints?.zones)), and others for this zone"
            case .otherNode:
                "left out: meant for \(list(endpoint.hints?.nodes)), and others for this node"
            case .notOnThisNode: "left out: not on this node"
            }
        return words + (place.isEmpty ? "" : " (\(place))")
    }

    private static func list(_ names: [String]?) -> String {
        let names = names ?? []
        return names.isEmpty ? "nobody" : names.joined(separator: ", ")
    }
}
