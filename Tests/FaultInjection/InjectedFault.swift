/// A way in which a kernel lets its user down.
package enum InjectedFault: String, Hashable, Sendable, CaseIterable {
    /// One operation is not done, and answered with an error.
    case refused
    /// One operation is done and answered with an error all the same, as when a line of the ownership
    /// record was written and the next one was not.
    case unacknowledged
    /// Nothing of a plan is done from some operation on, and all the rest is answered with one error,
    /// as when a socket fails.
    case cutOff
    /// All of a plan is done, and all of it answered with one error: a netlink socket that lost the
    /// answers (ENOBUFS) says nothing of what was done.
    case silenced
    /// Something cannot be read this time.
    case unreadable
    /// A plan takes long.
    case delayed
}

/// How often each fault was injected.
package struct FaultCounts: Hashable, Sendable, CustomStringConvertible {
    private var counts: [InjectedFault: Int] = [:]

    package init() {}

    package subscript(fault: InjectedFault) -> Int { counts[fault] ?? 0 }

    package var total: Int { counts.values.reduce(0, +) }

    mutating func note(_ fault: InjectedFault) { counts[fault, default: 0] += 1 }

    /// `12 refused, 3 unacknowledged`, in a fixed order, with those that never happened.
    package var description: String {
        InjectedFault.allCases.map { "\(self[$0]) \($0.rawValue)" }.joined(separator: ", ")
    }
}
