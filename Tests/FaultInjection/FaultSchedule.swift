import DataplaneModel
import TestSupport

/// Which faults come when: the same ones for the same seed and the same operations.
package struct FaultSchedule: Sendable {
    /// What becomes of one operation.
    enum Fate {
        case done
        case notDone(ErrorNumber)
        case doneInSilence(ErrorNumber)

        var reachesTheKernel: Bool { if case .notDone = self { false } else { true } }
    }

    /// How often in a hundred operations one is refused, or done without acknowledgement.
    package var refusedOperations: Int
    package var unacknowledgedOperations: Int
    /// How often in a hundred plans the rest is cut off, or the answers are lost.
    package var cutOffPlans: Int
    package var silencedPlans: Int
    /// How often in a hundred times something cannot be read.
    package var unreadable: Int
    /// How often in a hundred plans one takes a second or more of the driver's clock.
    package var delayedPlans: Int
    /// Whether faults come at all.
    package var isActive = true

    private var numbers: SeededGenerator
    private(set) var counts = FaultCounts()

    package init(
        seed: UInt64,
        refusedOperations: Int = 12,
        unacknowledgedOperations: Int = 6,
        cutOffPlans: Int = 6,
        silencedPlans: Int = 4,
        unreadable: Int = 15,
        delayedPlans: Int = 5
    ) {
        numbers = SeededGenerator(seed: seed)
        self.refusedOperations = refusedOperations
        self.unacknowledgedOperations = unacknowledgedOperations
        self.cutOffPlans = cutOffPlans
        self.silencedPlans = silencedPlans
        self.unreadable = unreadable
        self.delayedPlans = delayedPlans
    }

    mutating func fates(of operations: [Operation]) -> [Fate] {
        guard isActive, !operations.isEmpty else {
            return [Fate](repeating: .done, count: operations.count)
        }
        if numbers.chance(silencedPlans) {
            counts.note(.silenced)
            return [Fate](repeating: .doneInSilence(.noBuffers), count: operations.count)
        }
        var cut = operations.count
        if numbers.chance(cutOffPlans) {
            counts.note(.cutOff)
            cut = Int.random(in: operations.indices, using: &numbers)
        }
        let cutError = numbers.pick(Self.errors)
        return operations.enumerated().map { index, operation in
            if index >= cut { return .notDone(cutError) }
            if numbers.chance(refusedOperations) {
                counts.note(.refused)
                return .notDone(numbers.pick(Self.errors(of: operation)))
            }
            if numbers.chance(unacknowledgedOperations) {
                counts.note(.unacknowledged)
                return .doneInSilence(numbers.pick(Self.errors(of: operation)))
            }
            return .done
        }
    }

    /// The error that a reading ends with; nil when it succeeds.
    mutating func readingError(_ action: String) -> DataplaneError? {
        guard isActive, numbers.chance(unreadable) else { return nil }
        counts.note(.unreadable)
        return DataplaneError(action: action, code: numbers.pick(Self.errors))
    }

    /// How long the next plan takes.
    mutating func delay() -> Duration {
        guard isActive, numbers.chance(delayedPlans) else { return .zero }
        counts.note(.delayed)
        return .seconds(Int.random(in: 1...5, using: &numbers))
    }

    private static let outOfMemory = ErrorNumber(rawValue: 12)
    private static let again = ErrorNumber(rawValue: 11)
    private static let noSpace = ErrorNumber(rawValue: 28)

    /// What netlink answers when it is short of something.
    private static let errors: [ErrorNumber] = [
        .noBuffers, .interrupted, again, outOfMemory, .timedOut,
    ]

    private static func errors(of operation: Operation) -> [ErrorNumber] {
        switch operation {
        case .claim, .release: [noSpace, .inputOutput]
        case .installFilter: [.busy, .invalid, outOfMemory]
        default: errors
        }
    }
}

extension FaultSchedule {
    /// The same without any fault.
    package var switchedOff: FaultSchedule {
        var copy = self
        copy.isActive = false
        return copy
    }
}
