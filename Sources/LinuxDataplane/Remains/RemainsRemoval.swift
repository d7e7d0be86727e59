import Addressing
import DataplaneModel
import KubeProxyLeftovers
package import OwnRemains

/// Removes what fairlead has in the network namespace of the calling thread.
package enum RemainsRemoval {
    /// Does all steps in their order; one that fails does not stop the next.
    ///
    /// The lock of the state directory, which the caller has, goes with the last of its files.
    package static func carryOut(_ remains: Remains) -> RemainsOutcome {
        var outcome = RemainsOutcome()
        removeRoutes(remains.steps, &outcome)
        removeAddresses(remains.steps, &outcome)
        deleteVirtualServers(remains.steps, &outcome)
        for step in remains.steps {
            switch step {
            case .removeRoute, .removeAddress, .deleteVirtualServer: break
            case .removeRules(let removal):
                outcome.note(step, RemovalAction.restore(removal.restoreInput, by: removal.program))
            case .destroySet(let name, let users):
                outcome.note(step, RemovalAction.destroySet(name, users))
            case .removeDevice(let name): outcome.note(step, removeDevice(name))
            case .removeFiles(let names, let directory):
                outcome.note(
                    step,
                    outcome.failures.isEmpty
                        ? removeFiles(names, directory)
                        : "they say what is left, and are kept until all of it is gone"
                )
            }
        }
        return outcome
    }

    /// Removes the lock of a state directory, and the directory when it is empty then.
    ///
    /// Whoever has the lock calls this last.
    package static func removeLock(stateDirectory: String) {
        try? HostFile.remove(stateDirectory + "/lock")
    }

    private static func removeRoutes(_ all: [RemainsStep], _ outcome: inout RemainsOutcome) {
        let steps = all.filter { if case .removeRoute = $0 { true } else { false } }
        let operations = steps.compactMap { step -> Operation? in
            guard case .removeRoute(let address) = step else { return nil }
            return .withdraw(address, .route(source: nil))
        }
        guard !operations.isEmpty else { return }
        do throws(DataplaneError) {
            // Routes are withdrawn by whatever device they are.
            var routes = try RouteSocket(device: "lo")
            note(routes.apply(operations[...]), of: steps, &outcome)
        } catch {
            for step in steps { outcome.note(step, "\(error)") }
        }
    }

    private static func removeAddresses(_ all: [RemainsStep], _ outcome: inout RemainsOutcome) {
        var steps: [RemainsStep] = []
        var addresses: [IPAddress] = []
        var name = ""
        for step in all {
            guard case .removeAddress(let address, let device) = step else { continue }
            steps.append(step)
            addresses.append(address)
            name = device
        }
        guard !addresses.isEmpty else { return }
        do throws(DataplaneError) {
            var device = try ProxyDevice(name)
            _ = try device.read()
            let failures = device.remove(addresses)
            for (address, step) in zip(addresses, steps) {
                outcome.note(step, failures[address].map { "\($0)" })
            }
        } catch {
            for step in steps { outcome.note(step, "\(error)") }
        }
    }

    private static func deleteVirtualServers(
        _ all: [RemainsStep],
        _ outcome: inout RemainsOutcome
    ) {
        let steps = all.filter { if case .deleteVirtualServer = $0 { true } else { false } }
        let operations = steps.compactMap { step -> Operation? in
            guard case .deleteVirtualServer(let key) = step else { return nil }
            return .deleteVirtualServer(key)
        }
        guard !operations.isEmpty else { return }
        do throws(DataplaneError) {
            guard var socket = try IPVSSocket.open() else { return }
            note(socket.apply(operations[...]), of: steps, &outcome)
        } catch {
            for step in steps { outcome.note(step, "\(error)") }
        }
    }

    /// What is gone already is as good as removed.
    private static func note(
        _ failures: [OperationFailure],
        of steps: [RemainsStep],
        _ outcome: inout RemainsOutcome
    ) {
        var reasons: [Int: String] = [:]
        for failure in failures
        where failure.error.code != .noSuchProcess && failure.error.code != .noEntry {
            reasons[failure.index] = "\(failure.error)"
        }
        for (index, step) in steps.enumerated() { outcome.note(step, reasons[index]) }
    }

    private static func removeDevice(_ name: String) -> String? {
        RemovalAction.reason { () throws(DataplaneError) in
            var device = try ProxyDevice(name)
            guard let found = try device.read().device else { return }
            guard found.singles.isEmpty, found.routed.isEmpty, !found.hasMore else {
                throw DataplaneError(
                    action: "remove the device \(name)",
                    code: .busy,
                    hint: "there are addresses or routes on it"
                )
            }
            try device.removeDevice()
        }
    }

    private static func removeFiles(_ names: [String], _ directory: String) -> String? {
        // What says what is ours goes last.
        let ordered = names.filter { $0 != "ownership" } + names.filter { $0 == "ownership" }
        var reasons: [String] = []
        for name in ordered {
            let reason = RemovalAction.reason { () throws(DataplaneError) in
                do throws(DataplaneError) {
                    try HostFile.remove("\(directory)/\(name)")
                } catch {
                    if error.code != .noEntry { throw error }
                }
            }
            if let reason { reasons.append(reason) }
        }
        return reasons.isEmpty ? nil : reasons.joined(separator: "; ")
    }
}
