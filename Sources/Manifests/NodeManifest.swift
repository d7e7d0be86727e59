import Addressing
import ServiceModel

/// A `v1` Node as it is written.
struct NodeManifest: ObjectManifest {
    static let kind = ObjectKind.node

    let metadata: Metadata?
    let spec: Spec?
    let status: Status?

    struct Metadata: Decodable {
        let labels: Labels?
        let deletionTimestamp: String?
    }

    struct Labels: Decodable {
        let zone: String?
        /// What the label was called before Kubernetes 1.17.
        let formerZone: String?

        enum CodingKeys: String, CodingKey {
            case zone = "topology.kubernetes.io/zone"
            case formerZone = "failure-domain.beta.kubernetes.io/zone"
        }
    }

    struct Spec: Decodable {
        let podCIDR: String?
        let podCIDRs: [String]?
        let taints: [Taint]?
    }

    struct Taint: Decodable {
        let key: String?
    }

    struct Status: Decodable {
        let addresses: [Address]?
    }

    struct Address: Decodable {
        let type: String?
        let address: String?
    }

    /// Never nil: what is wrong in a Node leaves only that aside.
    func change(of name: ObjectName, _ findings: inout Findings) -> ClusterChange? {
        let labels = [metadata?.labels?.zone, metadata?.labels?.formerZone]
        return .node(
            Node(
                name: name.name,
                zone: labels.compactMap { $0 }.first { !$0.isEmpty },
                podCIDRs: podCIDRs(&findings),
                addresses: addresses(&findings),
                isLeaving: isLeaving
            )
        )
    }

    private var isLeaving: Bool {
        metadata?.deletionTimestamp.map { !$0.isEmpty } ?? false
            || (spec?.taints ?? []).contains { $0.key == Node.leavingTaint }
    }

    /// `podCIDRs`, of which `podCIDR` repeats the first, or `podCIDR` where it is alone.
    private func podCIDRs(_ findings: inout Findings) -> [IPPrefix] {
        var written: [(field: String, text: String)] = []
        if let list = spec?.podCIDRs, !list.isEmpty {
            written = list.enumerated().map { ("spec.podCIDRs[\($0)]", $1) }
        } else if let single = spec?.podCIDR, !single.isEmpty {
            written = [("spec.podCIDR", single)]
        }
        return written.compactMap { findings.prefix($0.text, at: $0.field) }
    }

    /// Those inside the cluster first; the others of a Node are names.
    private func addresses(_ findings: inout Findings) -> [IPAddress] {
        var result: [IPAddress] = []
        for type in ["InternalIP", "ExternalIP"] {
            for (index, entry) in (status?.addresses ?? []).enumerated() where entry.type == type {
                guard
                    let address = findings.address(
                        entry.address ?? "",
                        at: "status.addresses[\(index)].address",
                        of: .node,
                        .omission
                    )
                else { continue }
                // Where a node has one address only, it often stands there as both.
                if !result.contains(address) { result.append(address) }
            }
        }
        return result
    }
}
