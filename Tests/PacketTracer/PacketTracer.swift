package import Addressing
package import DataplaneModel

/// The first packet of a connection, as it meets a node.
package struct TracedPacket: Hashable, Sendable {
    package var source: IPAddress
    package var destination: SocketEndpoint
    /// Nil for a ping.
    package var transport: TransportProtocol?
    /// The interface it comes in by; nil for one of the node itself.
    package var interface: String?
    fileprivate(set) package var mark: UInt32 = 0

    package init(
        from source: IPAddress,
        to destination: SocketEndpoint,
        _ transport: TransportProtocol?,
        interface: String?
    ) {
        self.source = source
        self.destination = destination
        self.transport = transport
        self.interface = interface
    }
}

/// What becomes of a packet.
package enum TracedOutcome: Hashable, Sendable {
    /// A real server gets it: each that may, and whether it sees an address of the node as the source.
    case balanced([SocketEndpoint: Bool])
    case refused
    case dropped
    /// The node itself gets it.
    case delivered
    case forwarded
}

/// Follows a packet through what a kernel holds, hook by hook, as a kernel would.
///
/// It knows nothing of Services: it reads rules, sets, marks and virtual servers. What a kernel does
/// with them is tested with real packets; this is that kernel as a function, for thousands of cases.
package struct PacketTracer: Sendable {
    private let state: IPVSState

    package init(_ state: IPVSState) { self.state = state }

    package func trace(_ packet: TracedPacket) -> TracedOutcome {
        var packet = packet
        let isOwn = packet.interface == nil
        let first: PacketFilter.Hook = isOwn ? .output : .prerouting
        for table in [PacketFilter.Table.mangle, .nat] {
            if let outcome = pass(table, first, &packet) { return outcome }
        }
        guard isLocal(packet.destination.address) else { return .forwarded }
        // A packet of the node meets IPVS before the filter of OUTPUT, any other after that of INPUT.
        let hasIPVS = !balancesInRules(packet.destination.address.family)
        if hasIPVS, isOwn, let outcome = balance(packet) { return outcome }
        if let outcome = pass(.filter, isOwn ? .output : .input, &packet) { return outcome }
        if hasIPVS, !isOwn, let outcome = balance(packet) { return outcome }
        return .delivered
    }

    /// Whether chains stand in for the virtual servers of a family.
    private func balancesInRules(_ family: AddressFamily) -> Bool {
        state.filters[family]?.chains.contains { chain in
            chain.rules.contains { $0.action == .balance }
        } ?? false
    }

    private func isLocal(_ address: IPAddress) -> Bool {
        state.addresses[address] != nil || isNodeAddress(address)
    }

    private func isNodeAddress(_ address: IPAddress) -> Bool {
        state.foreignAddresses.contains(address) || address.isLoopback
    }

    /// The mark first, then the address (`ip_vs_service_find`, `net/netfilter/ipvs/ip_vs_ctl.c`).
    private func balance(_ packet: TracedPacket) -> TracedOutcome? {
        guard let transport = packet.transport else { return nil }
        let family = packet.destination.address.family
        let marked =
            packet.mark == 0
            ? nil : state.virtualServers[.firewallMark(packet.mark, family)]
        guard let entry = marked ?? state.virtualServers[.address(packet.destination, transport)]
        else { return nil }
        let usable = entry.realServers.filter { $0.weight > 0 }
        guard !usable.isEmpty else {
            return balancesInRules(family) ? nil : .refused
        }
        var outcome: [SocketEndpoint: Bool] = [:]
        for server in usable {
            var sent = packet
            sent.destination = server.address
            let before = sent.source
            _ = pass(.nat, .postrouting, &sent)
            outcome[server.address] = sent.source != before
        }
        return .balanced(outcome)
    }
}

// MARK: - Rules

extension PacketTracer {
    private enum Verdict {
        case accepted, dropped, rejected
        case balanced(TracedOutcome)
    }

    /// What a masqueraded packet has as its source: no address anybody has.
    private static let masqueraded = IPAddress.ipv4(0)

    /// Takes a packet through one table of a hook; nil when it goes on.
    private func pass(
        _ table: PacketFilter.Table,
        _ hook: PacketFilter.Hook,
        _ packet: inout TracedPacket
    ) -> TracedOutcome? {
        guard let filter = state.filters[packet.destination.address.family] else { return nil }
        for jump in filter.jumps where jump.table == table && jump.hook == hook {
            switch run(jump.chain, table, of: filter, &packet) {
            case nil: continue
            case .accepted: return nil
            case .dropped: return .dropped
            case .rejected: return .refused
            case .balanced(let outcome): return outcome
            }
        }
        return nil
    }

    private func run(
        _ name: String,
        _ table: PacketFilter.Table,
        of filter: PacketFilter,
        _ packet: inout TracedPacket
    ) -> Verdict? {
        guard let chain = filter.chains.first(where: { $0.table == table && $0.name == name })
        else { return nil }
        for rule in chain.rules where rule.matches.allSatisfy({ holds($0, packet) }) {
            switch rule.action {
            case .leave: return nil
            case .accept: return .accepted
            case .drop: return .dropped
            case .reject: return .rejected
            case .call(let other):
                if let verdict = run(other, table, of: filter, &packet) { return verdict }
            case .balance:
                if let outcome = balance(packet) { return .balanced(outcome) }
            case .setMark(let value, let mask): packet.mark = packet.mark & ~mask ^ value
            case .takeMark(let set):
                if let mark = mark(of: packet, in: set), mark != 0 { packet.mark = mark }
            case .masquerade:
                packet.source = Self.masqueraded
                return .accepted
            }
        }
        return nil
    }

    private func holds(_ match: PacketFilter.Match, _ packet: TracedPacket) -> Bool {
        switch match {
        case .member(let set): mark(of: packet, in: set) != nil
        case .source(let prefix): prefix.contains(packet.source)
        case .sourceIsLocal: isLocal(packet.source)
        case .destinationIsLocal: isLocal(packet.destination.address)
        case .inputInterface(let name):
            if let interface = packet.interface {
                name.hasSuffix("+") ? interface.hasPrefix(name.dropLast()) : interface == name
            } else {
                false
            }
        case .mark(let value, let mask): packet.mark & mask == value
        case .isNew: true
        case .isEstablished, .isInvalid: false
        case .transport(let transport): packet.transport == transport
        case .isICMP: packet.transport == nil
        case .not(let inner): !holds(inner, packet)
        }
    }

    /// The mark of the member that a packet is, 0 for one without; nil when it is none.
    private func mark(of packet: TracedPacket, in set: AddressSet) -> UInt32? {
        guard let members = state.sets[set] else { return nil }
        let destination = packet.destination
        if set.kind == .address { return members[.address(destination.address)] }
        guard let transport = packet.transport else { return nil }
        switch set.kind {
        case .address: return nil
        case .port: return members[.port(destination.port)]
        case .addressPort: return members[.frontend(destination, transport)]
        case .addressPortAddress:
            guard packet.source == destination.address else { return nil }
            return members[.hairpin(destination, transport)]
        case .addressPortPrefix:
            for length in 1...packet.source.family.bits {
                let prefix = IPPrefix(holding: packet.source, length: length)
                if let mark = members[.permission(destination, transport, prefix)] { return mark }
            }
            return nil
        }
    }
}
