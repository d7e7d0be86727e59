import Addressing
import ServiceModel

extension ServiceManifest.Spec {
    private static let headless = "None"

    /// How clients reach the Service; nil, and a problem, when that cannot be said.
    func reachability(_ findings: inout Findings) -> Service.Reachability? {
        switch type {
        case "ExternalName":
            return .externalName
        case nil, "ClusterIP", "NodePort", "LoadBalancer":
            break
        case let other?:
            findings.problem(
                "spec.type",
                "\"\(other)\" is not ClusterIP, NodePort, LoadBalancer or ExternalName"
            )
            return nil
        }
        let written = writtenAddresses(&findings)
        guard !written.isEmpty else {
            findings.problem(
                "spec.clusterIP",
                "is missing; without an API server nobody assigns one; set spec.clusterIP or "
                    + "clusterIP: None"
            )
            return nil
        }
        if written.contains(where: { $0.text == Self.headless }) {
            return headless(written, &findings)
        }
        return clusterIPs(written, &findings)
    }

    private typealias WrittenAddress = (field: String, text: String)

    /// `clusterIPs`, of which `clusterIP` repeats the first, or `clusterIP` where it is alone.
    private func writtenAddresses(_ findings: inout Findings) -> [WrittenAddress] {
        let single = clusterIP.flatMap { $0.isEmpty ? nil : $0 }
        guard let clusterIPs, let first = clusterIPs.first else {
            return single.map { [("spec.clusterIP", $0)] } ?? []
        }
        if let single, single != first {
            findings.problem(
                "spec.clusterIP",
                "\"\(single)\" is not the first of spec.clusterIPs, which is \"\(first)\""
            )
        }
        return clusterIPs.enumerated().map { ("spec.clusterIPs[\($0)]", $1) }
    }

    private func headless(
        _ written: [WrittenAddress],
        _ findings: inout Findings
    ) -> Service.Reachability? {
        guard written.count == 1 else {
            findings.problem(
                "spec.clusterIPs",
                "has \"None\" beside an address; one excludes the other"
            )
            return nil
        }
        guard type == nil || type == "ClusterIP" else {
            findings.problem(
                written[0].field,
                "\"None\" is for type ClusterIP; a \(type ?? "") needs an address"
            )
            return nil
        }
        return .headless
    }

    private func clusterIPs(
        _ written: [WrittenAddress],
        _ findings: inout Findings
    ) -> Service.Reachability? {
        var addresses: [IPAddress] = []
        var isRight = true
        for (field, text) in written {
            guard let address = findings.address(text, at: field, of: .service) else {
                isRight = false
                continue
            }
            if addresses.contains(address) {
                findings.problem(field, "\(address) is there already")
                isRight = false
            } else if addresses.contains(where: { $0.family == address.family }) {
                findings.problem(
                    field,
                    "\(address) is a second \(address.family) address; one of each family can be"
                )
                isRight = false
            }
            addresses.append(address)
        }
        guard isRight else { return nil }
        for (index, address) in addresses.enumerated() {
            checkFamily(of: address, index, at: written[index].field, &findings)
        }
        return .clusterIPs(addresses)
    }

    /// Addresses count as they are written, whatever `ipFamilies` says of them.
    private func checkFamily(
        of address: IPAddress,
        _ index: Int,
        at field: String,
        _ findings: inout Findings
    ) {
        guard let ipFamilies, !ipFamilies.isEmpty else { return }
        guard index < ipFamilies.count else {
            findings.problem(
                field,
                "\(address) is one address more than spec.ipFamilies has families",
                .omission
            )
            return
        }
        guard ipFamilies[index] != address.family.description else { return }
        findings.problem(
            field,
            "\(address) is an \(address.family) address, but spec.ipFamilies[\(index)] is "
                + "\"\(ipFamilies[index])\"",
            .omission
        )
    }
}
