import Addressing
import DataplaneModel
import Iptables

/// The chains of a family on their way into the kernel.
///
/// What is refused of them stays as it was, and everything else gets there: a kernel that does not
/// say which rule it refuses is asked for half of them, and for half of that.
struct ChainWriting {
    /// The chains as they are in the kernel, or, as far as they are `deviating`, should be.
    private(set) var chains: BalancingChains
    /// Chains that are otherwise in the kernel.
    private(set) var deviating: Set<String>
    /// The virtual servers that stay as they were, and why.
    private(set) var refused: [VirtualServerKey: DataplaneError] = [:]
    /// Whose a virtual server is, before and after.
    private let owners: [VirtualServerKey: String]
    private var attempts = 0

    /// So often the kernel is asked: enough to find some hundred that it refuses among thousands.
    private static let mostAttempts = 400

    init(
        _ chains: BalancingChains,
        deviating: Set<String>,
        owners: [VirtualServerKey: String]
    ) {
        self.chains = chains
        self.deviating = deviating
        self.owners = owners
    }

    /// Takes every chain for one that is otherwise in the kernel.
    mutating func rewriteEverything() { deviating.formUnion(chains.chains.keys) }

    /// Writes chains of which some have changed, with what deviates.
    ///
    /// `former` are the virtual servers that were changed, as they are in the kernel.
    mutating func write(
        _ changed: Set<String>,
        over former: [VirtualServerKey: BalancedServer?],
        by programs: FilterPrograms
    ) {
        var wanted: [VirtualServerKey: BalancedServer?] = [:]
        for key in former.keys { wanted[key] = .some(chains.servers[key]) }
        let keys = former.keys.sorted { owners[$0, default: ""] < owners[$1, default: ""] }
        write(keys[...], changed, of: wanted, over: former, by: programs)
    }

    /// Leaves all virtual servers that were changed as they were.
    mutating func refuseEverything(
        _ former: [VirtualServerKey: BalancedServer?],
        _ error: DataplaneError
    ) {
        takeBack(former.keys, former)
        for key in former.keys { refused[key] = error }
    }

    private mutating func takeBack(
        _ keys: some Sequence<VirtualServerKey>,
        _ former: [VirtualServerKey: BalancedServer?]
    ) {
        for key in keys { chains.set(former[key] ?? nil, for: key) }
        _ = chains.settle()
    }

    /// Writes the virtual servers of some keys, which are sorted by their owners and in `chains` as
    /// they are wanted.
    private mutating func write(
        _ keys: ArraySlice<VirtualServerKey>,
        _ changed: Set<String>,
        of wanted: [VirtualServerKey: BalancedServer?],
        over former: [VirtualServerKey: BalancedServer?],
        by programs: FilterPrograms
    ) {
        attempts += 1
        do throws(RefusedTransaction) {
            try programs.attempt(chains.transaction(rewriting: deviating.union(changed)))
            deviating = []
            return
        } catch {
            let culprit = error.line.flatMap { chains.owner(ofLine: $0) }
            takeBack(keys, former)
            let parts = parts(of: keys, culprit, error.error)
            for key in keys where !parts.contains(where: { $0.contains(key) }) {
                refused[key] = error.error
            }
            for part in parts {
                for key in part { chains.set(wanted[key] ?? nil, for: key) }
                write(part, chains.settle(), of: wanted, over: former, by: programs)
            }
        }
    }

    /// What is to be tried of keys that were refused together.
    private func parts(
        of keys: ArraySlice<VirtualServerKey>,
        _ culprit: String?,
        _ error: DataplaneError
    ) -> [ArraySlice<VirtualServerKey>] {
        guard attempts < Self.mostAttempts, error.code != .busy, error.code != .notPermitted,
            let first = keys.first, let last = keys.last, owners[first] != owners[last]
        else { return [] }
        if let culprit, keys.contains(where: { owners[$0] == culprit }) {
            return [keys.filter { owners[$0] != culprit }[...]]
        }
        // In the middle, but for those of one owner together.
        let middle = keys[(keys.startIndex + keys.endIndex) / 2]
        let start = keys.firstIndex { owners[$0] == owners[middle] } ?? keys.startIndex
        let end = keys.lastIndex { owners[$0] == owners[middle] }.map { $0 + 1 } ?? keys.endIndex
        let cut = start > keys.startIndex ? start : end
        return [keys[..<cut], keys[cut...]]
    }
}
