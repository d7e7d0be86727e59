package import Addressing

/// Rules of one family that decide what becomes of packets to Services, apart from balancing them.
///
/// Their number is constant: everything that depends on Services is in the address sets that they
/// look into.
package struct PacketFilter: Hashable, Sendable {
    /// The kernel's tables, in the order in which a packet meets those of one hook.
    package enum Table: String, Hashable, Sendable, CaseIterable {
        case mangle, nat, filter
    }

    /// The kernel's chains that ours are called from.
    package enum Hook: String, Hashable, Sendable, CaseIterable {
        case prerouting = "PREROUTING"
        case input = "INPUT"
        case forward = "FORWARD"
        case output = "OUTPUT"
        case postrouting = "POSTROUTING"
    }

    /// Where one of our chains is called.
    package struct Jump: Hashable, Sendable {
        package let table: Table
        package let hook: Hook
        package let chain: String
        /// Before all rules that others put there, or after them.
        package let isFirst: Bool

        package init(_ table: Table, _ hook: Hook, to chain: String, isFirst: Bool = true) {
            self.table = table
            self.hook = hook
            self.chain = chain
            self.isFirst = isFirst
        }
    }

    package struct Chain: Hashable, Sendable {
        package let table: Table
        package let name: String
        package let rules: [Rule]

        package init(_ table: Table, _ name: String, _ rules: [Rule]) {
            self.table = table
            self.name = name
            self.rules = rules
        }
    }

    package struct Rule: Hashable, Sendable {
        package let matches: [Match]
        package let action: Action

        package init(_ matches: [Match], _ action: Action) {
            self.matches = matches
            self.action = action
        }
    }

    package indirect enum Match: Hashable, Sendable {
        /// The packet is in the set, by the set's `lookup`.
        case member(of: AddressSet)
        case source(IPPrefix)
        /// The source is an address of this node.
        case sourceIsLocal
        case destinationIsLocal
        /// It came in by this interface; one that ends in `+` stands for all that begin so.
        case inputInterface(String)
        case mark(UInt32, mask: UInt32)
        /// It begins a connection.
        case isNew
        /// It belongs to a connection, or to one that has to do with one.
        case isEstablished
        /// It belongs to no connection, and cannot begin one.
        case isInvalid
        case transport(TransportProtocol)
        case isICMP
        case not(Match)
    }

    package enum Action: Hashable, Sendable {
        /// Back to the chain that this one was called from.
        case leave
        /// No further rule of this table and hook.
        case accept
        case drop
        /// Drops it, and tells the sender that nobody listens.
        case reject
        case call(String)
        /// To the chains that stand in for virtual servers; back when there is none for it.
        case balance
        /// Sets the bits of the mark that are in `mask` to those of the value.
        case setMark(UInt32, mask: UInt32)
        /// Sets the whole mark to that of the member.
        case takeMark(from: AddressSet)
        /// Gives it a source address of this node.
        case masquerade
    }

    package let family: AddressFamily
    package let chains: [Chain]
    package let jumps: [Jump]
    /// Two filters with the same fingerprint are the same.
    ///
    /// One that was read from a kernel has nothing else.
    package let fingerprint: String

    package init(family: AddressFamily, chains: [Chain], jumps: [Jump]) {
        self.family = family
        self.chains = chains
        self.jumps = jumps
        let rules = chains.flatMap { chain in
            chain.rules.map { "\(chain.table) \($0.text(in: chain.name, family))" }
        }
        let calls = jumps.map { "\($0.table) \($0.text) \($0.isFirst)" }
        fingerprint = Fingerprint.of((rules + calls).joined(separator: "\n"))
    }

    /// A filter that was found in a kernel, of which no more is known.
    package init(family: AddressFamily, fingerprint: String) {
        self.family = family
        chains = []
        jumps = []
        self.fingerprint = fingerprint
    }

    /// The sets that its rules name.
    package var sets: Set<AddressSet> {
        var found: Set<AddressSet> = []
        func visit(_ match: Match) {
            switch match {
            case .member(let set): found.insert(set)
            case .not(let inner): visit(inner)
            default: break
            }
        }
        for rule in chains.flatMap(\.rules) {
            for match in rule.matches { visit(match) }
            if case .takeMark(let set) = rule.action { found.insert(set) }
        }
        return found
    }

    package static func == (left: PacketFilter, right: PacketFilter) -> Bool {
        left.family == right.family && left.fingerprint == right.fingerprint
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(family)
        hasher.combine(fingerprint)
    }
}
