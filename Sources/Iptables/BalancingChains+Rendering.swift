import Addressing
import DataplaneModel

// From virtual servers to the rules of chains.
extension BalancingChains {
    /// So many are looked through one by one; more are told apart by ranges of ports.
    private static let mostInLeaf = 32
    private static let portsInRange: UInt16 = 32

    static func leaf(of key: VirtualServerKey) -> Leaf {
        switch key {
        case .address(let endpoint, _):
            let bits = endpoint.address.lastBits
            return .addresses(branch: bits & 0x1f, twig: bits & 0x3e0)
        case .firewallMark(let mark, _):
            return .marks(mark & 0xf)
        }
    }

    static func name(_ branch: UInt16) -> String { "\(root)-\(branch)" }

    static func name(_ leaf: Leaf) -> String {
        switch leaf {
        case .addresses(let branch, let twig): "\(name(branch))-\(twig >> 5)"
        case .marks(let number): "\(marks)-\(number)"
        }
    }

    private mutating func put(_ rules: [String]?, at name: String, _ changed: inout Set<String>) {
        guard chains[name] != rules else { return }
        chains[name] = rules
        changed.insert(name)
    }

    mutating func render(_ owner: Owner, _ changed: inout Set<String>) {
        var groups: [Content: [VirtualServerKey]] = [:]
        for key in keysOfOwner[owner] ?? [] {
            guard let server = servers[key] else { continue }
            groups[Content(server), default: []].append(key)
        }
        var names: Set<String> = []
        for (content, keys) in groups {
            guard let first = keys.min() else { continue }
            let name =
                Self.service
                + Fingerprint.of("\(owner.name) \(owner.transport) \(first)").dropLast()
            names.insert(name)
            put(rules(for: content, of: owner), at: name, &changed)
            for key in keys where chainOfKey.updateValue(name, forKey: key) != name {
                touchedLeaves.insert(Self.leaf(of: key))
            }
        }
        for name in chainsOfOwner[owner] ?? [] where !names.contains(name) {
            put(nil, at: name, &changed)
        }
        chainsOfOwner[owner] = names.isEmpty ? nil : names
    }

    private func rules(for content: Content, of owner: Owner) -> [String] {
        var left = content.realServers.reduce(UInt64(0)) { $0 + UInt64($1.weight) }
        var returning: [String] = []
        var balancing: [String] = []
        for server in content.realServers {
            let share = BalancingRule.Share(
                endpoint: server.address,
                transport: owner.transport,
                owner: owner.name,
                weight: server.weight
            )
            let memory = content.persistence.map {
                BalancingRule.Memory(
                    list: Self.list(of: server.address, owner),
                    prefixLength: $0.prefixLength
                )
            }
            if let memory, let persistence = content.persistence {
                let rule = BalancingRule.returning(share, memory, seconds: persistence.timeout)
                returning.append(rule.text)
            }
            let weight = UInt64(server.weight)
            let parts =
                weight == left && weight > 0
                ? nil : left == 0 ? 0 : UInt32((weight << 32 / left + 1) / 2)
            balancing.append(BalancingRule.balance(share, parts: parts, memory: memory).text)
            left -= weight
        }
        return returning + balancing
    }

    /// The list of clients of an endpoint, whatever virtual server they came by.
    private static func list(of endpoint: SocketEndpoint, _ owner: Owner) -> String {
        AddressSet.prefix + Fingerprint.of("\(owner.name) \(owner.transport) \(endpoint)")
    }

    mutating func render(
        _ leaf: Leaf,
        _ branches: inout Set<UInt16>,
        _ changed: inout Set<String>
    ) {
        let name = Self.name(leaf)
        let keys = (keysOfLeaf[leaf] ?? []).sorted()
        var names: Set<String> = []
        if keys.isEmpty {
            put(nil, at: name, &changed)
        } else {
            names.insert(name)
            put(rules(of: keys, &names, &changed), at: name, &changed)
        }
        for old in chainsOfLeaf[leaf] ?? [] where !names.contains(old) {
            put(nil, at: old, &changed)
        }
        chainsOfLeaf[leaf] = names.isEmpty ? nil : names
        switch leaf {
        case .addresses(let branch, let twig):
            branches.insert(branch)
            if keys.isEmpty {
                twigs.remove(twig, from: branch)
            } else {
                twigs[branch, default: []].insert(twig)
            }
        case .marks(let number):
            if keys.isEmpty { markLeaves.remove(number) } else { markLeaves.insert(number) }
        }
    }

