package import DataplaneModel

/// What `iptables-save` printed, as far as it matters here: the chains and rules of our tables.
package struct SavedRules: Hashable, Sendable {
    /// One table, in the kernel's order.
    package struct Table: Hashable, Sendable {
        package var chains: [String] = []
        package var rules: [Rule] = []
    }

    /// `-A PREROUTING -m comment … -j FAIRLEAD-MARK` without its first word.
    package struct Rule: Hashable, Sendable {
        package let text: String

        package init(_ text: some StringProtocol) { self.text = String(text) }

        /// The chain that it is in.
        package var chain: Substring { text.prefix(before: UInt8(ascii: " ")) }

        /// What follows the chain.
        var rest: Substring {
            Substring(text.utf8.dropFirst(chain.utf8.count + 1))
        }

        /// The chain of ours that it calls, if it calls one.
        package var calledChain: Substring? {
            var words = RuleWords.of(text)[...]
            while let word = words.popFirst() {
                guard word == "-j" || word == "-g" else { continue }
                return words.first.flatMap { $0.hasPrefix(AddressSet.prefix) ? $0 : nil }
            }
            return nil
        }
    }

    package private(set) var tables: [PacketFilter.Table: Table] = [:]

    /// Reads what `iptables-save` and `ip6tables-save` print, without counters.
    package init(_ text: String) {
        var table: PacketFilter.Table?
        // By bytes, as there may be a hundred thousand lines.
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            switch line.first {
            case UInt8(ascii: "*"):
                table = PacketFilter.Table(rawValue: String(Substring(line.dropFirst())))
                if let table { tables[table] = Table() }
            case UInt8(ascii: ":"):
                guard let table else { continue }
                let name = Substring(line.dropFirst()).prefix(before: UInt8(ascii: " "))
                tables[table]?.chains.append(String(name))
            case UInt8(ascii: "-"):
                guard let table, line.starts(with: "-A ".utf8) else { continue }
                tables[table]?.rules.append(Rule(Substring(line.dropFirst(3))))
            default:
                break
            }
        }
    }

    /// How many rules there are, whoever made them.
    package var ruleCount: Int { tables.values.reduce(0) { $0 + $1.rules.count } }

    /// Whether the node's agent has left the chain by which it says which variant it uses (KEP-3178).
    package var hasHint: Bool {
        let hints = ["KUBE-IPTABLES-HINT", "KUBE-KUBELET-CANARY"]
        return tables[.mangle]?.chains.contains(where: hints.contains) ?? false
    }

    /// All that has to do with us apart from the chains that stand in for virtual servers, in an order that does not depend on which table was used first.
    package var ours: [String] {
        PacketFilter.Table.allCases.flatMap { name -> [String] in
            guard let table = tables[name] else { return [] }
            let chains = table.chains.filter {
                $0.hasPrefix(AddressSet.prefix) && !BalancingChains.owns($0)
            }
            let rules = table.rules.filter { !BalancingChains.owns($0.chain) }.map(\.text)
                .filter { $0.contains(AddressSet.prefix) }
            return chains.sorted().map { "\(name) :\($0)" } + rules.map { "\(name) \($0)" }
        }
    }
}

extension StringProtocol where SubSequence == Substring {
    /// What comes before the first of a byte that is a letter by itself; all where there is none.
    fileprivate func prefix(before byte: UInt8) -> Substring {
        self[..<(utf8.firstIndex(of: byte) ?? endIndex)]
    }
}
