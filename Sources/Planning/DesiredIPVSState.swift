package import Addressing
package import DataplaneModel

/// What a kernel should hold, kept up to date one virtual server at a time.
package struct DesiredIPVSState: Sendable {
    package private(set) var state = IPVSState()
    /// How many virtual servers need each address.
    private var uses: [IPAddress: Int] = [:]

    package init() {}

    package mutating func reserveCapacity(_ count: Int) {
        state.reserveCapacity(count)
        uses.reserveCapacity(count)
    }

    /// Puts a lowered frontend in place of what was wanted at its key, or takes it away (nil).
    package mutating func set(_ lowered: IPVSLowering.Result?, at key: VirtualServerKey) {
        let object = OwnedObject.virtualServer(key)
        guard let lowered else {
            guard state.virtualServers.removeValue(forKey: key) != nil else { return }
            state.claims[object] = nil
            if case .address(let endpoint, _) = key { drop(endpoint.address) }
            return
        }
        let previous = state.virtualServers.updateValue(lowered.entry, forKey: key)
        state.claims[object] = lowered.owner
        if previous == nil { uses[lowered.address, default: 0] += 1 }
        state.addresses[lowered.address] = lowered.announcement
        state.claims[.address(lowered.address)] = ""
        state.hasDevice = true
    }

    private mutating func drop(_ address: IPAddress) {
        guard let count = uses[address] else { return }
        if count > 1 {
            uses[address] = count - 1
        } else {
            uses[address] = nil
            state.addresses[address] = nil
            state.claims[.address(address)] = nil
        }
    }

    /// Announces every address anew, where the lowering now says something else; answers which.
    package mutating func announce(with lowering: IPVSLowering) -> [IPAddress] {
        var changed: [IPAddress] = []
        for (address, announcement) in state.addresses {
            let now = lowering.announcement(of: address)
            if now != announcement { changed.append(address) }
        }
        for address in changed { state.addresses[address] = lowering.announcement(of: address) }
        return changed
    }

    /// Replaces all kernel parameters that are wanted.
    package mutating func setParameters(_ parameters: [KernelParameter: String]) {
        state.parameters = parameters
    }

    /// Replaces the time-outs that are wanted; 0 is any.
    package mutating func setTimeouts(_ timeouts: ConnectionTimeouts) { state.timeouts = timeouts }
}
