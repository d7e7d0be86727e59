import Addressing
import DataplaneModel

extension SimulatedDataplane {
    /// The error number the kernel answers an operation with; nil when it does it.
    ///
    /// The order of the checks is the kernel's (`net/netfilter/ipvs/ip_vs_ctl.c`).
    func verdict(on operation: Operation) -> ErrorNumber? {
        switch operation {
        case .addVirtualServer(let server):
            if state.virtualServers[server.key] != nil { return .exists }
            return specificationError(server)
                ?? (mode == .iptables && !hasTransport(server.key) ? .invalid : nil)
        case .editVirtualServer(let server):
            if state.virtualServers[server.key] == nil { return .noSuchProcess }
            return specificationError(server)
        case .deleteVirtualServer(let key):
            return state.virtualServers[key] == nil ? .noSuchProcess : nil
        case .addRealServer(let server, let key):
            guard let entry = state.virtualServers[key] else { return .noSuchProcess }
            if let error = rangeError(server) { return error }
            if mode == .iptables, server.address.address.family != key.family { return .invalid }
            if entry.position(of: server.address).isPresent { return .exists }
            // Nobody looks for a route before there is a packet, where it is not IPVS.
            return mode == .iptables || hasUnicastRoute(server.address.address) ? nil : .invalid
        case .editRealServer(let server, let key):
            guard let entry = state.virtualServers[key] else { return .noSuchProcess }
            if let error = rangeError(server) { return error }
            return entry.position(of: server.address).isPresent ? nil : .noEntry
        case .deleteRealServer(let address, let key):
            guard let entry = state.virtualServers[key] else { return .noSuchProcess }
            return entry.position(of: address).isPresent ? nil : .noEntry
        case .announce, .replaceAnnouncement, .withdraw:
            return announcementError(operation)
        case .setParameter(let parameter, _):
            return state.parameters[parameter] == nil ? .noEntry : nil
        case .putMember(let member, let mark, let set):
            if state.sets[set] == nil { return .noEntry }
            return set.takes(member) && (mark == 0 || set.hasMarks) ? nil : .invalid
        case .removeMember(let member, let set):
            if state.sets[set] == nil { return .noEntry }
            // One that is not there is as good as removed.
            return set.takes(member) ? nil : .invalid
        case .installFilter(let filter):
            // A rule that names a set needs it.
            return filter.sets.allSatisfy { state.sets[$0] != nil } ? nil : .noEntry
        case .setTimeouts, .prepareDevice, .claim, .release, .createSet:
            return nil
        }
    }

    private func hasUnicastRoute(_ address: IPAddress) -> Bool {
        !address.isMulticast && address != .ipv4(.max) && !unroutable.contains(address)
    }

    /// A chain has to be told which protocol the packets with a mark have; members of the set that
    /// gives it say so.
    private func hasTransport(_ key: VirtualServerKey) -> Bool {
        guard case .firewallMark(let mark, let family) = key else { return true }
        return state.sets[AddressSet(.inside, family)]?.values.contains(mark) ?? false
    }

    private func specificationError(_ server: VirtualServer) -> ErrorNumber? {
        let known = mode == .ipvs ? schedulers : [.random]
        guard known.contains(server.scheduler) else { return .noEntry }
        if mode == .iptables {
            if server.persistenceEngine != nil || server.onePacket { return .notSupported }
        } else if let engine = server.persistenceEngine, engine != "sip" {
            return .noEntry
        }
        if server.key.family == .ipv6, let persistence = server.persistence,
            !(1...128).contains(persistence.prefixLength)
        {
            return .invalid
        }
        return nil
    }

    private func rangeError(_ server: RealServer) -> ErrorNumber? {
        if server.weight < 0 || server.lowerThreshold > server.upperThreshold {
            return .outOfRange
        }
        let isPlain =
            server.forwarding == .masquerade && server.upperThreshold == 0
            && server.lowerThreshold == 0
        return mode == .ipvs || isPlain ? nil : .notSupported
    }

    private func announcementError(_ operation: Operation) -> ErrorNumber? {
        guard state.hasDevice else { return .noDevice }
        switch operation {
        case .announce(let address, let announcement):
            if state.addresses[address] != nil { return .exists }
            // An address that is another interface's own is a second one there, but a second route
            // to it the kernel takes only for IPv6.
            let isTaken = state.foreignAddresses.contains(address)
            return isTaken && announcement != .bound && address.family == .ipv4 ? .exists : nil
        case .withdraw(let address, let announcement):
            if state.addresses[address] != nil { return nil }
            return announcement == .bound
                ? ErrorNumber(rawValue: 99) : .noSuchProcess
        default:
            return nil
        }
    }
}
