/// What of one table of the packet filter is kube-proxy's, to be removed in one transaction.
package struct RuleRemoval: Hashable, Sendable {
    /// The program that reads and writes the table: `iptables-legacy`.
    package let program: String
    package let table: String
    /// Rules in the kernel's own chains that call kube-proxy's, each without the word `-A`.
    package let calls: [String]
    /// Chains that rules of others call, and that can therefore only lose their rules.
    package let emptied: [String]
    /// Chains that go, with their rules.
    package let deleted: [String]

    /// A removal that was thought out elsewhere.
    package init(
        program: String,
        table: String,
        calls: [String],
        emptied: [String] = [],
        deleted: [String]
    ) {
        self.program = program
        self.table = table
        self.calls = calls
        self.emptied = emptied
        self.deleted = deleted
    }

    init(of table: RuleListing.Table, by program: String) {
        let called = Set(table.foreignCalls.compactMap(\.target))
        let filled = Set(table.rules.map(\.chain))
        let chains = table.chains.filter { ProxyNames.isChain($0, in: table.name) }
        self.init(
            program: program,
            table: table.name,
            calls: table.rules.filter(table.isProxyCall).map(\.text),
            emptied: chains.filter { called.contains($0) && filled.contains($0) },
            deleted: chains.filter { !called.contains($0) }
        )
    }

    package var isEmpty: Bool { calls.isEmpty && emptied.isEmpty && deleted.isEmpty }

    /// The input of `iptables-restore --noflush` that does it.
    package var restoreInput: String {
        // Declaring a chain empties it, and so none of them is called by another one when it goes.
        let lines =
            (emptied + deleted).map { ":\($0) - [0:0]" } + calls.map { "-D \($0)" }
            + deleted.map { "-X \($0)" }
        return (["*\(table)"] + lines + ["COMMIT", ""]).joined(separator: "\n")
    }
}

extension RuleListing.Table {
    private static let kernelChains: Set<String> = [
        "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING",
    ]

    /// Whether a rule is one of those by which kube-proxy has its chains called.
    ///
    /// It puts them into the kernel's chains, without conditions but that of a new connection; a
    /// rule that calls for some packets only, or from a chain of somebody else, is not its own.
    func isProxyCall(_ rule: RuleListing.Rule) -> Bool {
        guard let target = rule.target, rule.isUnconditional else { return false }
        return Self.kernelChains.contains(rule.chain) && ProxyNames.isChain(target, in: name)
    }

    /// The rules that are not kube-proxy's.
    var foreignRules: [RuleListing.Rule] {
        rules.filter { !ProxyNames.isChain($0.chain, in: name) && !isProxyCall($0) }
    }

    /// The rules that are not kube-proxy's and call a chain that is.
    var foreignCalls: [RuleListing.Rule] {
        foreignRules.filter { rule in
            rule.target.map { ProxyNames.isChain($0, in: name) } ?? false
        }
    }
}
