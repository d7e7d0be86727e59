package import Addressing
package import DataplaneModel

/// The chains of the table nat that stand in for the virtual servers of one family.
///
/// A packet finds its virtual server through a tree, so that it meets some forty rules and not all of
/// them: from the root by the last five bits of its destination, then by the next five, then among
/// those that are left; where many ports of one address are left, by ranges of ports. Marks go before
/// addresses, as in IPVS.
///
/// Virtual servers of one Service port with the same real servers share a chain. It takes one virtual
/// server at a time, and renders only what that touched.
package struct BalancingChains: Sendable {
    /// One Service port of one protocol.
    fileprivate struct Owner: Hashable {
        let name: String
        let transport: TransportProtocol
    }

    /// Virtual servers that are looked through one by one.
    private enum Leaf: Hashable {
        /// By the last five bits of the address, and the five before them.
        case addresses(branch: UInt16, twig: UInt16)
        /// By the last four bits of the mark.
        case marks(UInt32)
    }

    /// What virtual servers of one owner must agree in to share a chain.
    fileprivate struct Content: Hashable {
        let persistence: Persistence?
        let realServers: [RealServer]
    }

    /// Where all packets to Services come in.
    package static let root = PacketFilter.balancing
    private static let marks = "FAIRLEAD-MARKS"
    private static let ports = "FAIRLEAD-PORTS-"
    private static let service = "FAIRLEAD-SVC-"
    private static let prefixes = [root, marks, ports, service]

    /// Whether a chain of this name is one of these.
    package static func owns(_ name: some StringProtocol) -> Bool {
        prefixes.contains { name.utf8.starts(with: $0.utf8) }
    }

    package let family: AddressFamily
    package private(set) var servers: [VirtualServerKey: BalancedServer] = [:]
    /// The rules of each chain, by its name.
    package private(set) var chains: [String: [String]] = [root: []]
    private var keysOfOwner: [Owner: Set<VirtualServerKey>] = [:]
    private var chainsOfOwner: [Owner: Set<String>] = [:]
    private var chainOfKey: [VirtualServerKey: String] = [:]
    private var keysOfLeaf: [Leaf: Set<VirtualServerKey>] = [:]
    private var chainsOfLeaf: [Leaf: Set<String>] = [:]
    private var twigs: [UInt16: Set<UInt16>] = [:]
    private var markLeaves: Set<UInt32> = []
    private var touchedOwners: Set<Owner> = []
    private var touchedLeaves: Set<Leaf> = []

    /// The root alone.
    package init(_ family: AddressFamily) { self.family = family }

    /// Puts a virtual server in place of the one with this key; nil takes it out.
    ///
    /// Nothing is rendered before `settle`.
    package mutating func set(_ server: BalancedServer?, for key: VirtualServerKey) {
        let previous = servers[key]
        guard previous != server else { return }
        servers[key] = server
        if let previous {
            keysOfOwner.remove(key, from: Owner(previous))
            touchedOwners.insert(Owner(previous))
        }
        if let server {
            keysOfOwner[Owner(server), default: []].insert(key)
            touchedOwners.insert(Owner(server))
        }
        let leaf = Self.leaf(of: key)
        if server == nil {
            chainOfKey[key] = nil
            keysOfLeaf.remove(key, from: leaf)
            touchedLeaves.insert(leaf)
        } else if keysOfLeaf[leaf, default: []].insert(key).inserted
            || previous?.owner != server?.owner
        {
            touchedLeaves.insert(leaf)
        }
    }

    /// Renders what was touched, and answers the names of chains that are different now, or gone.
    package mutating func settle() -> Set<String> {
        var changed: Set<String> = []
        for owner in touchedOwners { render(owner, &changed) }
        touchedOwners.removeAll()
        let leaves = touchedLeaves
        touchedLeaves.removeAll()
        var branches: Set<UInt16> = []
        for leaf in leaves { render(leaf, &branches, &changed) }
        for branch in branches { renderBranch(branch, &changed) }
        if !leaves.isEmpty { renderRoot(&changed) }
        return changed
    }

    /// The chains that a packet to a virtual server goes through.
    package func path(to key: VirtualServerKey) -> [String] {
        guard let target = chainOfKey[key] else { return [] }
        let leaf = Self.leaf(of: key)
        let below = chainsOfLeaf[leaf].map(Array.init) ?? []
        switch leaf {
        case .addresses(let branch, _): return [Self.root, Self.name(branch), target] + below
        case .marks: return [Self.root, Self.marks, target] + below
        }
    }

    /// The input of `iptables-restore --noflush` that makes these chains what they should be, and
    /// removes those that should not be there; empty for none.
    package func transaction(rewriting names: Set<String>) -> String {
        guard !names.isEmpty else { return "" }
        let sorted = names.sorted()
        var text = "*nat\n"
        text.reserveCapacity(
            sorted.reduce(32) { size, name in
                let own = name.utf8.count
                let rules = chains[name] ?? []
                return rules.reduce(size + own + 16) { $0 + own + $1.utf8.count + 5 }
            }
        )
        // Declaring a chain makes it, or empties it.
        for name in sorted { text += ":\(name) - [0:0]\n" }
        for name in sorted {
            for rule in chains[name] ?? [] {
                // Each part goes straight to its place, without a text of the line in between.
                for part in ["-A ", name, " ", rule, "\n"] { text += part }
            }
        }
        for name in sorted where chains[name] == nil { text += "-X \(name)\n" }
        return text + "COMMIT\n"
    }

    /// The input that removes chains, the root among them.
    package static func transaction(removing names: Set<String>) -> String {
        guard !names.isEmpty else { return "" }
        let sorted = names.sorted()
        let lines = sorted.map { ":\($0) - [0:0]\n" } + sorted.map { "-X \($0)\n" }
        return "*nat\n" + lines.joined() + "COMMIT\n"
    }

    /// The Service port that a line of a transaction is about: one that has this chain, or that is
    /// named in it.
    package func owner(ofLine line: some StringProtocol) -> String? {
        let words = line.split(separator: " ")
        guard words.count > 1 else { return nil }
        return chainsOfOwner.first { $0.value.contains(String(words[1])) }?.key.name
            ?? BalancingRule(words.dropFirst(2).joined(separator: " "), family).flatMap(\.owner)
    }
}

