import Addressing
import DataplaneModel
package import Routing

/// How much the daemon serves at this moment, and what is wrong with it.
package struct ServingFigures: Sendable {
    /// What connections come to: `ipvs` or `iptables`.
    package var mode = ""
    /// What the configuration asks for: one of those, or `auto`.
    package var configuredMode = ""
    /// Something better is asked for than what serves.
    package var isFallback = false
    package var services = 0
    package var frontends = 0
    package var virtualServers = 0
    package var realServers = 0
    package var draining = 0
    package var failing = 0
    package var problems = 0
    /// Service ports with a policy `Local`, endpoints elsewhere and none here.
    package var withoutLocalEndpoints = WithoutLocalEndpoints()

    package init() {}

    /// Writes all of it.
    package func write(to exposition: inout Exposition) {
        for (name, value, help) in [
            ("fairlead_services", services, "Services that are known."),
            ("fairlead_frontends", frontends, "Addresses and ports where clients find Services."),
            ("fairlead_virtual_servers", virtualServers, "Virtual servers that are wanted."),
            ("fairlead_real_servers", realServers, "Real servers of those, each counted there."),
            (
                "fairlead_draining_real_servers", draining,
                "Real servers that leave and still have connections."
            ), ("fairlead_failing_objects", failing, "Objects that fail and are tried again."),
            ("fairlead_object_problems", problems, "What is wrong with objects of the cluster."),
        ] {
            exposition.add(.gauge, name, help, Double(value))
        }
        withoutLocalEndpoints.write(to: &exposition)
    }

    /// Writes what is known without asking the task that serves.
    package func writeMode(to exposition: inout Exposition) {
        exposition.begin(
            MetricFamily(.gauge, "fairlead_mode", "1 for what connections come to.")
        )
        for mode in DataplaneMode.allCases {
            exposition.add(["mode": mode.rawValue], mode.rawValue == self.mode ? 1 : 0)
        }
        exposition.begin(
            MetricFamily(
                .gauge,
                "fairlead_configured_mode",
                "1 for the mode that the configuration asks for."
            )
        )
        for mode in ["auto", "ipvs", "iptables"] {
            exposition.add(["mode": mode], mode == configuredMode ? 1 : 0)
        }
        exposition.add(
            .gauge,
            "fairlead_mode_is_fallback",
            "1 while something better than what serves is looked for.",
            isFallback ? 1 : 0
        )
    }
}

/// Service ports whose traffic vanishes on this node, as other nodes have the endpoints.
package struct WithoutLocalEndpoints: Sendable {
    private var ports:
        [AddressFamily: (internal: Set<ServicePortName>, external: Set<ServicePortName>)] =
            [:]

    package init() {}

    /// Takes in a frontend.
    package mutating func count(_ frontend: Frontend) {
        guard frontend.outside == .drop else { return }
        if frontend.kind == .clusterIP {
            ports[frontend.key.family, default: ([], [])].internal.insert(frontend.service)
        } else {
            ports[frontend.key.family, default: ([], [])].external.insert(frontend.service)
        }
    }

    func write(to exposition: inout Exposition) {
        exposition.begin(
            MetricFamily(
                .gauge,
                "kubeproxy_sync_proxy_rules_no_local_endpoints_total",
                "Service ports with a traffic policy Local and no endpoint on this node."
            )
        )
        for family in AddressFamily.allCases {
            let counted = ports[family]
            for (policy, count) in [
                ("internal", counted?.internal.count), ("external", counted?.external.count),
            ] {
                var labels = Labels(family)
                labels.append("traffic_policy", policy)
                exposition.add(labels, count: count ?? 0)
            }
        }
    }
}
