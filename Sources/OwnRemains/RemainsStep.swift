package import Addressing
package import DataplaneModel

/// One step that takes something of fairlead's away; those of different kinds fail independently.
package enum RemainsStep: Hashable, Sendable {
    /// A local route of fairlead's, by whatever device it is.
    case removeRoute(IPAddress)
    /// An address on the service device.
    case removeAddress(IPAddress, device: String)
    /// A virtual server, whose real servers go with it.
    case deleteVirtualServer(VirtualServerKey)
    case removeRules(FilterRemoval)
    /// An address set; `users` are rules of others that look into it and keep it from going, each
    /// with the program and table it is in.
    case destroySet(String, users: [String])
    /// The service device, when nothing is on it any more.
    case removeDevice(String)
    /// Files of the state directory, and the directory when it is empty then. Left undone when a
    /// step before it has failed, as the files say what is left.
    case removeFiles([String], directory: String)
}

extension RemainsStep: CustomStringConvertible {
    /// What it takes away: `the address set FAIRLEAD-CLUSTER`.
    package var description: String {
        switch self {
        case .removeRoute(let address): "the local route to \(address)"
        case .removeAddress(let address, let device): "the address \(address) on \(device)"
        case .deleteVirtualServer(let key): "the virtual server \(key)"
        case .removeRules(let removal):
            "the chains and rules in \(removal.table) (\(removal.program))"
        case .destroySet(let name, _): "the address set \(name)"
        case .removeDevice(let name): "the device \(name)"
        case .removeFiles(_, let directory): "the files in \(directory)"
        }
    }
}

/// What became of the steps.
package struct RemainsOutcome: Hashable, Sendable {
    /// A step that was not done, and why; what the step is about is still there.
    package struct Failure: Hashable, Sendable {
        package let step: RemainsStep
        package let reason: String

        package init(step: RemainsStep, reason: String) {
            self.step = step
            self.reason = reason
        }
    }

    package private(set) var removed: [RemainsStep] = []
    package private(set) var failures: [Failure] = []

    /// Nothing done yet.
    package init() {}

    /// Notes what became of a step; no reason is success.
    package mutating func note(_ step: RemainsStep, _ reason: String?) {
        if let reason {
            failures.append(Failure(step: step, reason: reason))
        } else {
            removed.append(step)
        }
    }
}