    /// The rules of a leaf; ranges of ports get chains of their own.
    private mutating func rules(
        of keys: [VirtualServerKey],
        _ names: inout Set<String>,
        _ changed: inout Set<String>
    ) -> [String] {
        guard keys.count > Self.mostInLeaf else { return keys.compactMap(serverRule) }
        var rules: [String] = []
        for group in keys.chunked(by: { Self.range(of: $0) }) {
            guard group.keys.count > 1, let range = group.range else {
                rules += group.keys.compactMap(serverRule)
                continue
            }
            let name = Self.ports + Fingerprint.of("\(range)").dropLast(3)
            names.insert(name)
            put(group.keys.compactMap(serverRule), at: name, &changed)
            let rule = BalancingRule.ports(
                range.ports,
                range.transport,
                of: range.address,
                chain: name
            )
            rules.append(rule.text)
        }
        return rules
    }

    fileprivate struct PortRange: Hashable {
        let address: IPAddress
        let transport: TransportProtocol
        let ports: ClosedRange<UInt16>
    }

    private static func range(of key: VirtualServerKey) -> PortRange? {
        guard case .address(let endpoint, let transport) = key else { return nil }
        let first = endpoint.port / portsInRange * portsInRange
        return PortRange(
            address: endpoint.address,
            transport: transport,
            ports: first...first + (portsInRange - 1)
        )
    }

    private func serverRule(_ key: VirtualServerKey) -> String? {
        guard let server = servers[key], let chain = chainOfKey[key] else { return nil }
        return BalancingRule.server(key, server.transport, owner: server.owner, chain: chain).text
    }

    mutating func renderBranch(_ branch: UInt16, _ changed: inout Set<String>) {
        let rules = twigs[branch]?.sorted().map { twig in
            BalancingRule.address(
                twig,
                mask: 0x3e0,
                family,
                chain: Self.name(.addresses(branch: branch, twig: twig))
            ).text
        }
        put(rules, at: Self.name(branch), &changed)
    }

    mutating func renderRoot(_ changed: inout Set<String>) {
        var rules: [String] = []
        if markLeaves.isEmpty {
            put(nil, at: Self.marks, &changed)
        } else {
            rules.append(
                BalancingRule.member(of: AddressSet(.inside, family), chain: Self.marks).text
            )
            let leaves = markLeaves.sorted().map {
                BalancingRule.mark($0, mask: 0xf, chain: Self.name(.marks($0))).text
            }
            put(leaves, at: Self.marks, &changed)
        }
        rules += twigs.keys.sorted().map {
            BalancingRule.address($0, mask: 0x1f, family, chain: Self.name($0)).text
        }
        put(rules, at: Self.root, &changed)
    }
}

extension BalancingChains.Content {
    fileprivate init(_ server: BalancedServer) {
        // Where nobody is to be returned to, no rule tells of persistence.
        self.init(
            persistence: server.realServers.isEmpty ? nil : server.persistence,
            realServers: server.realServers
        )
    }
}

extension IPAddress {
    fileprivate var lastBits: UInt16 { UInt16(truncatingIfNeeded: low) }
}

extension [VirtualServerKey] {
    /// Neighbours with the same range of ports together.
    fileprivate func chunked(
        by range: (VirtualServerKey) -> BalancingChains.PortRange?
    ) -> [(range: BalancingChains.PortRange?, keys: [VirtualServerKey])] {
        var chunks: [(range: BalancingChains.PortRange?, keys: [VirtualServerKey])] = []
        for key in self {
            let place = range(key)
            if let last = chunks.last, last.range == place, place != nil {
                chunks[chunks.count - 1].keys.append(key)
            } else {
                chunks.append((place, [key]))
            }
        }
        return chunks
    }
}
