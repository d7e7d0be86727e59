/// What an audit found that somebody asked for, for programs.
///
/// Its field names stay as they are; new ones may come.
package struct AuditOutcome: Encodable, Hashable, Sendable {
    /// Something in the kernel that was not as it had been left.
    package struct Object: Encodable, Hashable, Sendable {
        package let name: String
        /// The Service port it is for; absent where it is for several, or for the node.
        package let service: String?

        package init(name: String, service: String?) {
            self.name = name
            self.service = service
        }
    }

    /// Why there was no audit; absent where there was one.
    package var problem: String?
    /// Steps that were needed to make everything what it should be.
    package var driftedSteps = 0
    /// What they were about; many are not all named.
    package var objects: [Object] = []
    /// How many objects there are beside those.
    package var moreObjects = 0
    /// What failed in that round, and is tried again.
    package var failures: [String] = []

    package init() {}

    /// The kernel was read, and everything was as it should be.
    package var isClean: Bool { problem == nil && driftedSteps == 0 && failures.isEmpty }

    /// The same for people.
    package var text: String {
        if let problem { return "\(problem)\n" }
        var lines: [String] = []
        if driftedSteps == 0 {
            lines.append("everything is as it was programmed")
        } else {
            lines.append(
                "something else changed what was programmed; repaired in \(driftedSteps) "
                    + (driftedSteps == 1 ? "step" : "steps")
            )
        }
        lines += objects.map { "  " + $0.name + ($0.service.map { " (\($0))" } ?? "") }
        if moreObjects > 0 { lines.append("  and \(moreObjects) more") }
        if !failures.isEmpty { lines.append("These failed, and are tried again:") }
        lines += failures.map { "  \($0)" }
        return lines.map { $0 + "\n" }.joined()
    }
}
