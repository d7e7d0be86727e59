import Addressing
package import DataplaneModel

/// The chains of ours and where they are called from, as text.
package struct FilterLayout: Hashable, Sendable {
    /// A chain with its rules, each without the word that says where it goes.
    package struct Chain: Hashable, Sendable {
        package let name: String
        package let rules: [String]
    }

    /// A rule in a chain that is not ours, which calls one of ours.
    package struct Jump: Hashable, Sendable {
        package let text: String
        package let isFirst: Bool
    }

    package private(set) var chains: [PacketFilter.Table: [Chain]] = [:]
    package private(set) var jumps: [PacketFilter.Table: [Jump]] = [:]

    /// Nothing.
    package init() {}

    /// What a filter asks for.
    package init(_ filter: PacketFilter) {
        for chain in filter.chains {
            let rules = chain.rules.map {
                String($0.text(in: chain.name, filter.family).dropFirst("-A ".count))
            }
            chains[chain.table, default: []].append(Chain(name: chain.name, rules: rules))
        }
        for jump in filter.jumps {
            jumps[jump.table, default: []].append(Jump(text: jump.text, isFirst: jump.isFirst))
        }
    }

    /// What is there.
    package init(_ saved: SavedRules) {
        for (name, table) in saved.tables {
            let rules = Dictionary(grouping: table.rules, by: \.chain)
            chains[name] = table.chains.filter {
                $0.hasPrefix(AddressSet.prefix) && !BalancingChains.owns($0)
            }.map { chain in
                Chain(name: chain, rules: (rules[chain[...]] ?? []).map(\.text))
            }
            jumps[name] = table.foreignCalls.map { Jump(text: $0.text, isFirst: true) }
        }
    }
}

extension SavedRules.Table {
    /// The rules in chains that are not ours, which call one of ours.
    fileprivate var foreignCalls: [SavedRules.Rule] {
        rules.filter { !$0.chain.hasPrefix(AddressSet.prefix) && $0.calledChain != nil }
    }
}

extension SavedRules {
    /// The input of `iptables-restore --noflush` that makes what is there of ours into `wanted`.
    ///
    /// Rules and chains of others are not in it; empty when nothing is to be done.
    package func transaction(to wanted: FilterLayout) -> String {
        PacketFilter.Table.allCases.map { name in
            Self.transaction(
                name,
                from: tables[name] ?? Table(),
                to: wanted.chains[name] ?? [],
                wanted.jumps[name] ?? []
            )
        }.joined()
    }

    private static func transaction(
        _ name: PacketFilter.Table,
        from present: Table,
        to chains: [FilterLayout.Chain],
        _ jumps: [FilterLayout.Jump]
    ) -> String {
        let names = chains.map(\.name)
        let departing = present.chains.filter {
            $0.hasPrefix(AddressSet.prefix) && !names.contains($0) && !BalancingChains.owns($0)
        }
        var lines: [String] = []
        if name == .nat, !present.chains.contains(BalancingChains.root),
            chains.contains(where: {
                $0.rules.contains { $0.hasSuffix(" -j \(BalancingChains.root)") }
            })
        {
            // What is in it comes from elsewhere; it has to be there to be called.
            lines.append(":\(BalancingChains.root) - [0:0]")
        }
        // Declaring a chain makes it, or empties it.
        lines += (names + departing).map { ":\($0) - [0:0]" }
        var missing = jumps
        for call in present.foreignCalls {
            if let index = missing.firstIndex(where: { $0.text == call.text }) {
                missing.remove(at: index)
            } else if call.isOurs || !names.contains(where: { $0 == call.calledChain ?? "" }) {
                lines.append("-D \(call.text)")
            }
        }
        lines += departing.map { "-X \($0)" }
        lines += chains.flatMap(\.rules).map { "-A \($0)" }
        // Each goes before the one that went first until then.
        lines += missing.filter(\.isFirst).reversed().map { "-I \($0.text)" }
        lines += missing.filter { !$0.isFirst }.map { "-A \($0.text)" }
        if lines.isEmpty { return "" }
        return (["*\(name.rawValue)"] + lines + ["COMMIT", ""]).joined(separator: "\n")
    }
}

extension SavedRules.Rule {
    /// Whether the rule was made here, by its comment.
    fileprivate var isOurs: Bool { text.contains(PacketFilter.Jump.comment) }
}
