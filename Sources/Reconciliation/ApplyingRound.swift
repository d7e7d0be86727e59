import Addressing
import DataplaneModel

/// What failed so far while a plan is carried out, and what must therefore be left for later.
///
/// A dataplane goes on after a failure, as most steps have nothing to do with each other. Those that
/// rely on a failed one are held back: nothing is taken away whose replacement did not come, nothing
/// is made that could not be claimed, and no claim is dropped on what is still there.
struct ApplyingRound {
    var failed: Set<RetrySubject> = []
    private var hasUnsafeInterface = false

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
    func allows(_ step: Operation, _ applied: IPVSState) -> Bool {
        switch step {
        case .setParameter(let parameter, _):
            // The default route of an interface that still has accept_ra 1 would be lost.
            parameter != KernelRequirements.forwardIPv6 || !hasUnsafeInterface
        case .setTimeouts, .prepareDevice, .claim:
            true
        case .addVirtualServer(let server):
            !failed.contains(.virtualServer(server.key))
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

    private func isAddressFailed(of key: VirtualServerKey) -> Bool {
        guard case .address(let endpoint, _) = key else { return false }
        return failed.contains(.address(endpoint.address))
    }
}
