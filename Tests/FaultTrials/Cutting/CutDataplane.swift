import Addressing
import DataplaneModel
import Glibc
import LinuxDataplane

/// The real kernel, one operation at a time, in a process that kills itself behind one of them.
///
/// Without IPVS all that happens to virtual servers in a section of a plan is one operation of the
/// kernel, and is cut as one.
struct CutDataplane: Dataplane, ~Copyable {
    private var base: LinuxDataplane
    /// The process ends behind the operation of this number, from 1; never for 0.
    private let last: Int
    private var done = 0

    init(_ base: consuming LinuxDataplane, after last: Int) {
        self.base = base
        self.last = last
    }

    mutating func apply(_ plan: Plan) -> [OperationFailure] {
        guard last > 0 else { return base.apply(plan) }
        var failures: [OperationFailure] = []
        let operations = plan.operations
        var start = operations.startIndex
        while start < operations.endIndex {
            var end = start + 1
            if base.mode == .iptables, operations[start].virtualServer != nil {
                while end < operations.endIndex, operations[end].virtualServer != nil { end += 1 }
            }
            let first = start
            failures += base.apply(Plan(Array(operations[start..<end]))).map {
                OperationFailure(index: first + $0.index, error: $0.error)
            }
            done += 1
            if done == last { _ = kill(getpid(), SIGKILL) }
            start = end
        }
        return failures
    }

    mutating func observe() throws(DataplaneError) -> IPVSState { try base.observe() }

    mutating func observe(expecting known: IPVSState) throws(DataplaneError) -> IPVSState {
        try base.observe(expecting: known)
    }

    mutating func loads(
        of key: VirtualServerKey
    ) throws(DataplaneError) -> [SocketEndpoint: RealServerLoad] {
        try base.loads(of: key)
    }

    mutating func endFlows(matching rules: [FlowRule]) throws(DataplaneError) -> Int {
        try base.endFlows(matching: rules)
    }

    mutating func observe(_ key: VirtualServerKey) throws(DataplaneError) -> IPVSState.Entry? {
        try base.observe(key)
    }

    mutating func observe(_ set: AddressSet) throws(DataplaneError) -> [SetMember: UInt32]? {
        try base.observe(set)
    }

    mutating func observeAddresses() throws(DataplaneError) -> ObservedAddresses {
        try base.observeAddresses()
    }

    mutating func probe(_ scheduler: Scheduler) -> ProbeAnswer { base.probe(scheduler) }
}
