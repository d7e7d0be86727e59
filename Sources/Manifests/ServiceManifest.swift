import Addressing
import ServiceModel

/// A `v1` Service as it is written.
struct ServiceManifest: ObjectManifest {
    static let kind = ObjectKind.service

    let metadata: ObjectMetadata?
    let spec: Spec?
    let status: Status?

    struct Spec: Decodable {
        let type: String?
        let clusterIP: String?
        let clusterIPs: [String]?
        let ipFamilies: [String]?
        let ports: [Port]?
        let sessionAffinity: String?
        let sessionAffinityConfig: SessionAffinityConfig?
        let publishNotReadyAddresses: Bool?
        let internalTrafficPolicy: String?
        let externalTrafficPolicy: String?
        let externalIPs: [String]?
        let loadBalancerSourceRanges: [String]?
        let healthCheckNodePort: WholeNumber?
        let trafficDistribution: String?
    }

    struct Port: Decodable {
        let name: String?
        let `protocol`: String?
        let port: WholeNumber?
        let nodePort: WholeNumber?
    }

    struct Status: Decodable {
        let loadBalancer: LoadBalancer?

        struct LoadBalancer: Decodable {
            let ingress: [Ingress]?
        }

        struct Ingress: Decodable {
            let ip: String?
            let ipMode: String?
            let hostname: String?
        }
    }

    struct SessionAffinityConfig: Decodable {
        let clientIP: ClientIP?

        struct ClientIP: Decodable {
            let timeoutSeconds: WholeNumber?
        }
    }

    func change(of name: ObjectName, _ findings: inout Findings) -> ClusterChange? {
        if let proxy = metadata?.labels?.serviceProxyName {
            findings.notice("is left to the proxy \"\(proxy)\", which its label names")
            return .serviceRemoved(name)
        }
        if metadata?.labels?.headless != nil {
            findings.notice("is left aside: its label service.kubernetes.io/headless says so")
            return .serviceRemoved(name)
        }
        guard let spec else {
            findings.problem("spec", "is missing; a Service says its addresses and ports there")
            return nil
        }
        let reachability = spec.reachability(&findings)
        let ports = spec.ports(&findings, required: reachability?.needsPorts ?? false)
        let sessionAffinity = spec.sessionAffinity(&findings)
        let internalTrafficPolicy = findings.trafficPolicy(
            spec.internalTrafficPolicy,
            at: "spec.internalTrafficPolicy"
        )
        let external = externalAccess(to: reachability, &findings)
        let trafficDistribution = spec.distribution(&findings)
        let creationTime = creationTime(&findings)
        let annotations = metadata?.annotations?.addressed ?? [:]
        for unknown in annotations.keys.sorted() where !Service.knownAnnotations.contains(unknown) {
            let known = Service.knownAnnotations.map { Service.annotationPrefix + $0 }
            findings.notice(
                "has the annotation \(Service.annotationPrefix)\(unknown), which means nothing; there "
                    + "are \(known.dropLast().joined(separator: ", ")) and \(known[known.count - 1])"
            )
        }
        guard !findings.isRefused, let reachability else { return nil }
        return .service(
            Service(
                name: name,
                reachability: reachability,
                ports: ports,
                sessionAffinity: sessionAffinity,
                publishNotReadyAddresses: spec.publishNotReadyAddresses ?? false,
                internalTrafficPolicy: internalTrafficPolicy,
                external: external,
                trafficDistribution: trafficDistribution,
                creationTime: creationTime,
                annotations: annotations
            )
        )
    }

    private func creationTime(_ findings: inout Findings) -> Int64? {
        guard let text = metadata?.creationTimestamp else { return nil }
        guard let seconds = CreationTime.seconds(text) else {
            findings.problem(
                "metadata.creationTimestamp",
                "\"\(text)\" is not a time such as 2026-01-31T12:00:00Z"
            )
            return nil
        }
        return seconds
    }
}