// MARK: - Rendering

extension BalancingChains {
    /// So many are looked through one by one; more are told apart by ranges of ports.
    private static let mostInLeaf = 32
    private static let portsInRange: UInt16 = 32

    private static func leaf(of key: VirtualServerKey) -> Leaf {
        switch key {
        case .address(let endpoint, _):
            let bits = endpoint.address.lastBits
            return .addresses(branch: bits & 0x1f, twig: bits & 0x3e0)
        case .firewallMark(let mark, _):
            return .marks(mark & 0xf)
        }
    }

    private static func name(_ branch: UInt16) -> String { "\(root)-\(branch)" }

    private static func name(_ leaf: Leaf) -> String {
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

    private mutating func render(_ owner: Owner, _ changed: inout Set<String>) {
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

    private mutating func render(
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

    private mutating func renderBranch(_ branch: UInt16, _ changed: inout Set<String>) {
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

    private mutating func renderRoot(_ changed: inout Set<String>) {
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

extension BalancingChains.Owner {
    fileprivate init(_ server: BalancedServer) {
        self.init(name: server.owner, transport: server.transport)
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

extension Dictionary {
    /// Takes an element out of the set at a key, and the set with it when it was the last.
    fileprivate mutating func remove<Element>(_ element: Element, from key: Key)
    where Value == Set<Element> {
        self[key]?.remove(element)
        if self[key]?.isEmpty ?? false { self[key] = nil }
    }
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

extension BalancingRule {
    /// The Service port that the rule names.
    fileprivate var owner: String? {
        switch self {
        case .server(_, _, let owner, _): owner
        case .returning(let share, _, _), .balance(let share, _, _): share.owner
        case .member, .address, .mark, .ports: nil
        }
    }
}
