import Addressing
import DataplaneModel

/// The address sets of the kernel, in the network namespace of the thread that opened them.
///
/// A kernel without sets has none of ours; only making one is an error there.
struct AddressSets: ~Copyable {
    private let session: SetSession
    private var socket: SetSocket?

    /// Members that are sent together before anybody looks whether all went well.
    private static let together = 500

    /// Opens both ways to the sets: libipset to change them, and our own to read.
    init() throws(DataplaneError) {
        session = try SetSession()
        socket = SetSocket.open()
    }

    /// System calls made so far to read.
    var systemCalls: Int {
        switch socket {
        case .some(let socket): socket.systemCalls
        case .none: 0
        }
    }

    /// The sets that are there and are of the kind that they should be, with their members.
    mutating func observe() throws(DataplaneError) -> [AddressSet: [SetMember: UInt32]] {
        var sets: [AddressSet: [SetMember: UInt32]] = [:]
        for set in try names() { sets[set] = try observe(set) }
        return sets
    }

    /// The sets that are called as ours are.
    mutating func names() throws(DataplaneError) -> Set<AddressSet> {
        try socket?.names() ?? []
    }

    /// The members of a set with their marks; nil when there is no such set of the right kind.
    mutating func observe(_ set: AddressSet) throws(DataplaneError) -> [SetMember: UInt32]? {
        guard try header(of: set) == SetSocket.Header(of: set) else { return nil }
        return try socket?.members(of: set)
    }

    private mutating func header(
        of set: AddressSet
    ) throws(DataplaneError) -> SetSocket.Header? {
        try socket?.header(of: set)
    }

    /// Makes sets, puts members and removes them, and answers which operations failed, by their
    /// position in `operations`.
    ///
    /// What puts and what removes goes in its order; among either, what is of one set goes together.
    ///
    /// Operations of another kind must not be among them.
    mutating func apply(_ operations: ArraySlice<Operation>) -> [OperationFailure] {
        var failures: [OperationFailure] = []
        var rest = operations[...]
        while let first = rest.first {
            let run = rest.prefix { $0.isRemoval == first.isRemoval }
            rest = rest.dropFirst(run.count)
            let bySet = Dictionary(grouping: run.indices) { run[$0].addressSet }
            for (set, indices) in bySet {
                guard let set else { continue }
                failures += apply(indices, of: operations, to: set)
            }
        }
        return failures.sorted { $0.index < $1.index }
    }

    private mutating func apply(
        _ indices: [Int],
        of operations: ArraySlice<Operation>,
        to set: AddressSet
    ) -> [OperationFailure] {
        var failures: [OperationFailure] = []
        var members: [Int] = []
        for index in indices {
            guard case .createSet(_, let capacity) = operations[index] else {
                members.append(index)
                continue
            }
            failures += change(members, of: operations, in: set)
            members = []
            do throws(DataplaneError) {
                try create(set, capacity: capacity, for: operations[index])
            } catch {
                failures.append(OperationFailure(index: index, error: error))
            }
        }
        return failures + change(members, of: operations, in: set)
    }

    private mutating func create(
        _ set: AddressSet,
        capacity: Int,
        for operation: Operation
    ) throws(DataplaneError) {
        // Whether two sets are the same the kernel decides by their limits too, which are no matter.
        if let present = try header(of: set) {
            if present == SetSocket.Header(of: set) { return }
            throw DataplaneError(
                action: operation.description,
                code: .exists,
                hint: "there is a set of this name that is none of fairlead's (\(present.type)); "
                    + "remove what uses it, then it with \"ipset destroy \(set)\""
            )
        }
        do throws(SetSession.Report) {
            try session.create(set, capacity: capacity)
        } catch {
            throw DataplaneError(operation, error)
        }
    }

    private func change(
        _ indices: [Int],
        of operations: ArraySlice<Operation>,
        in set: AddressSet
    ) -> [OperationFailure] {
        guard !indices.isEmpty else { return [] }
        func failure(_ index: Int, _ report: SetSession.Report) -> OperationFailure {
            OperationFailure(index: index, error: DataplaneError(operations[index], report))
        }
        let target: SetSession.Target
        do throws(SetSession.Report) {
            target = try session.target(set)
        } catch {
            return indices.map { failure($0, error) }
        }
        var failures: [OperationFailure] = []
        var fitting: [(index: Int, member: SetMember, change: SetSession.Change)] = []
        for index in indices {
            guard let (member, change) = operations[index].memberChange else { continue }
            if set.takes(member) {
                fitting.append((index, member, change))
            } else {
                let words = "\(member) cannot be a member of \(set)"
                failures.append(failure(index, SetSession.Report(code: .invalid, words: words)))
            }
        }
        var rest = fitting[...]
        while !rest.isEmpty {
            let chunk = rest.prefix(Self.together)
            rest = rest.dropFirst(chunk.count)
            do throws(SetSession.Report) {
                try session.change(chunk.map { ($0.member, $0.change) }, of: target)
            } catch {
                // What the kernel refused it says, but not what it then dropped with it.
                for (index, member, change) in chunk {
                    do throws(SetSession.Report) {
                        try session.change(member, change, of: target)
                    } catch {
                        failures.append(failure(index, error))
                    }
                }
            }
        }
        return failures
    }
}

extension Operation {
    fileprivate var isRemoval: Bool {
        if case .removeMember = self { true } else { false }
    }

    fileprivate var memberChange: (SetMember, SetSession.Change)? {
        switch self {
        case .putMember(let member, let mark, _): (member, .put(mark: mark))
        case .removeMember(let member, _): (member, .remove)
        default: nil
        }
    }
}

extension DataplaneError {
    /// Why libipset did not do an operation.
    fileprivate init(_ operation: Operation, _ report: SetSession.Report) {
        let hasWords = report.code != .noEntry
        self.init(
            operation,
            code: report.code,
            kernelMessage: hasWords ? report.words : nil
        )
    }
}
