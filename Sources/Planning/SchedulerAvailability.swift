package import DataplaneModel

/// Which schedulers the kernel is known to have, and known to lack.
package struct SchedulerAvailability: Hashable, Sendable {
    private var answers: [Scheduler: Bool] = [:]

    package init(available: some Sequence<Scheduler> = []) {
        for scheduler in available { answers[scheduler] = true }
    }

    /// Nil when nobody has asked, or when asking did not settle it.
    package func isAvailable(_ scheduler: Scheduler) -> Bool? { answers[scheduler] }

    /// Keeps a conclusive answer; forgets what was known when the new one is not.
    package mutating func record(_ answer: ProbeAnswer, for scheduler: Scheduler) {
        switch answer {
        case .available: answers[scheduler] = true
        case .missing: answers[scheduler] = false
        case .inconclusive: answers[scheduler] = nil
        }
    }

    /// Forgets what was missing: a module may have been installed since.
    package mutating func forgetMissing() {
        answers = answers.filter { $0.value }
    }
}
