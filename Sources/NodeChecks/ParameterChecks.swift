import DataplaneModel

/// The kernel parameters of `KernelRequirements`.
enum ParameterChecks {
    static func findings(
        _ observation: NodeObservation,
        _ intent: ServingIntent
    ) -> [Finding] {
        let wanted = KernelRequirements.parameters(
            servesIPv6: true,
            strictARP: intent.strictARP,
            observed: observation.parameters
        )
        let usesIPVS = intent.prefersIPVS && !observation.modules.state(of: .ipvs).isAbsent
        var findings: [Finding] = []
        var later: [String] = []
        for (parameter, value) in wanted.sorted(by: { $0.key < $1.key }) {
            guard !KernelRequirements.isAcceptRouterAdvertisement(parameter) else { continue }
            let isOfIPVS = parameter.rawValue.hasPrefix(prefix)
            guard usesIPVS || !isOfIPVS else { continue }
            if let present = observation.parameters[parameter] {
                findings.append(judge(parameter, present, value, intent))
            } else if isOfIPVS {
                later.append("\(parameter.rawValue.dropFirst(prefix.count))=\(value)")
            } else {
                findings.append(missing(parameter))
            }
        }
        if !later.isEmpty { findings.append(notThereYet(later, intent)) }
        return findings + [connectionReuse(observation, usesIPVS)].compactMap(\.self)
            + [routerAdvertisements(observation, wanted, intent)].compactMap(\.self)
    }

    private static let prefix = "net.ipv4.vs."

    private static func judge(
        _ parameter: KernelParameter,
        _ present: String,
        _ wanted: String,
        _ intent: ServingIntent
    ) -> Finding {
        let name = parameter.rawValue
        if present == wanted { return .ok(.parameter, name, present) }
        let isForIPv6 = parameter == KernelRequirements.forwardIPv6
        let reason = reason(parameter)
        if intent.managesParameters {
            return .note(
                .parameter,
                name,
                "\(present); the daemon sets it to \(wanted)"
                    + (isForIPv6 ? " when a Service has an IPv6 address" : ""),
                remedy: "Nothing has to be done; \"sysctl -w \(name)=\(wanted)\" sets it now."
            )
        }
        return .weighed(
            isForIPv6 ? .note : .warning,
            .parameter,
            name,
            "\(present) and not \(wanted), and ipvs.manageKernelParameters is false: \(reason)",
            remedy: "\"sysctl -w \(name)=\(wanted)\" sets it; a line in /etc/sysctl.d keeps it so."
        )
    }

    private static func missing(_ parameter: KernelParameter) -> Finding {
        .warning(
            .parameter,
            parameter.rawValue,
            "this kernel does not have it: \(reason(parameter))",
            remedy: "Make sure that /proc/sys is mounted, and use a kernel that has it."
        )
    }

    private static func notThereYet(_ later: [String], _ intent: ServingIntent) -> Finding {
        let values = later.joined(separator: ", ")
        return intent.managesParameters
            ? .note(
                .parameter,
                prefix + "*",
                "not there before ip_vs is loaded; the daemon then sets \(values)",
                remedy: "Nothing has to be done."
            )
            : .warning(
                .parameter,
                prefix + "*",
                "not there before ip_vs is loaded, and ipvs.manageKernelParameters is false",
                remedy: "After \"modprobe ip_vs\", set these below \(prefix): \(values)."
            )
    }

    /// What is wrong as long as a parameter does not have its value.
    private static func reason(_ parameter: KernelParameter) -> String {
        switch parameter {
        case KernelRequirements.conntrack:
            "packets that IPVS balances cannot be masqueraded"
        case KernelRequirements.expireWithoutDestination:
            "clients of an endpoint that is gone wait for a time-out"
        case KernelRequirements.expireQuiescentTemplate:
            "session affinity holds clients to an endpoint that takes no more"
        case KernelRequirements.forwardIPv4:
            "the node passes no packets on between clients and pods"
        case KernelRequirements.forwardIPv6:
            "the node passes on no IPv6 packets, which matters when a Service has an IPv6 address"
        case KernelRequirements.connectionReuse:
            "a client that uses a port again waits for a second"
        default:
            "other machines are told that service addresses are this node's"
        }
    }

    /// 0 is what the daemon, and kube-proxy, set on older kernels; on newer ones nobody changes it.
    private static func connectionReuse(
        _ observation: NodeObservation,
        _ usesIPVS: Bool
    ) -> Finding? {
        let name = KernelRequirements.connectionReuse.rawValue
        guard usesIPVS, let version = observation.version, version >= KernelVersion(5, 9),
            let value = observation.parameters[KernelRequirements.connectionReuse]
        else { return nil }
        guard value == "0" else { return .ok(.connectionReuse, name, value) }
        return .warning(
            .connectionReuse,
            name,
            "0: a client that uses a port again is led to the endpoint it had, even if that is gone",
            remedy: "\"sysctl -w \(name)=1\" sets the kernel's default, which is right from 5.9 on."
        )
    }

    /// An interface that listens no more loses the default route that it was told.
    private static func routerAdvertisements(
        _ observation: NodeObservation,
        _ wanted: [KernelParameter: String],
        _ intent: ServingIntent
    ) -> Finding? {
        let forwards = observation.parameters[KernelRequirements.forwardIPv6] == "1"
        let affected = observation.network.advertisedRoutes.filter { interface in
            observation.parameters[.acceptRouterAdvertisements(of: interface)] == "1"
        }
        guard !affected.isEmpty else { return nil }
        let names = listed(affected)
        let commands = affected.sorted().map {
            "\"sysctl -w \(KernelParameter.acceptRouterAdvertisements(of: $0).rawValue)=2\""
        }.joined(separator: ", ")
        if forwards {
            return .warning(
                .routerAdvertisements,
                "accept_ra",
                "1 on \(names), which is as good as 0 on a node that forwards IPv6: the default "
                    + "route that it learned from a router goes when its time is over",
                remedy: "\(commands)."
            )
        }
        return .weighed(
            intent.managesParameters ? .note : .warning,
            .routerAdvertisements,
            "accept_ra",
            "1 on \(names), which learned its default route from a router; when IPv6 forwarding "
                + "is switched on it has to be 2"
                + (intent.managesParameters ? ", and the daemon sets both" : ""),
            remedy: intent.managesParameters
                ? "Nothing has to be done; \(commands) sets it now." : "\(commands)."
        )
    }
}

extension KernelParameter {
    /// A dot within an interface's name is a slash in the dotted form, as `sysctl` has it.
    static func acceptRouterAdvertisements(of interface: String) -> KernelParameter {
        let name = String(interface.map { $0 == "." ? "/" : $0 })
        return KernelParameter(rawValue: "net.ipv6.conf.\(name).accept_ra")
    }

    /// The interface of `net.ipv4.conf.<interface>.rp_filter`; nil for another parameter.
    var reversePathInterface: String? {
        let parts = rawValue.split(separator: ".")
        guard parts.count == 5, parts.starts(with: ["net", "ipv4", "conf"]),
            parts[4] == "rp_filter"
        else { return nil }
        return String(parts[3].map { $0 == "/" ? "." : $0 })
    }
}
