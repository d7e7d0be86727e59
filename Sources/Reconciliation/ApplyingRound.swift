import Addressing
import DataplaneModel

/// What failed so far while a plan is carried out, and what must therefore be left for later.
///
/// A dataplane goes on after a failure, as most steps have nothing to do with each other. Those that
/// rely on a failed one are held back: nothing is taken away whose replacement did not come, nothing
/// is made that could not be claimed, and no claim is dropped on what is still there.
struct ApplyingRound {
    var failed: Set<RetrySubject> = []
    /// What failed before and is not tried in this round.
    private let standing: Set<RetrySubject>
    private var hasUnsafeInterface = false

    init(standing: Set<RetrySubject>) { self.standing = standing }

    /// Nothing is wrong, so that every step may be done.
    var isClean: Bool { failed.isEmpty && standing.isEmpty }

    /// Takes in a failure; true for the first one of its subject.
    mutating func note(_ step: Operation, _ error: DataplaneError, as subject: RetrySubject) -> Bool
    {
        if case .setParameter(let parameter, _) = step,
            KernelRequirements.isAcceptRouterAdvertisement(parameter), error.code != .noEntry
        {
            hasUnsafeInterface = true
        }
        return failed.insert(subject).inserted
    }

    /// Whether a step may be done in spite of what failed before it.
    func allows(_ step: Operation, _ applied: IPVSState, _ desired: IPVSState) -> Bool {
        switch step {
        case .setParameter(let parameter, _):
            // The default route of an interface that still has accept_ra 1 would be lost.
            parameter != KernelRequirements.forwardIPv6 || !hasUnsafeInterface
        case .setTimeouts, .prepareDevice, .claim, .createSet, .putMember, .installFilter:
            true
        case .removeMember(_, let set):
            !failed.contains(.set(set))
        case .addVirtualServer(let server):
            !failed.contains(.virtualServer(server.key)) && !isUnguarded(server.key, desired)
        case .editVirtualServer(let server):
            !failed.contains(.virtualServer(server.key))
                || applied.virtualServers[server.key] != nil
        case .addRealServer(_, let key):
            !failed.contains(.virtualServer(key)) || applied.virtualServers[key] != nil
        case .editRealServer(let server, let key):
            !failed.contains(.virtualServer(key))
                || (server.weight > 0 && applied.virtualServers[key] != nil)
        case .deleteRealServer(_, let key):
            !failed.contains(.virtualServer(key))
        case .announce(let address, _), .replaceAnnouncement(let address, _, _),
            .withdraw(let address, _):
            !failed.contains(.address(address))
        case .deleteVirtualServer(let key):
            // While packets still come to its address, they would reach the node itself.
            !failed.contains(.virtualServer(key)) && !isAddressFailed(of: key)
        case .release:
            !failed.contains(RetrySubject(of: step))
        }
    }

    /// Only some clients may come in, and what keeps the others out is not there.
    private func isUnguarded(_ key: VirtualServerKey, _ desired: IPVSState) -> Bool {
        let limited = AddressSet(.limited, key.family)
        let isGuardMissing = [RetrySubject.set(limited), .filter(key.family)].contains {
            failed.contains($0) || standing.contains($0)
        }
        guard isGuardMissing else { return false }
        let members = desired.sets[limited] ?? [:]
        switch key {
        case .address(let endpoint, let transport):
            return members[.frontend(endpoint, transport)] != nil
        case .firewallMark(let mark, let family):
            let marked = desired.sets[AddressSet(.inside, family)] ?? [:]
            return marked.contains { $0.value == mark && members[$0.key] != nil }
        }
    }

    private func isAddressFailed(of key: VirtualServerKey) -> Bool {
        guard case .address(let endpoint, _) = key else { return false }
        return failed.contains(.address(endpoint.address))
    }
}
