import Addressing
package import ServiceModel

extension ServiceView {
    /// Where packets to this Service go on a node; nothing for a Service without addresses.
    package func routed(by policy: RoutingPolicy) -> RoutedService {
        var result = RoutedService()
        guard case .clusterIPs(let clusterIPs) = service.reachability else { return result }
        let builder = FrontendBuilder(
            service: service,
            scheduler: policy.scheduling.request(for: service),
            drainTimeout: service.drainTimeout(&result.problems),
            policy: policy
        )
        let external = permittedExternalAddresses(policy, &result.problems)
        for clusterIP in clusterIPs {
            let family = clusterIP.family
            for port in service.ports {
                let selection = EndpointSelection(
                    endpoints(of: port, family: family),
                    publishNotReady: service.publishNotReadyAddresses,
                    on: policy.node
                )
                builder.add(port, clusterIP, external, selection, to: &result.frontends)
                note(selection, policy.node, &result.problems)
            }
        }
        result.healthCheck = healthCheck(on: policy.node)
        return result
    }

    private func permittedExternalAddresses(
        _ policy: RoutingPolicy,
        _ problems: inout [ObjectProblem]
    ) -> [IPAddress] {
        guard let allowed = policy.allowedExternalIPs else { return service.external.addresses }
        return service.external.addresses.filter { address in
            if allowed.contains(where: { $0.contains(address) }) { return true }
            problems.append(
                ObjectProblem(
                    ObjectReference(.service, service.name),
                    field: "spec.externalIPs",
                    message: "\(address) is in none of the ranges that externalIPs.allowed of the "
                        + "configuration has, so it is not served"
                )
            )
            return false
        }
    }

    private func note(
        _ selection: EndpointSelection,
        _ node: RoutingNode,
        _ problems: inout [ObjectProblem]
    ) {
        guard selection.ignoresZoneHints else { return }
        let reason =
            node.zone.map { "none of its endpoints is meant for this node's zone, \"\($0)\"" }
            ?? "the zone of this node is not known (a Node's label topology.kubernetes.io/zone, or "
            + "zone in the configuration, says it)"
        let problem = ObjectProblem(
            ObjectReference(.service, service.name),
            field: "endpoints[].hints.forZones",
            message: "\(reason); the hints are ignored, and all endpoints are used"
        )
        if !problems.contains(problem) { problems.append(problem) }
    }

    private func healthCheck(on node: RoutingNode) -> HealthCheck? {
        guard let port = service.external.healthCheckNodePort else { return nil }
        // An endpoint of both families has an address of each, and is one all the same.
        var mostOfOneFamily = 0
        for family in AddressFamily.allCases {
            var addresses: Set<IPAddress> = []
            for port in service.ports {
                for entry in endpoints(of: port, family: family)
                where entry.endpoint.nodeName == node.name
                    && (service.publishNotReadyAddresses
                        || entry.endpoint.conditions.contains(.isReady))
                {
                    addresses.insert(entry.endpoint.address)
                }
            }
            mostOfOneFamily = max(mostOfOneFamily, addresses.count)
        }
        return HealthCheck(service: service.name, port: port, localEndpoints: mostOfOneFamily)
    }
}

/// Makes the frontends of one Service.
private struct FrontendBuilder {
    let service: Service
    let scheduler: SchedulerRequest
    let drainTimeout: Duration?
    let policy: RoutingPolicy

    func add(
        _ port: ServicePort,
        _ clusterIP: IPAddress,
        _ externalIPs: [IPAddress],
        _ selection: EndpointSelection,
        to frontends: inout [Frontend]
    ) {
        let internalTarget = selection.target(under: service.internalTrafficPolicy)
        let rewriting: Frontend.SourceRewriting =
            policy.masqueradesAll ? .everyone : .everyoneButPods
        frontends.append(
            frontend(
                .address(SocketEndpoint(clusterIP, port.port), port.transport),
                port,
                .clusterIP,
                inside: internalTarget,
                outside: internalTarget,
                rewriting
            )
        )
        let family = clusterIP.family
        let external = service.external
        guard
            port.nodePort != nil || !externalIPs.isEmpty || !external.loadBalancerAddresses.isEmpty
        else { return }
        // Pods and the node itself need no load balancer in front of them to find the right node:
        // neither policy holds for them.
        let inside = selection.target(under: .cluster)
        let outside = selection.target(under: external.policy)
        let outsideRewriting: Frontend.SourceRewriting =
            external.policy == .cluster ? .everyone : .nodeOnly
        func add(_ key: FrontendKey, _ kind: Frontend.Kind, allowed: [IPPrefix]? = nil) {
            frontends.append(
                frontend(
                    key,
                    port,
                    kind,
                    inside: inside,
                    outside: outside,
                    outsideRewriting,
                    allowed
                )
            )
        }
        let allowed = allowedSources(family)
        for address in external.loadBalancerAddresses
        where address.family == family && address != clusterIP {
            add(
                .address(SocketEndpoint(address, port.port), port.transport),
                .loadBalancer,
                allowed: allowed
            )
        }
        for address in externalIPs
        where address.family == family && address != clusterIP
            && !external.loadBalancerAddresses.contains(address)
        {
            add(.address(SocketEndpoint(address, port.port), port.transport), .externalIP)
        }
        if let nodePort = port.nodePort {
            add(.nodePort(nodePort, port.transport, family), .nodePort)
        }
    }

    /// Ranges of the other family alone limit nobody of this one, as in kube-proxy.
    private func allowedSources(_ family: AddressFamily) -> [IPPrefix]? {
        guard let ranges = service.external.sourceRanges else { return nil }
        let ofFamily = ranges.filter { $0.address.family == family }
        if ofFamily.isEmpty, !ranges.isEmpty { return nil }
        return ofFamily.contains { $0.length == 0 } ? nil : ofFamily.sorted()
    }

    private func frontend(
        _ key: FrontendKey,
        _ port: ServicePort,
        _ kind: Frontend.Kind,
        inside: Target,
        outside: Target,
        _ rewriting: Frontend.SourceRewriting,
        _ allowed: [IPPrefix]? = nil
    ) -> Frontend {
        Frontend(
            key: key,
            service: ServicePortName(service: service.name, port: port.name),
            kind: kind,
            creationTime: service.creationTime,
            inside: inside,
            outside: outside,
            affinity: service.sessionAffinity,
            scheduler: scheduler,
            allowedSources: allowed,
            sourceRewriting: rewriting,
            drainTimeout: drainTimeout
        )
    }
}
