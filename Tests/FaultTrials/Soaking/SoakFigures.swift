/// What happened in a soak.
struct SoakFigures {
    var rounds = 0
    var simulated = Duration.zero
    var changes = 0
    var kills = 0
    var cuts = 0
    var disturbances: [String: Int] = [:]
    var foreignEdits: [String: Int] = [:]
    var audits = 0
    var drift = 0
    var failures = 0
    var comparisons = 0

    func text(faults: String) -> String {
        func total(_ counts: [String: Int]) -> String {
            let parts = counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
            return "\(counts.values.reduce(0, +)) (\(parts.joined(separator: ", ")))"
        }
        let minutes = simulated.components.seconds / 60
        return """
            simulated      \(minutes / 60) h \(minutes % 60) min in \(rounds) rounds
            changes        \(changes), with \(cuts) times without news
            faults         \(faults)
            failures       \(failures) of operations, said to the log
            kills          \(kills)
            destruction    \(total(disturbances))
            foreign edits  \(total(foreignEdits))
            audits         \(audits), which found \(drift) steps of drift
            comparisons    \(comparisons) with a node that never knew anything else
            """
    }
}
