import Iptables

/// What `iptables-save` printed, whoever made it: the tables with their chains and rules.
package struct RuleListing: Hashable, Sendable {
    /// One table, in the kernel's order.
    package struct Table: Hashable, Sendable {
        package let name: String
        package fileprivate(set) var chains: [String] = []
        package fileprivate(set) var rules: [Rule] = []
    }

    package private(set) var tables: [Table] = []

    /// Reads what `iptables-save` and `ip6tables-save` print, without counters.
    package init(_ text: some StringProtocol) {
        for line in text.split(separator: "\n") {
            if line.first == "*" { tables.append(Table(name: String(line.dropFirst()))) }
            guard let last = tables.indices.last else { continue }
            if line.first == ":" {
                tables[last].chains.append(String(line.dropFirst().prefix { $0 != " " }))
            } else if line.hasPrefix("-A ") {
                tables[last].rules.append(Rule(line.dropFirst(3)))
            }
        }
    }
}

extension RuleListing {
    /// `-A PREROUTING -m comment … -j KUBE-SERVICES` without its first word.
    package struct Rule: Hashable, Sendable {
        package let text: String
        /// The chain that it is in.
        package let chain: String
        /// The chain that it calls, ours or anybody's, or what else it does: `MASQUERADE`.
        package let target: String?
        /// The address sets that it looks into or changes.
        package let sets: [String]
        /// It calls for every packet, or for every one that begins a connection.
        package let isUnconditional: Bool

        init(_ text: some StringProtocol) {
            self.text = String(text)
            var words = RuleWords.of(self.text)[...]
            chain = words.popFirst().map { String($0) } ?? ""
            var target: String?
            var sets: [String] = []
            var isUnconditional = true
            while let word = words.popFirst() {
                switch word {
                case "-j", "-g":
                    // What follows are options of the target.
                    target = words.popFirst().map { String($0) }
                case "--match-set", "--add-set", "--del-set", "--map-set":
                    if let set = words.popFirst() { sets.append(String(set)) }
                    isUnconditional = false
                case "--comment":
                    _ = words.popFirst()
                case "-m" where words.first == "comment" || words.first == "conntrack":
                    _ = words.popFirst()
                case "--ctstate" where words.first == "NEW":
                    _ = words.popFirst()
                default:
                    isUnconditional = false
                }
            }
            self.target = target
            self.sets = sets
            self.isUnconditional = isUnconditional
        }
    }
}
