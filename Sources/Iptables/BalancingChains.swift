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
    struct Owner: Hashable {
        let name: String
        let transport: TransportProtocol
    }

    /// Virtual servers that are looked through one by one.
    enum Leaf: Hashable {
        /// By the last five bits of the address, and the five before them.
        case addresses(branch: UInt16, twig: UInt16)
        /// By the last four bits of the mark.
        case marks(UInt32)
    }

    /// What virtual servers of one owner must agree in to share a chain.
    struct Content: Hashable {
        let persistence: Persistence?
        let realServers: [RealServer]
    }

    /// Where all packets to Services come in.
    package static let root = PacketFilter.balancing
    static let marks = "FAIRLEAD-MARKS"
    static let ports = "FAIRLEAD-PORTS-"
    static let service = "FAIRLEAD-SVC-"
    private static let prefixes = [root, marks, ports, service]

    /// Whether a chain of this name is one of these.
    package static func owns(_ name: some StringProtocol) -> Bool {
        prefixes.contains { name.utf8.starts(with: $0.utf8) }
    }

    package let family: AddressFamily
    package private(set) var servers: [VirtualServerKey: BalancedServer] = [:]
    /// The rules of each chain, by its name.
    package internal(set) var chains: [String: [String]] = [root: []]
    var keysOfOwner: [Owner: Set<VirtualServerKey>] = [:]
    var chainsOfOwner: [Owner: Set<String>] = [:]
    var chainOfKey: [VirtualServerKey: String] = [:]
    var keysOfLeaf: [Leaf: Set<VirtualServerKey>] = [:]
    var chainsOfLeaf: [Leaf: Set<String>] = [:]
    var twigs: [UInt16: Set<UInt16>] = [:]
    var markLeaves: Set<UInt32> = []
    private var touchedOwners: Set<Owner> = []
    var touchedLeaves: Set<Leaf> = []

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

extension BalancingChains.Owner {
    fileprivate init(_ server: BalancedServer) {
        self.init(name: server.owner, transport: server.transport)
    }
}

extension Dictionary {
    /// Takes an element out of the set at a key, and the set with it when it was the last.
    mutating func remove<Element>(_ element: Element, from key: Key)
    where Value == Set<Element> {
        self[key]?.remove(element)
        if self[key]?.isEmpty ?? false { self[key] = nil }
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
