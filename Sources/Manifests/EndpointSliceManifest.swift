import Addressing
import ServiceModel

/// A `discovery.k8s.io` EndpointSlice as it is written, in `v1` or `v1beta1`.
struct EndpointSliceManifest: ObjectManifest {
    static let kind = ObjectKind.endpointSlice

    let metadata: ObjectMetadata?
    let addressType: String?
    let endpoints: [EndpointEntry]?
    let ports: [Port]?

    struct EndpointEntry: Decodable {
        let addresses: [String]?
        let conditions: Conditions?
        let nodeName: String?
        let zone: String?
        let hints: Hints?
        /// Where `v1beta1` says node and zone.
        let topology: Topology?
    }

    struct Topology: Decodable {
        let nodeName: String?
        let zone: String?

        enum CodingKeys: String, CodingKey {
            case nodeName = "kubernetes.io/hostname"
            case zone = "topology.kubernetes.io/zone"
        }
    }

    struct Hints: Decodable {
        let forZones: [Hint]?
        let forNodes: [Hint]?

        struct Hint: Decodable {
            let name: String?
        }
    }

    struct Conditions: Decodable {
        let ready: Bool?
        let serving: Bool?
        let terminating: Bool?
    }

    struct Port: Decodable {
        let name: String?
        let `protocol`: String?
        let port: WholeNumber?
    }

    func change(of name: ObjectName, _ findings: inout Findings) -> ClusterChange? {
        guard let serviceName = metadata?.labels?.serviceName, !serviceName.isEmpty else {
            findings.notice(
                "is left aside: it has no label kubernetes.io/service-name, and so no Service"
            )
            return .endpointSliceRemoved(name)
        }
        let family: AddressFamily
        switch addressType {
        case "IPv4":
            family = .ipv4
        case "IPv6":
            family = .ipv6
        case "FQDN":
            findings.notice("is left aside: its addressType FQDN has no addresses to send to")
            return .endpointSliceRemoved(name)
        case nil:
            findings.problem("addressType", "is missing; IPv4 or IPv6 belongs here")
            return nil
        case let other?:
            findings.problem("addressType", "\"\(other)\" is not IPv4 or IPv6")
            return nil
        }
        let ports = usablePorts(&findings)
        let endpoints = usableEndpoints(of: family, &findings)
        guard let ports else { return nil }
        return .endpointSlice(
            EndpointSlice(
                name: name,
                service: ObjectName(namespace: name.namespace, name: serviceName),
                family: family,
                ports: ports,
                endpoints: endpoints
            )
        )
    }

    /// Nil when a port is wrong: then it cannot be told what the endpoints would serve.
    private func usablePorts(_ findings: inout Findings) -> [EndpointPort]? {
        var result: [EndpointPort] = []
        var names: [String: Int] = [:]
        var isRight = true
        for (index, entry) in (ports ?? []).enumerated() {
            let field = "ports[\(index)]"
            guard let number = entry.port?.value else {
                findings.notice("has no number in \(field); every port is none to send to")
                continue
            }
            let name = entry.name ?? ""
            if let first = names.updateValue(index, forKey: name) {
                findings.problem(
                    "\(field).name",
                    "\"\(name)\" is also the name of ports[\(first)]"
                )
                isRight = false
            }
            let transport = findings.transport(entry.protocol, at: "\(field).protocol")
            guard let port = findings.port(number, at: "\(field).port"), let transport else {
                isRight = false
                continue
            }
            result.append(EndpointPort(name: name, transport: transport, port: port))
        }
        return isRight ? result : nil
    }

    private func usableEndpoints(
        of family: AddressFamily,
        _ findings: inout Findings
    ) -> [Endpoint] {
        guard let entries = endpoints else { return [] }
        var result: [Endpoint] = []
        result.reserveCapacity(entries.count)
        for (index, entry) in entries.enumerated() {
            guard let text = entry.addresses?.first else {
                findings.problem(
                    "endpoints[\(index)].addresses",
                    "is empty; an \(family) address belongs here",
                    .omission
                )
                continue
            }
            guard
                let address = findings.address(
                    text,
                    at: "endpoints[\(index)].addresses[0]",
                    of: .endpoint,
                    .omission
                )
            else { continue }
            guard address.family == family else {
                findings.problem(
                    "endpoints[\(index)].addresses[0]",
                    "\(address) is not an \(family) address, which addressType promises",
                    .omission
                )
                continue
            }
            result.append(
                Endpoint(
                    address: address,
                    conditions: EndpointConditions(
                        ready: entry.conditions?.ready,
                        serving: entry.conditions?.serving,
                        terminating: entry.conditions?.terminating
                    ),
                    nodeName: entry.nodeName ?? entry.topology?.nodeName,
                    zone: entry.zone ?? entry.topology?.zone,
                    hints: entry.hints?.endpointHints(at: "endpoints[\(index)].hints", &findings)
                )
            )
        }
        return result
    }
}

extension EndpointSliceManifest.Hints {
    /// Nil when there are none that name anything: then the endpoint is for everybody.
    fileprivate func endpointHints(
        at field: String,
        _ findings: inout Findings
    ) -> EndpointHints? {
        let zones = names(forZones, at: "\(field).forZones", of: "zone", &findings)
        let nodes = names(forNodes, at: "\(field).forNodes", of: "node", &findings)
        return zones.isEmpty && nodes.isEmpty ? nil : EndpointHints(zones: zones, nodes: nodes)
    }

    private func names(
        _ hints: [Hint]?,
        at field: String,
        of noun: String,
        _ findings: inout Findings
    ) -> [String] {
        (hints ?? []).enumerated().compactMap { index, hint in
            guard let name = hint.name, !name.isEmpty else {
                findings.problem(
                    "\(field)[\(index)].name",
                    "is missing; the name of a \(noun) belongs here",
                    .omission
                )
                return nil
            }
            return name
        }
    }
}
