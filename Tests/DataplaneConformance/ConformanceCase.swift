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

    /// Something that not every dataplane, or not every kernel, has.
    package enum Need: Hashable, Sendable, CaseIterable {
        /// A choice of schedulers, with what depends on one.
        case schedulers
        /// Other ways to a real server than rewriting addresses, and limits of its connections.
        case forwardingMethods
        /// Real servers that are refused before there is a packet for them.
        case routeChecks
        /// Time-outs of connections.
        case timeouts
        /// Claims on what is not there.
        case record
        /// Persistence of a virtual server that has no real servers.
        case idlePersistence
        /// Hundreds of writes one by one, in a short time.
        case quickWrites
        /// Network devices of the kind `dummy`.
        case device
    }

    /// A sentence.
    package let name: String
    package let needs: Set<Need>
    package let steps: [Step]

    init(name: String, needs: Set<Need> = [], steps: [Step]) {
        self.name = name
        self.needs = needs
        self.steps = steps
    }

    /// The cases that a dataplane of a mode can hold, on a kernel that may lack dummy devices.
    package static func all(_ mode: DataplaneMode, hasDevices: Bool = true) -> [ConformanceCase] {
        var met: Set<Need> = mode == .ipvs ? Set(Need.allCases) : [.device]
        if !hasDevices { met.remove(.device) }
        return all(scheduler: mode == .ipvs ? .roundRobin : .random).filter {
            $0.needs.isSubset(of: met)
        }
    }

    package var description: String { name }

    /// Whether any step of it is about a virtual server.
    package var concernsVirtualServers: Bool {
        steps.contains { $0.operation.virtualServer != nil }
    }

    /// Runs the script step by step, and answers what was not as it must be; nothing is right.
    package func violationsStepByStep<Device: Dataplane & ~Copyable>(
        on device: inout Device
    ) throws(DataplaneError) -> [String] {
        var violations: [String] = []
        // Worked out without any dataplane: each step that must succeed changes the state so.
        var expected = try device.observe().managed
        for (index, step) in steps.enumerated() {
            let failures = device.apply(Plan([step.operation]))
            violations += Self.compare(failures, step.error.map { [(0, $0)] } ?? [], index)
            if step.error == nil { expected.apply(step.operation) }
        }
        expected.claimRoutes()
        let observed = try device.observe().managed
        if observed != expected {
            violations.append("after the last step there is\n\(observed)\nand not\n\(expected)")
        }
        for (set, members) in expected.sets where try device.observe(set) != members {
            violations.append("the set \(set) alone reads otherwise than with everything else")
        }
        return violations
    }

    /// Runs the script as one plan, and answers what was not as it must be; nothing is right.
    package func violationsAsOnePlan<Device: Dataplane & ~Copyable>(
        on device: inout Device
    ) throws(DataplaneError) -> [String] {
        var expected = try device.observe().managed
        for step in steps where step.error == nil { expected.apply(step.operation) }
        expected.claimRoutes()
        let failures = device.apply(Plan(steps.map(\.operation)))
        let errors = steps.enumerated().compactMap { index, step in
            step.error.map { (index, $0) }
        }
        var violations = Self.compare(failures, errors, nil)
        if try device.observe().managed != expected {
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
        let words = failures.map(\.error.description).joined(separator: "\n")
        return found == wanted
            ? [] : ["\(place): answered \(found) and not \(wanted)\n\(words)"]
    }
}

extension IPVSState {
    /// A route that an operation made says itself that it is ours, on record or not.
    fileprivate mutating func claimRoutes() {
        for case (let address, .route) in addresses where claims[.address(address)] == nil {
            claims[.address(address)] = ""
        }
    }

    /// What operations can change, without what belongs to the node or to the kernel's mood.
    package var managed: IPVSState {
        var managed = self
        managed.foreignAddresses = []
        managed.parameters = [:]
        // Chains are for nobody as long as nobody is said.
        managed.claims = claims.filter { object, owner in
            if case .virtualServer = object { !owner.isEmpty } else { true }
        }
        return managed
    }
}
