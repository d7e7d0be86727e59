package import DataplaneModel

/// What the daemon of a node is to do, as far as it matters what the node has for it.
package struct ServingIntent: Hashable, Sendable {
    package enum Mode: Hashable, Sendable {
        /// IPVS, or iptables where there is none.
        case automatic
        case ipvs
        case iptables
    }

    package var mode = Mode.automatic
    /// Of all Services that choose none themselves.
    package var scheduler = Scheduler.roundRobin
    package var namespaceSchedulers: [String: Scheduler] = [:]
    package var usesPacketFilter = true
    /// Whether the daemon sets kernel parameters itself.
    package var managesParameters = true
    package var strictARP = false
    /// Whether service addresses are bound to the device, and not local routes by it.
    package var bindsAddresses = false
    /// The service device.
    package var device = "kube-ipvs0"
    package var stateDirectory = "/run/fairlead"

    /// What a configuration without any field asks for.
    package init() {}

    /// Whether packets are balanced by IPVS where the kernel has it.
    var prefersIPVS: Bool { mode != .iptables }

    /// Whether rules are kept in the packet filter, or would be on a kernel without IPVS.
    var mayUsePacketFilter: Bool { usesPacketFilter || mode != .ipvs }

    /// How bad it is that IPVS, or what it cannot do without, is missing.
    var verdictWithoutIPVS: Verdict {
        switch mode {
        case .automatic: .warning
        case .ipvs: .failure
        case .iptables: .ok
        }
    }
}
