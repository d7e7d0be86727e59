import Addressing
import ServiceModel

/// `v1` Endpoints as they are written.
struct EndpointsManifest: ObjectManifest {
    static let kind = ObjectKind.endpoints

    let metadata: ObjectMetadata?
    let subsets: [Subset]?

    struct Subset: Decodable {
        let addresses: [Address]?
        let notReadyAddresses: [Address]?
        let ports: [Port]?
    }

    struct Address: Decodable {
        let ip: String?
        let nodeName: String?
    }

    struct Port: Decodable {
        let name: String?
        let `protocol`: String?
        let port: WholeNumber?
    }

    /// One slice for each subset and family.
    func change(of name: ObjectName, _ findings: inout Findings) -> ClusterChange? {
        var slices: [EndpointSlice] = []
        var isRight = true
        for (index, subset) in (subsets ?? []).enumerated() {
            let field = "subsets[\(index)]"
            let ports = subset.usablePorts(at: field, &findings)
            let endpoints =
                subset.endpoints(subset.addresses, .ready, at: "\(field).addresses", &findings)
                + subset.endpoints(
                    subset.notReadyAddresses,
                    .notReady,
                    at: "\(field).notReadyAddresses",
                    &findings
                )
            guard let ports else {
                isRight = false
                continue
            }
            for family in AddressFamily.allCases {
                let members = endpoints.filter { $0.address.family == family }
                guard !members.isEmpty else { continue }
                let sliceName = ObjectName(
                    namespace: name.namespace,
                    name: "\(name.name)-\(index)-\(family == .ipv4 ? "ipv4" : "ipv6")"
                )
                slices.append(
                    EndpointSlice(
                        name: sliceName,
                        service: name,
                        family: family,
                        ports: ports,
                        endpoints: members
                    )
                )
            }
        }
        return isRight ? .endpoints(name, slices) : nil
    }
}

extension EndpointsManifest.Subset {
    /// Nil when a port is wrong: then it cannot be told what the endpoints would serve.
    fileprivate func usablePorts(
        at field: String,
        _ findings: inout Findings
    ) -> [EndpointPort]? {
        var result: [EndpointPort] = []
        var isRight = true
        for (index, entry) in (ports ?? []).enumerated() {
            let field = "\(field).ports[\(index)]"
            let name = entry.name ?? ""
            if name.isEmpty, (ports ?? []).count > 1 {
                findings.problem(
                    "\(field).name",
                    "is missing; ports need names where there are several"
                )
                isRight = false
            }
            let transport = findings.transport(entry.protocol, at: "\(field).protocol")
            guard let port = findings.port(entry.port?.value, at: "\(field).port"), let transport
            else {
                isRight = false
                continue
            }
            result.append(EndpointPort(name: name, transport: transport, port: port))
        }
        return isRight ? result : nil
    }

    fileprivate func endpoints(
        _ addresses: [EndpointsManifest.Address]?,
        _ conditions: EndpointConditions,
        at field: String,
        _ findings: inout Findings
    ) -> [Endpoint] {
        var result: [Endpoint] = []
        for (index, entry) in (addresses ?? []).enumerated() {
            guard let text = entry.ip else {
                findings.problem(
                    "\(field)[\(index)].ip",
                    "is missing; an IPv4 or IPv6 address belongs here",
                    .omission
                )
                continue
            }
            guard
                let address = findings.address(
                    text,
                    at: "\(field)[\(index)].ip",
                    of: .endpoint,
                    .omission
                )
            else { continue }
            result.append(
                Endpoint(address: address, conditions: conditions, nodeName: entry.nodeName)
            )
        }
        return result
    }
}
