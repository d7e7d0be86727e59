package import Addressing
package import DataplaneModel

/// A dataplane that fails by a schedule, in front of one that does what it can.
///
/// What it answers is what a kernel could answer: an operation that it calls failed may have been done
/// all the same, but none that it calls done has not been.
package struct FaultyDataplane<Base: Dataplane & ~Copyable>: Dataplane, ~Copyable {
    package var base: Base
    package var schedule: FaultSchedule
    /// How long plans took that were delayed, for the clock of whoever drives it.
    package var delay = Duration.zero

    package init(_ base: consuming Base, _ schedule: FaultSchedule) {
        self.base = base
        self.schedule = schedule
    }

    /// What was injected so far.
    package var counts: FaultCounts { schedule.counts }

    package mutating func observe() throws(DataplaneError) -> IPVSState {
        if let error = schedule.readingError("read everything") { throw error }
        return try base.observe()
    }

    package mutating func observe(
        expecting known: IPVSState
    ) throws(DataplaneError) -> IPVSState {
        if let error = schedule.readingError("read everything") { throw error }
        return try base.observe(expecting: known)
    }

    package mutating func loads(
        of key: VirtualServerKey
    ) throws(DataplaneError) -> [SocketEndpoint: RealServerLoad] {
        if let error = schedule.readingError("read the loads of \(key)") { throw error }
        return try base.loads(of: key)
    }

    package mutating func endFlows(matching rules: [FlowRule]) throws(DataplaneError) -> Int {
        if let error = schedule.readingError("end flows") { throw error }
        return try base.endFlows(matching: rules)
    }

    package mutating func observe(
        _ key: VirtualServerKey
    ) throws(DataplaneError) -> IPVSState.Entry? {
        if let error = schedule.readingError("read virtual server \(key)") { throw error }
        return try base.observe(key)
    }

    package mutating func observeAddresses() throws(DataplaneError) -> ObservedAddresses {
        if let error = schedule.readingError("read the addresses") { throw error }
        return try base.observeAddresses()
    }

    package mutating func observe(
        _ set: AddressSet
    ) throws(DataplaneError) -> [SetMember: UInt32]? {
        if let error = schedule.readingError("read the address set \(set)") { throw error }
        return try base.observe(set)
    }

    package mutating func probe(_ scheduler: Scheduler) -> ProbeAnswer {
        if let error = schedule.readingError("probe \(scheduler)") { return .inconclusive(error) }
        return base.probe(scheduler)
    }

    package mutating func apply(_ plan: Plan) -> [OperationFailure] {
        let operations = plan.operations
        let fates = schedule.fates(of: operations)
        delay += schedule.delay()
        let passed = operations.indices.filter { fates[$0].reachesTheKernel }
        // Those that get there go together, as the kernel's batches are part of what is tested.
        let answered = base.apply(Plan(passed.map { operations[$0] }))
        var errors: [Int: DataplaneError] = [:]
        for failure in answered { errors[passed[failure.index]] = failure.error }
        for (index, fate) in fates.enumerated() {
            switch fate {
            case .done: break
            case .notDone(let code), .doneInSilence(let code):
                errors[index] = errors[index] ?? DataplaneError(operations[index], code: code)
            }
        }
        return errors.sorted { $0.key < $1.key }.map {
            OperationFailure(index: $0.key, error: $0.value)
        }
    }
}
