package import Addressing

// Rules as `iptables` and `ip6tables` take them.

extension PacketFilter.Rule {
    /// `-A FAIRLEAD-MARK -m set --match-set FAIRLEAD-DROP dst,dst -j DROP`.
    package func text(in chain: String, _ family: AddressFamily) -> String {
        (["-A", chain] + matches.map { $0.text(negated: false, family) } + ["-j", action.text])
            .joined(separator: " ")
    }
}

extension PacketFilter {
    /// The first of the chains that stand in for virtual servers.
    package static let balancing = "FAIRLEAD-BALANCE"
}

extension PacketFilter.Jump {
    /// The rule without the word that says where it goes: `PREROUTING -m comment … -j FAIRLEAD-MARK`.
    ///
    /// `iptables-save` prints it in the same words.
    package var text: String { "\(hook.rawValue) \(Self.comment) -j \(chain)" }

    /// What tells a jump that was made here from one that somebody else made to a chain of ours.
    package static let comment = "-m comment --comment \"fairlead: Services\""
}

extension PacketFilter.Match {
    fileprivate func text(negated: Bool, _ family: AddressFamily) -> String {
        let not = negated ? "! " : ""
        switch self {
        case .member(let set): return "-m set \(not)--match-set \(set.name) \(set.lookup)"
        case .source(let prefix): return "\(not)-s \(prefix)"
        case .sourceIsLocal: return "-m addrtype \(not)--src-type LOCAL"
        case .destinationIsLocal: return "-m addrtype \(not)--dst-type LOCAL"
        case .inputInterface(let name): return "\(not)-i \(name)"
        case .mark(let value, let mask):
            return "-m mark \(not)--mark 0x\(hex(value))/0x\(hex(mask))"
        case .isNew: return "-m conntrack \(not)--ctstate NEW"
        case .isInvalid: return "-m conntrack \(not)--ctstate INVALID"
        case .isEstablished: return "-m conntrack \(not)--ctstate RELATED,ESTABLISHED"
        case .transport(let transport): return "\(not)-p \(transport.description.lowercased())"
        case .isICMP: return "\(not)-p \(family == .ipv4 ? "icmp" : "ipv6-icmp")"
        case .not(let match): return match.text(negated: !negated, family)
        }
    }
}

extension PacketFilter.Action {
    fileprivate var text: String {
        switch self {
        case .leave: "RETURN"
        case .accept: "ACCEPT"
        case .drop: "DROP"
        case .reject: "REJECT"
        case .call(let chain): chain
        case .balance: PacketFilter.balancing
        case .setMark(let value, let mask): "MARK --set-xmark 0x\(hex(value))/0x\(hex(mask))"
        case .takeMark(let set): "SET --map-set \(set.name) \(set.lookup) --map-mark"
        case .masquerade: "MASQUERADE --random-fully"
        }
    }
}

private func hex(_ number: UInt32) -> String { String(number, radix: 16) }
