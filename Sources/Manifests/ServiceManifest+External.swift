import Addressing
import ServiceModel

extension ServiceManifest {
    /// What the Service has for clients outside the cluster; nothing where it has no address of its
    /// own.
    ///
    /// What is wrong with one address or range leaves that aside; the rest counts.
    func externalAccess(
        to reachability: Service.Reachability?,
        _ findings: inout Findings
    ) -> ExternalAccess {
        var external = ExternalAccess()
        guard let spec, case .clusterIPs(let clusterIPs)? = reachability else { return external }
        let families = Set(clusterIPs.map(\.family))
        external.addresses = spec.externalAddresses(of: families, &findings)
        // An API server defaults the policy, and keeps it, only where clients outside can come in.
        if spec.hasNodePorts || spec.externalIPs?.isEmpty == false {
            external.policy = findings.trafficPolicy(
                spec.externalTrafficPolicy,
                at: "spec.externalTrafficPolicy"
            )
        }
        guard spec.isLoadBalancer else { return external }
        external.loadBalancerAddresses = loadBalancerAddresses(of: families, &findings)
        external.sourceRanges = sourceRanges(&findings)
        if external.policy == .local, let number = spec.healthCheckNodePort?.value, number != 0 {
            external.healthCheckNodePort = findings.port(number, at: "spec.healthCheckNodePort")
        }
        return external
    }

    private func loadBalancerAddresses(
        of families: Set<AddressFamily>,
        _ findings: inout Findings
    ) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for (index, ingress) in (status?.loadBalancer?.ingress ?? []).enumerated() {
            let field = "status.loadBalancer.ingress[\(index)]"
            guard let text = ingress.address(at: field, &findings),
                let address = findings.address(text, at: "\(field).ip", of: families)
            else { continue }
            // A load balancer may say an address once for each port.
            if !addresses.contains(address) { addresses.append(address) }
        }
        return addresses
    }

    /// Nil when nothing is said of ranges; empty when nothing that is said can be read, for nobody
    /// may come in who was not meant to.
    private func sourceRanges(_ findings: inout Findings) -> [IPPrefix]? {
        let written = writtenSourceRanges
        guard !written.isEmpty else { return nil }
        var seen: Set<IPPrefix> = []
        return written.compactMap { field, text in
            guard let range = findings.prefix(String(text.trimmed), at: field) else { return nil }
            if let objection = range.objectionAsSource {
                findings.problem(field, "\(range) \(objection)", .omission)
                return nil
            }
            return seen.insert(range).inserted ? range : nil
        }
    }

    /// The field, or the older annotation where that is empty.
    private var writtenSourceRanges: [(field: String, text: Substring)] {
        if let ranges = spec?.loadBalancerSourceRanges, !ranges.isEmpty {
            return ranges.enumerated().map { ("spec.loadBalancerSourceRanges[\($0)]", $1[...]) }
        }
        guard let annotation = metadata?.annotations?.sourceRanges, !annotation[...].trimmed.isEmpty
        else { return [] }
        let field = "metadata.annotations[\(ObjectMetadata.Annotations.sourceRangesKey)]"
        return annotation.split(separator: ",", omittingEmptySubsequences: false).map {
            (field, $0)
        }
    }
}

extension ServiceManifest.Spec {
    var isLoadBalancer: Bool { type == "LoadBalancer" }

    /// Whether every node has a port for each of the Service's, or may have.
    var hasNodePorts: Bool { isLoadBalancer || type == "NodePort" }

    fileprivate func externalAddresses(
        of families: Set<AddressFamily>,
        _ findings: inout Findings
    ) -> [IPAddress] {
        var addresses: [IPAddress] = []
        for (index, text) in (externalIPs ?? []).enumerated() {
            let field = "spec.externalIPs[\(index)]"
            guard let address = findings.address(text, at: field, of: families) else { continue }
            if addresses.contains(address) {
                findings.problem(field, "\(address) is there already", .omission)
            } else {
                addresses.append(address)
            }
        }
        return addresses
    }
}

extension ServiceManifest.Status.Ingress {
    /// The address that packets keep on their way to the nodes (KEP-1860); nil, and a notice or a
    /// problem, when there is none.
    fileprivate func address(at field: String, _ findings: inout Findings) -> String? {
        guard let ip, !ip.isEmpty else {
            if let hostname, !hostname.isEmpty {
                findings.notice(
                    "has a load balancer by the name \"\(hostname)\" in \(field); such a load "
                        + "balancer sends to node ports, and nothing is to be done here"
                )
            } else {
                findings.problem(
                    "\(field).ip",
                    "is missing; an address belongs here, or a name in hostname",
                    .omission
                )
            }
            return nil
        }
        switch ipMode {
        case nil, "VIP":
            return ip
        case "Proxy":
            findings.notice(
                "leaves \(ip) in \(field).ip to its load balancer, which ends connections itself "
                    + "(ipMode: Proxy)"
            )
        case let other?:
            findings.problem("\(field).ipMode", "\"\(other)\" is not VIP or Proxy", .omission)
        }
        return nil
    }
}

extension Findings {
    /// Reads an address for clients outside; nil, and a problem that leaves it aside, for what is
    /// none, or of a family that the Service has no cluster IP of.
    fileprivate mutating func address(
        _ text: String,
        at field: String,
        of families: Set<AddressFamily>
    ) -> IPAddress? {
        guard let address = address(text, at: field, of: .service, .omission) else { return nil }
        guard families.contains(address.family) else {
            problem(
                field,
                "\(address) is an \(address.family) address, and the Service has no clusterIP of "
                    + "that family",
                .omission
            )
            return nil
        }
        return address
    }
}

extension IPPrefix {
    /// Why no packet comes from any address of this range; nil when one may.
    ///
    /// Link-local addresses are not refused: the clients may be on the same link.
    fileprivate var objectionAsSource: String? {
        let isIPv4 = address.family == .ipv4
        if address.isUnspecified, length == address.family.bits {
            return "is the unspecified address, from which nothing comes"
        }
        if address.isLoopback, length >= (isIPv4 ? 8 : 128) {
            return "is for loopback, from which nothing comes over a network"
        }
        if address.isMulticast, length >= (isIPv4 ? 4 : 8) {
            return "is for multicast, from which nothing comes"
        }
        if !isIPv4, length >= 96, address.high == 0, address.low >> 32 == 0xffff {
            return "is an IPv4 range written as IPv6; write it as IPv4"
        }
        return nil
    }
}

extension Substring {
    /// Without white space at either end.
    fileprivate var trimmed: Substring {
        let front = drop { $0.isWhitespace }
        return front.lastIndex { !$0.isWhitespace }.map { front[...$0] } ?? ""
    }
}
