import Addressing
import DataplaneModel
import Planning

extension ServingMeasurements {
    /// Writes all of it: under kube-proxy's names what means the same there.
    package func write(to exposition: inout Exposition) {
        writeRounds(&exposition)
        writeChanges(&exposition)
        writeFailures(&exposition)
        writeAudits(&exposition)
        writeProbes(&exposition)
    }

    private func writeRounds(_ exposition: inout Exposition) {
        for (name, help, histogram) in [
            ("sync_proxy_rules", "Time of a round that brings the kernel up to date.", rounds),
            ("sync_full_proxy_rules", "Time of a round that compares everything.", fullRounds),
            ("sync_partial_proxy_rules", "Time of a round for what changed.", partialRounds),
        ] {
            exposition.begin(
                MetricFamily(.histogram, "kubeproxy_\(name)_duration_seconds", help)
            )
            // A round is for both.
            for family in AddressFamily.allCases { exposition.add(Labels(family), histogram) }
        }
        exposition.begin(
            MetricFamily(
                .gauge,
                "kubeproxy_sync_proxy_rules_last_timestamp_seconds",
                "The last time the kernel was brought up to date without failure; 0 before."
            )
        )
        for family in AddressFamily.allCases {
            exposition.add(Labels(family), lastSynced[family] ?? 0)
        }
        exposition.begin(
            MetricFamily(
                .histogram,
                "kubeproxy_network_programming_duration_seconds",
                "Time from a change of pods or a Service in the cluster to the kernel of this node."
            )
        )
        let none = Histogram(bounds: Histogram.programmingBounds)
        for family in AddressFamily.allCases {
            exposition.add(Labels(family), programming[family] ?? none)
        }
    }

    private func writeChanges(_ exposition: inout Exposition) {
        exposition.begin(
            MetricFamily(
                .gauge,
                "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds",
                "The last time a change arrived; 0 before."
            )
        )
        for family in AddressFamily.allCases { exposition.add(Labels(family), lastQueued ?? 0) }
        for (name, noun, changes) in [
            ("endpoint", "endpoints", endpointChanges), ("service", "Services", serviceChanges),
        ] {
            let prefix = "kubeproxy_sync_proxy_rules_\(name)_changes"
            exposition.add(
                .gauge,
                "\(prefix)_pending",
                "Changes of \(noun) that are not in the kernel yet.",
                Double(changes.pending)
            )
            exposition.begin(
                MetricFamily(.counter, "\(prefix)_total", "Changes of \(noun) that arrived.")
            )
            exposition.add(count: changes.total)
        }
    }

    private func writeFailures(_ exposition: inout Exposition) {
        exposition.begin(
            MetricFamily(
                .counter,
                "kubeproxy_sync_proxy_rules_iptables_restore_failures_total",
                "Rounds in which the rules of the packet filter could not be written."
            )
        )
        for family in AddressFamily.allCases {
            exposition.add(Labels(family), count: restoreFailures[family] ?? 0)
        }
        exposition.begin(
            MetricFamily(
                .counter,
                "fairlead_operations_total",
                "Steps that changed the kernel or the record of what is ours."
            )
        )
        exposition.add(count: operations)
        exposition.begin(
            MetricFamily(
                .counter,
                "fairlead_kernel_calls_total",
                "System calls by which messages went to the kernel and came from it."
            )
        )
        exposition.add(count: kernelCalls)
        exposition.begin(
            MetricFamily(
                .counter,
                "fairlead_operation_failures_total",
                "Objects that a round failed to bring up to date, by the error number of the first "
                    + "step that failed."
            )
        )
        for (errno, count) in operationFailures.sorted(by: { $0.key < $1.key }) {
            exposition.add(["errno": errno], count: count)
        }
    }

    private func writeAudits(_ exposition: inout Exposition) {
        exposition.begin(
            MetricFamily(
                .histogram,
                "fairlead_audit_duration_seconds",
                "Time to compare everything with the kernel though nothing changed, repairs included."
            )
        )
        exposition.add([:], audits)
        exposition.begin(
            MetricFamily(
                .counter,
                "fairlead_audit_failures_total",
                "Audits for which the kernel could not be read."
            )
        )
        exposition.add(count: auditFailures)
        exposition.begin(
            MetricFamily(
                .counter,
                "fairlead_departed_real_servers_total",
                "Real servers that have left, and why: idle without connections, others with some."
            )
        )
        for ending in Departure.Ending.allCases {
            exposition.add(["ending": ending.rawValue], count: departed[ending] ?? 0)
        }
        exposition.begin(
            MetricFamily(
                .counter,
                "fairlead_ended_flows_total",
                "UDP flows that were ended, as those who answered them had left."
            )
        )
        exposition.add(count: endedFlows)
        exposition.begin(
            MetricFamily(
                .counter,
                "fairlead_drift_repaired_steps_total",
                "Steps that repaired what something else had changed; ip_family is empty for what "
                    + "belongs to both."
            )
        )
        let families: [AddressFamily?] = AddressFamily.allCases + [nil]
        for family in families {
            exposition.add(
                ["ip_family": family.map { "\($0)" } ?? ""],
                count: drift[family] ?? 0
            )
        }
    }

    private func writeProbes(_ exposition: inout Exposition) {
        for (name, counts) in [("healthz", healthz), ("livez", livez)] {
            exposition.begin(
                MetricFamily(
                    .counter,
                    "kubeproxy_proxy_\(name)_total",
                    "Answers of /\(name), by their status."
                )
            )
            for isOK in [true, false] {
                exposition.add(["code": isOK ? "200" : "503"], count: counts[isOK] ?? 0)
            }
        }
    }
}

extension Labels {
    init(_ family: AddressFamily) {
        self.init()
        append("ip_family", family.description)
    }
}
