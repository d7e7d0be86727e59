package import Addressing
package import DataplaneModel

/// Something that failed and will be tried again.
package enum RetrySubject: Hashable, Sendable {
    case virtualServer(VirtualServerKey)
    case address(IPAddress)
    case scheduler(Scheduler)
    case set(AddressSet)
    case filter(AddressFamily)
    /// Kernel parameters, time-outs, the service device.
    case node
}

extension RetrySubject {
    /// What a step is about.
    init(of step: Operation) {
        if let key = step.virtualServer {
            self = .virtualServer(key)
        } else if let address = step.address {
            self = .address(address)
        } else if let set = step.addressSet {
            self = .set(set)
        } else if case .installFilter(let filter) = step {
            self = .filter(filter.family)
        } else {
            self = .node
        }
    }
}

/// When to try again what failed: after `initial`, then twice as long each time, up to `maximum`.
package struct RetrySchedule: Sendable {
    private struct Entry {
        var attempts: Int
        var due: Duration
    }

    private var entries: [RetrySubject: Entry] = [:]
    private let initial: Duration
    private let maximum: Duration

    package init(initial: Duration, maximum: Duration) {
        self.initial = initial
        self.maximum = max(initial, maximum)
    }

    package var isEmpty: Bool { entries.isEmpty }

    package var count: Int { entries.count }

    /// The earliest moment at which something is due, on the clock that `now` is read from.
    package var nextDue: Duration? { entries.values.map(\.due).min() }

    /// Notes a failure, and answers how long to wait.
    ///
    /// An attempt that was made before its time, because something else changed, does not put off
    /// the next one.
    package mutating func failed(_ subject: RetrySubject, now: Duration) -> Duration {
        if let entry = entries[subject], entry.due > now { return entry.due - now }
        let attempts = (entries[subject]?.attempts ?? 0) + 1
        var delay = initial
        for _ in 1..<max(attempts, 1) where delay < maximum { delay *= 2 }
        delay = min(delay, maximum)
        entries[subject] = Entry(attempts: attempts, due: now + delay)
        return delay
    }

    /// Forgets a subject; true when there had been a failure.
    package mutating func succeeded(_ subject: RetrySubject) -> Bool {
        entries.removeValue(forKey: subject) != nil
    }

    /// Whether something failed that is not about a virtual server, an address or a scheduler.
    package var concernsNode: Bool {
        entries.keys.contains { subject in
            switch subject {
            case .virtualServer, .address, .scheduler: false
            case .set, .filter, .node: true
            }
        }
    }

    /// Whether something failed that all Services of a family rely on.
    package func concernsAll(of family: AddressFamily) -> Bool {
        entries.keys.contains { subject in
            switch subject {
            case .virtualServer, .address, .scheduler: false
            case .set(let set): set.family == family
            case .filter(let filtered): filtered == family
            case .node: true
            }
        }
    }

    /// The virtual servers among what failed.
    package var virtualServers: Set<VirtualServerKey> {
        var keys: Set<VirtualServerKey> = []
        for case .virtualServer(let key) in entries.keys { keys.insert(key) }
        return keys
    }

    package func contains(_ subject: RetrySubject) -> Bool { entries[subject] != nil }

    /// What is to be tried at this moment.
    package func due(at now: Duration) -> [RetrySubject] {
        entries.filter { $0.value.due <= now }.map(\.key)
    }
}
