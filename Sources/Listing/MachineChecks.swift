package import NodeChecks

/// How a node stands, for programs.
///
/// Its field names stay as they are, and so do the names of checks; new ones may come.
package struct MachineChecks: Encodable, Sendable {
    package struct Finding: Encodable, Sendable {
        /// Such as `ipvs.scheduler`.
        package let name: String
        package let subject: String
        /// `ok`, `note`, `warning` or `failure`.
        package let verdict: String
        package let finding: String
        /// Absent where all is well.
        package let remedy: String?
    }

    package let node: String
    /// The release of the kernel.
    package let kernel: String
    /// The worst of all checks.
    package let verdict: String
    package let checks: [Finding]

    package init(_ report: NodeReport) {
        node = report.node
        kernel = report.kernel
        verdict = report.verdict.rawValue
        checks = report.findings.map { finding in
            Finding(
                name: finding.check.rawValue,
                subject: finding.subject,
                verdict: finding.verdict.rawValue,
                finding: finding.text,
                remedy: finding.remedy
            )
        }
    }
}