extension ServiceManifest.Spec {
    fileprivate func ports(_ findings: inout Findings, required: Bool) -> [ServicePort] {
        let ports = ports ?? []
        if ports.isEmpty, required {
            findings.problem("spec.ports", "is missing; a Service with an address needs a port")
        }
        var names: [String: Int] = [:]
        var numbers: [ServicePort: Int] = [:]
        var nodePorts: [ServicePort: Int] = [:]
        var result: [ServicePort] = []
        for (index, entry) in ports.enumerated() {
            let field = "spec.ports[\(index)]"
            let name = entry.name ?? ""
            findings.checkPortName(name, at: "\(field).name")
            if name.isEmpty, ports.count > 1 {
                findings.problem(
                    "\(field).name",
                    "is missing; ports need names where there are several"
                )
            } else if let first = names.updateValue(index, forKey: name) {
                findings.problem(
                    "\(field).name",
                    "\"\(name)\" is also the name of spec.ports[\(first)]"
                )
            }
            let transport = findings.transport(entry.protocol, at: "\(field).protocol")
            guard let port = findings.port(entry.port?.value, at: "\(field).port"), let transport
            else {
                continue
            }
            if let first = numbers.updateValue(
                index,
                forKey: ServicePort(transport: transport, port: port)
            ) {
                findings.problem(
                    field,
                    "\(transport) port \(port) is also that of spec.ports[\(first)]"
                )
            }
            let nodePort = nodePort(
                entry.nodePort?.value,
                transport,
                of: index,
                &nodePorts,
                &findings
            )
            result.append(
                ServicePort(name: name, transport: transport, port: port, nodePort: nodePort)
            )
        }
        return result
    }

    /// The node port of the port at `index`; nil when it has none, or not for itself.
    private func nodePort(
        _ number: Int?,
        _ transport: TransportProtocol,
        of index: Int,
        _ taken: inout [ServicePort: Int],
        _ findings: inout Findings
    ) -> UInt16? {
        // An API server writes 0 where none is allocated.
        guard hasNodePorts, let number, number != 0 else { return nil }
        let field = "spec.ports[\(index)].nodePort"
        guard let port = findings.port(number, at: field) else { return nil }
        let key = ServicePort(transport: transport, port: port)
        if let first = taken[key] {
            findings.problem(
                field,
                "\(transport) port \(port) is also the node port of spec.ports[\(first)], which has "
                    + "it; each needs one of its own",
                .omission
            )
            return nil
        }
        taken[key] = index
        return port
    }

    fileprivate func distribution(_ findings: inout Findings) -> TrafficDistribution? {
        guard let trafficDistribution, !trafficDistribution.isEmpty else { return nil }
        guard let distribution = TrafficDistribution(rawValue: trafficDistribution) else {
            let names = TrafficDistribution.allCases.map(\.rawValue)
            findings.problem(
                "spec.trafficDistribution",
                "\"\(trafficDistribution)\" is not \(names.dropLast().joined(separator: ", ")) or "
                    + "\(names.last ?? ""); no endpoint is preferred",
                .omission
            )
            return nil
        }
        return distribution
    }

    fileprivate func sessionAffinity(_ findings: inout Findings) -> Service.SessionAffinity {
        switch sessionAffinity {
        case nil, "None":
            return .none
        case "ClientIP":
            guard let seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds?.value else {
                return .clientIP(timeout: Service.defaultAffinityTimeout)
            }
            guard let timeout = UInt32(exactly: seconds), (1...86_400).contains(timeout) else {
                findings.problem(
                    "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
                    "\(seconds) is outside 1…86400"
                )
                return .none
            }
            return .clientIP(timeout: timeout)
        case let other?:
            findings.problem("spec.sessionAffinity", "\"\(other)\" is not None or ClientIP")
            return .none
        }
    }
}

extension Service.Reachability {
    fileprivate var needsPorts: Bool {
        if case .clusterIPs = self { true } else { false }
    }
}
