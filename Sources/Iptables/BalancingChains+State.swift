package import Addressing
package import DataplaneModel

extension BalancingChains {
    /// The chains of a family for what a state has; a virtual server by a mark that no member of a set
    /// gives is left out, as no packet comes to it.
    package init(_ family: AddressFamily, of state: IPVSState) {
        self.init(family)
        become(state)
        _ = settle()
    }

    /// The input of `iptables-restore --noflush` that makes the chains of one state into those of
    /// another; empty for none.
    package static func transaction(
        _ family: AddressFamily,
        from present: IPVSState,
        to wanted: IPVSState
    ) -> String {
        var chains = BalancingChains(family, of: present)
        chains.become(wanted)
        let changed = chains.settle()
        return chains.transaction(rewriting: changed)
    }

    private mutating func become(_ state: IPVSState) {
        var transports: [UInt32: TransportProtocol] = [:]
        for (member, mark) in state.sets[AddressSet(.inside, family)] ?? [:] {
            if case .frontend(_, let transport) = member { transports[mark] = transport }
        }
        for key in servers.keys where state.virtualServers[key] == nil { set(nil, for: key) }
        for (key, entry) in state.virtualServers where key.family == family {
            let transport: TransportProtocol? =
                switch key {
                case .address(_, let transport): transport
                case .firewallMark(let mark, _): transports[mark]
                }
            guard let transport else { continue }
            let server = BalancedServer(
                key: key,
                transport: transport,
                owner: state.claims[.virtualServer(key)] ?? "",
                persistence: entry.server.persistence,
                realServers: entry.realServers
            )
            set(server, for: key)
        }
    }
}
