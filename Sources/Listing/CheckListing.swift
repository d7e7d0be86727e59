package import NodeChecks

/// How a node stands, one line for each thing that was looked at, and one for what would help.
package enum CheckListing {
    package static func text(of report: NodeReport) -> String {
        var lines = ["\(report.node), Linux \(report.kernel)"]
        let width = report.findings.map(\.subject.count).max() ?? 0
        var heading = ""
        for finding in report.findings {
            if finding.check.heading != heading {
                heading = finding.check.heading
                lines += ["", heading]
            }
            let verdict = finding.verdict.rawValue.padded(to: verdictWidth)
            lines.append("  \(verdict)  \(finding.subject.padded(to: width))  \(finding.text)")
            if let remedy = finding.remedy {
                lines.append("  \("".padded(to: verdictWidth))    \(remedy)")
            }
        }
        lines += ["", conclusion(report)]
        return lines.joined(separator: "\n") + "\n"
    }

    private static let verdictWidth = Verdict.allCases.map(\.rawValue.count).max() ?? 0

    private static func conclusion(_ report: NodeReport) -> String {
        let counts = Verdict.allCases.reversed().compactMap { verdict -> String? in
            let count = report.findings.count { $0.verdict == verdict }
            guard verdict != .ok, count > 0 else { return nil }
            return "\(count) \(verdict.rawValue)\(count == 1 ? "" : "s")"
        }
        let meaning =
            report.verdict == .failure
            ? "Fairlead cannot serve on this node as it is configured"
            : "nothing keeps Fairlead from serving on this node"
        let tally = counts.isEmpty ? "All is well" : counts.joined(separator: ", ")
        return "\(tally): \(meaning)."
    }
}
