/// Says how the daemon of a node stands, for people.
package enum StatusListing {
    /// One fact a line; what is wrong comes last.
    package static func text(of status: NodeStatus) -> String {
        var lines = [
            row("Node", status.node),
            row("Dataplane", dataplane(status)),
        ]
        if let preparing = status.preparing { lines.append(row("Preparing", preparing)) }
        lines += [
            row("Serving", serving(status)),
            row("Services", "\(status.services) (\(count(status.frontends, "frontend")))"),
            row(
                "Virtual servers",
                "\(status.virtualServers) with \(count(status.realServers, "real server"))"
                    + (status.draining > 0 ? ", \(status.draining) draining" : "")
            ),
        ]
        if let apply = status.lastApply {
            lines.append(
                row(
                    "Last change",
                    "\(time(apply.secondsAgo)) ago: \(count(apply.steps, "step")) in "
                        + "\(apply.milliseconds) ms"
                )
            )
        }
        if let audit = status.lastAuditSecondsAgo {
            lines.append(
                row(
                    "Last audit",
                    "\(time(audit)) ago; repaired \(count(status.repairedSteps, "step")) so far"
                )
            )
        }
        lines += watches(status)
        if !status.failingPorts.isEmpty {
            let ports = status.failingPorts.map { "\($0.count) for \($0.purpose)" }
            lines.append(row("Ports", "cannot be opened: \(ports.joined(separator: ", "))"))
        }
        lines += status.remarks.map { row("Note", $0) }
        lines.append(row("Failing", count(status.pendingRetries, "object")))
        for failure in status.failures {
            lines.append("  \(failure.object.map { "\($0): " } ?? "")\(failure.message)")
        }
        lines.append(row("Problems", count(status.problems.count, "object")))
        for problem in status.problems { lines.append("  \(problem)") }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func row(_ name: String, _ value: String) -> String {
        "\(name):".padded(to: 17) + value
    }

    private static func watches(_ status: NodeStatus) -> [String] {
        guard !status.watches.isEmpty else { return [] }
        var lines = [
            row(
                "Cluster",
                status.watches.map { "\($0.resource) \($0.state) (\($0.objects))" }
                    .joined(separator: ", ")
            )
        ]
        // One cause makes all of them fail.
        var said: Set<String> = []
        for problem in status.watches.compactMap(\.problem) where said.insert(problem).inserted {
            lines.append("  \(problem)")
        }
        return lines
    }

    private static func dataplane(_ status: NodeStatus) -> String {
        let asked = "mode: \(status.configuredMode)"
        guard status.isFallback else { return "\(status.mode) (\(asked)), \(status.reason)" }
        return "\(status.mode) (\(asked)), as IPVS cannot be used: \(status.reason)"
    }

    private static func serving(_ status: NodeStatus) -> String {
        guard status.isComplete else { return "not everything yet" }
        return status.servingForSeconds.map { "everything, for \(time($0))" } ?? "everything"
    }

    private static func count(_ number: Int, _ noun: String) -> String {
        number == 0 ? "no \(noun)s" : "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    /// `42 s`, `3 min 5 s` or `2 h 10 min`.
    private static func time(_ seconds: Int64) -> String {
        if seconds < 60 { return "\(seconds) s" }
        if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
        return "\(seconds / 3600) h \(seconds / 60 % 60) min"
    }
}
