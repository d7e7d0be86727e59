package import Addressing
package import DataplaneModel

/// A kernel with IPVS as a value: it answers with the real one's error numbers.
///
/// It is trusted because it passes the suite that the real kernel passes
/// (`DataplaneConformance`); what that suite does not ask, it does not know.
package struct SimulatedDataplane: Dataplane {
    /// What the kernel holds now.
    package var state: IPVSState
    /// The schedulers this kernel has.
    package var schedulers: Set<Scheduler>
    /// Real servers that the kernel has no route to.
    package var unroutable: Set<IPAddress> = []
    /// Errors to answer instead of doing an operation; asked before each one.
    package var refusal: @Sendable (Operation) -> ErrorNumber? = { _ in nil }
    /// How a probe ends instead of with the truth.
    package var probeError: DataplaneError?
    /// Every operation that was done, in order.
    package private(set) var log: [Operation] = []
    /// How often something was read.
    package private(set) var observations = 0
    package private(set) var probes: [Scheduler] = []

    /// A kernel with Debian's schedulers that holds nothing yet.
    package init(
        state: IPVSState = SimulatedDataplane.freshState,
        schedulers: Set<Scheduler> = Set(Scheduler.wellKnown).subtracting([.twoRandomChoices])
    ) {
        self.state = state
        self.schedulers = schedulers
    }

    /// A kernel that has just loaded IPVS.
    package static var freshState: IPVSState {
        var state = IPVSState()
        state.timeouts = ConnectionTimeouts(tcp: 900, tcpFin: 120, udp: 300)
        state.parameters = [
            KernelRequirements.conntrack: "0",
            KernelRequirements.expireWithoutDestination: "0",
            KernelRequirements.expireQuiescentTemplate: "0",
            KernelRequirements.forwardIPv4: "0",
            KernelRequirements.forwardIPv6: "0",
        ]
        return state
    }

    /// Forgets what was done so far, so that a test sees only what follows.
    package mutating func clearLog() {
        log = []
        observations = 0
        probes = []
    }

    package mutating func observe() throws(DataplaneError) -> IPVSState {
        observations += 1
        return state
    }

    package mutating func observe(
        _ key: VirtualServerKey
    ) throws(DataplaneError) -> IPVSState.Entry? {
        observations += 1
        return state.virtualServers[key]
    }

    package mutating func observe(
        _ set: AddressSet
    ) throws(DataplaneError) -> [SetMember: UInt32]? {
        observations += 1
        return state.sets[set]
    }

    package mutating func observeAddresses() throws(DataplaneError) -> ObservedAddresses {
        observations += 1
        return ObservedAddresses(
            announced: state.addresses,
            foreign: state.foreignAddresses,
            hasDevice: state.hasDevice
        )
    }

    package mutating func probe(_ scheduler: Scheduler) -> ProbeAnswer {
        probes.append(scheduler)
        if let probeError { return .inconclusive(probeError) }
        return schedulers.contains(scheduler) ? .available : .missing
    }

    package mutating func apply(_ plan: Plan) -> [OperationFailure] {
        var failures: [OperationFailure] = []
        for (index, operation) in plan.operations.enumerated() {
            if let code = refusal(operation) ?? verdict(on: operation) {
                failures.append(
                    OperationFailure(index: index, error: DataplaneError(operation, code: code))
                )
            } else {
                state.apply(operation)
                log.append(operation)
            }
        }
        return failures
    }
}
