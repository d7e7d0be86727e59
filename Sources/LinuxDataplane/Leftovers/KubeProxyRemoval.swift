import Addressing
import DataplaneModel
package import KubeProxyLeftovers

/// Removes what kube-proxy left, in the network namespace of the calling thread.
package enum KubeProxyRemoval {
    /// Does all steps in their order; one that fails does not stop the next.
    ///
    /// What has got into fairlead's record since the leftovers were looked for is left alone.
    package static func carryOut(
        _ leftovers: Leftovers,
        stateDirectory: String
    ) -> RemovalOutcome {
        var outcome = RemovalOutcome()
        let claims: Set<OwnedObject>
        do throws(DataplaneError) {
            claims = try KubeProxySearch.claims(in: stateDirectory)
        } catch {
            outcome.failures = leftovers.steps.map { .init(step: $0, reason: "\(error)") }
            return outcome
        }
        var servers: [LeftoverStep] = []
        var addresses: [LeftoverStep] = []
        for step in leftovers.steps {
            switch step {
            case .deleteTable(let family):
                outcome.note(step, deleteTable(family))
            case .removeRules(let removal):
                outcome.note(step, RemovalAction.restore(removal.restoreInput, by: removal.program))
            case .destroySet(let name, let users):
                outcome.note(step, RemovalAction.destroySet(name, users))
            case .deleteVirtualServer(let key, _):
                if !claims.contains(.virtualServer(key)) { servers.append(step) }
            case .removeAddress(let address):
                if !claims.contains(.address(address)) { addresses.append(step) }
            case .removeDevice:
                break
            }
        }
        deleteVirtualServers(servers, &outcome)
        removeAddresses(addresses, &outcome)
        if leftovers.steps.contains(.removeDevice) {
            outcome.note(.removeDevice, removeDevice())
        }
        return outcome
    }

    private static func deleteTable(_ family: AddressFamily) -> String? {
        guard let path = HostProgram.path(of: "nft") else {
            return "there is no program nft on this machine; install it (Debian's package nftables)"
        }
        return RemovalAction.reason { () throws(DataplaneError) in
            let words = LeftoverStep.tableName(family).split(separator: " ").map { String($0) }
            let outcome = try HostProgram.run(path, ["delete", "table"] + words)
            guard outcome.status != 0 else { return }
            throw DataplaneError(
                action: "run \(path)",
                code: .inputOutput,
                kernelMessage: String(outcome.errors.prefix { $0 != "\n" })
            )
        }
    }

    private static func deleteVirtualServers(
        _ steps: [LeftoverStep],
        _ outcome: inout RemovalOutcome
    ) {
        let operations = steps.compactMap { step -> Operation? in
            guard case .deleteVirtualServer(let key, _) = step else { return nil }
            return .deleteVirtualServer(key)
        }
        guard !operations.isEmpty else { return }
        do throws(DataplaneError) {
            guard var socket = try IPVSSocket.open() else { return }
            var failures: [Int: DataplaneError] = [:]
            for failure in socket.apply(operations[...])
            where failure.error.code != .noSuchProcess {
                failures[failure.index] = failure.error
            }
            for (index, step) in steps.enumerated() {
                outcome.note(step, failures[index].map { "\($0)" })
            }
        } catch {
            for step in steps { outcome.note(step, "\(error)") }
        }
    }

    private static func removeAddresses(
        _ steps: [LeftoverStep],
        _ outcome: inout RemovalOutcome
    ) {
        let addresses = steps.compactMap { step -> IPAddress? in
            guard case .removeAddress(let address) = step else { return nil }
            return address
        }
        guard !addresses.isEmpty else { return }
        do throws(DataplaneError) {
            var device = try ProxyDevice()
            _ = try device.read()
            let failures = device.remove(addresses)
            for (address, step) in zip(addresses, steps) {
                outcome.note(step, failures[address].map { "\($0)" })
            }
        } catch {
            for step in steps { outcome.note(step, "\(error)") }
        }
    }

    private static func removeDevice() -> String? {
        RemovalAction.reason { () throws(DataplaneError) in
            var device = try ProxyDevice()
            guard let found = try device.read().device else { return }
            guard found == ObservedNode.Device(isUp: false) else {
                throw DataplaneError(
                    action: "remove the device \(ProxyNames.device)",
                    code: .busy,
                    hint: "somebody has set it up meanwhile, or there are addresses or routes on it"
                )
            }
            try device.removeDevice()
        }
    }
}

extension RemovalOutcome {
    fileprivate mutating func note(_ step: LeftoverStep, _ reason: String?) {
        if let reason {
            failures.append(Failure(step: step, reason: reason))
        } else {
            removed.append(step)
        }
    }
}
