package import DataplaneModel

/// A script that every dataplane must answer in the same way, and the state it must leave.
package struct ConformanceCase: Sendable, CustomStringConvertible {
    /// An operation and the error number it ends with; nil when it succeeds.
    package struct Step: Sendable {
        package let operation: Operation
        package let error: ErrorNumber?

        static func succeeds(_ operation: Operation) -> Step {
            Step(operation: operation, error: nil)
        }

        static func fails(_ operation: Operation, _ error: ErrorNumber) -> Step {
            Step(operation: operation, error: error)
        }
    }

    /// A sentence.
    package let name: String
    package let steps: [Step]

    package var description: String { name }

    /// Runs the script twice: step by step, and as one plan on a second dataplane.
    ///
    /// Answers what was not as it must be; nothing is right.
    package func violations<Device: Dataplane & ~Copyable>(
        on device: inout Device,
        andAsOnePlanOn other: inout Device
    ) throws(DataplaneError) -> [String] {
        var violations: [String] = []
        // Worked out without any dataplane: each step that must succeed changes the state so.
        var expected = try device.observe().managed
        for (index, step) in steps.enumerated() {
            let failures = device.apply(Plan([step.operation]))
            violations += Self.compare(failures, step.error.map { [(0, $0)] } ?? [], index)
            if step.error == nil { expected.apply(step.operation) }
        }
        let observed = try device.observe().managed
        if observed != expected {
            violations.append("after the last step there is\n\(observed)\nand not\n\(expected)")
        }
        var onePlan = try other.observe().managed
        for step in steps where step.error == nil { onePlan.apply(step.operation) }
        let failures = other.apply(Plan(steps.map(\.operation)))
        let errors = steps.enumerated().compactMap { index, step in
            step.error.map { (index, $0) }
        }
        violations += Self.compare(failures, errors, nil)
        if try other.observe().managed != onePlan {
            violations.append("as one plan it leaves another state")
        }
        return violations
    }

    private static func compare(
        _ failures: [OperationFailure],
        _ expected: [(Int, ErrorNumber)],
        _ step: Int?
    ) -> [String] {
        let place = step.map { "step \($0)" } ?? "as one plan"
        let found = failures.map { "\($0.index): \($0.error.code)" }
        let wanted = expected.map { "\($0.0): \($0.1)" }
        return found == wanted ? [] : ["\(place): answered \(found) and not \(wanted)"]
    }
}

extension IPVSState {
    /// What operations can change, without what belongs to the node or to the kernel's mood.
    package var managed: IPVSState {
        var managed = self
        managed.foreignAddresses = []
        managed.parameters = [:]
        return managed
    }
}
