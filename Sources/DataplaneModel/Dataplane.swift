package import Addressing

/// A kernel that can be read and changed.
///
/// It blocks, and belongs to one owner.
///
/// The real kernel and the simulated one pass the same suite; its cases are this contract.
package protocol Dataplane: ~Copyable {
    /// Reads everything, whoever made it. Nothing is written. An address that a route of ours
    /// announces is claimed, on record or not.
    mutating func observe() throws(DataplaneError) -> IPVSState

    /// The same as `observe()` for whoever knows what there should be, and faster where that is so.
    ///
    /// It may take what cannot be seen at a glance for what is known: flags of schedulers, thresholds
    /// and the like.
    mutating func observe(expecting known: IPVSState) throws(DataplaneError) -> IPVSState

    /// Reads one virtual server; nil when there is none.
    mutating func observe(
        _ key: VirtualServerKey
    ) throws(DataplaneError) -> IPVSState.Entry?

    /// Reads what the real servers of a virtual server carry; none when there is no such virtual
    /// server, or where the kernel does not count.
    mutating func loads(
        of key: VirtualServerKey
    ) throws(DataplaneError) -> [SocketEndpoint: RealServerLoad]

    /// Reads which addresses are announced, and which belong to the node otherwise.
    mutating func observeAddresses() throws(DataplaneError) -> ObservedAddresses

    /// Reads the members of one address set, with their marks; nil when there is no such set.
    mutating func observe(_ set: AddressSet) throws(DataplaneError) -> [SetMember: UInt32]?

    /// Does the steps of a plan in their order, and all of them: one that fails does not stop the
    /// next. What it answers are the failures, by ascending index into the plan; every other step
    /// has been done.
    mutating func apply(_ plan: Plan) -> [OperationFailure]

    /// Whether a scheduler can be used. May load a module, and may write and remove a virtual
    /// server that no packet can meet.
    mutating func probe(_ scheduler: Scheduler) -> ProbeAnswer

    /// Ends the tracked flows that a rule calls stale, and answers how many it was.
    ///
    /// Rules for the same place count as one (`FlowRules`). A flow that ends by itself meanwhile is
    /// no error, and a later one between the same endpoints goes on. Without rules the kernel is not
    /// asked.
    ///
    /// - Throws: when the kernel does not tell its flows, or some could not be ended. The others have
    ///   ended, and doing it again does the rest.
    mutating func endFlows(matching rules: [FlowRule]) throws(DataplaneError) -> Int
}

/// The addresses of a node, by who put them there.
package struct ObservedAddresses: Hashable, Sendable {
    package var announced: [IPAddress: Announcement]
    package var foreign: Set<IPAddress>
    /// Those of the announced ones that say themselves that they are ours.
    package var marked: Set<IPAddress> = []
    /// `IPVSState.hasDevice`.
    package var hasDevice: Bool

    package init(
        announced: [IPAddress: Announcement] = [:],
        foreign: Set<IPAddress> = [],
        hasDevice: Bool = false
    ) {
        self.announced = announced
        self.foreign = foreign
        self.hasDevice = hasDevice
    }
}

/// A step of a plan that was not done, and why.
package struct OperationFailure: Hashable, Sendable {
    /// Position in the plan.
    package let index: Int
    package let error: DataplaneError

    package init(index: Int, error: DataplaneError) {
        self.index = index
        self.error = error
    }
}

/// What asking for a feature can tell: yes, no, or that it could not be found out this time.
package enum ProbeAnswer: Hashable, Sendable {
    case available
    case missing
    /// Not to be remembered: ask again later.
    case inconclusive(DataplaneError)
}
