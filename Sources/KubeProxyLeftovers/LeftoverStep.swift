package import Addressing
package import DataplaneModel

/// One step that takes something of kube-proxy's away; those of different kinds fail independently.
package enum LeftoverStep: Hashable, Sendable {
    /// The table of the nftables mode, with all that is in it.
    case deleteTable(AddressFamily)
    case removeRules(RuleRemoval)
    /// An address set; `users` are rules of others that look into it and keep it from going, each
    /// with the program and table it is in.
    case destroySet(String, users: [String])
    /// A virtual server, whose real servers go with it.
    case deleteVirtualServer(VirtualServerKey, isNodePort: Bool)
    /// An address on kube-proxy's device.
    case removeAddress(IPAddress)
    /// The device, when nothing is on it any more.
    case removeDevice
}

extension LeftoverStep: CustomStringConvertible {
    /// What it takes away: `the address set KUBE-CLUSTER-IP`.
    package var description: String {
        switch self {
        case .deleteTable(let family): "the nftables table \(Self.tableName(family))"
        case .removeRules(let removal):
            "the chains and rules in \(removal.table) (\(removal.program))"
        case .destroySet(let name, _): "the address set \(name)"
        case .deleteVirtualServer(let key, _): "the virtual server \(key)"
        case .removeAddress(let address): "the address \(address) on \(ProxyNames.device)"
        case .removeDevice: "the device \(ProxyNames.device)"
        }
    }

    /// The table of a family as `nft` names it: `ip kube-proxy`.
    package static func tableName(_ family: AddressFamily) -> String {
        (family == .ipv4 ? "ip " : "ip6 ") + ProxyNames.table
    }
}

/// What became of the steps of a removal.
package struct RemovalOutcome: Hashable, Sendable {
    /// A step that was not done, and why; everything that the step is about is still there.
    package struct Failure: Hashable, Sendable {
        package let step: LeftoverStep
        package let reason: String

        package init(step: LeftoverStep, reason: String) {
            self.step = step
            self.reason = reason
        }
    }

    package var removed: [LeftoverStep] = []
    package var failures: [Failure] = []

    /// Nothing done yet.
    package init() {}
}
