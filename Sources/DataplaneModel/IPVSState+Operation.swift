extension IPVSState {
    /// The state after an operation has succeeded.
    ///
    /// It checks nothing: whether an operation is possible is the kernel's to say.
    package mutating func apply(_ operation: Operation) {
        switch operation {
        case .setParameter(let parameter, let value):
            parameters[parameter] = value
        case .setTimeouts(let new):
            if new.tcp != 0 { timeouts.tcp = new.tcp }
            if new.tcpFin != 0 { timeouts.tcpFin = new.tcpFin }
            if new.udp != 0 { timeouts.udp = new.udp }
        case .prepareDevice:
            hasDevice = true
        case .claim(let object, let name):
            claims[object] = name
        case .release(let object):
            claims[object] = nil
        case .addVirtualServer(let server):
            virtualServers[server.key] = Entry(server: server, realServers: [])
        case .editVirtualServer(let server):
            virtualServers[server.key]?.server = server
        case .deleteVirtualServer(let key):
            virtualServers[key] = nil
        case .addRealServer(let server, let key), .editRealServer(let server, let key):
            virtualServers[key]?.put(server)
        case .deleteRealServer(let address, let key):
            virtualServers[key]?.remove(address)
        case .announce(let address, let announcement),
            .replaceAnnouncement(let address, _, let announcement):
            addresses[address] = announcement
        case .withdraw(let address, _):
            addresses[address] = nil
        case .createSet(let set, _):
            sets[set] = sets[set] ?? [:]
        case .putMember(let member, let mark, let set):
            sets[set]?[member] = mark
        case .removeMember(let member, let set):
            sets[set]?[member] = nil
        case .installFilter(let filter):
            filters[filter.family] = filter
        }
    }
}
