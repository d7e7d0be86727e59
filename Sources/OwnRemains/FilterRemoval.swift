package import DataplaneModel
package import Iptables

/// What of one table of the packet filter is fairlead's, to be removed in one transaction.
package struct FilterRemoval: Hashable, Sendable {
    /// The program that reads and writes the table: `iptables-legacy`.
    package let program: String
    package let table: PacketFilter.Table
    /// Rules in chains of others that call one of ours and were made here, each without the word `-A`.
    package let calls: [String]
    /// Chains that rules of others call, and that can therefore only lose their rules.
    package let emptied: [String]
    /// Chains that go, with their rules.
    package let deleted: [String]
    /// Rules of others that call one of ours, each without the word `-A`.
    package let foreignCalls: [String]

    /// What is ours of a table, by the names of chains and the comment of calls.
    package init(of saved: SavedRules.Table, _ table: PacketFilter.Table, by program: String) {
        self.program = program
        self.table = table
        var calls: [String] = []
        var foreignCalls: [String] = []
        var called: Set<Substring> = []
        var filled: Set<Substring> = []
        for rule in saved.rules {
            filled.insert(rule.chain)
            guard !Self.owns(rule.chain), let target = rule.calledChain else { continue }
            if rule.text.contains(PacketFilter.Jump.comment) {
                calls.append(rule.text)
            } else {
                foreignCalls.append(rule.text)
                called.insert(target)
            }
        }
        let chains = saved.chains.filter(Self.owns)
        self.calls = calls
        self.foreignCalls = foreignCalls
        emptied = chains.filter { called.contains($0[...]) && filled.contains($0[...]) }
        deleted = chains.filter { !called.contains($0[...]) }
    }

    package var isEmpty: Bool { calls.isEmpty && emptied.isEmpty && deleted.isEmpty }

    /// The input of `iptables-restore --noflush` that does it.
    package var restoreInput: String {
        // Declaring a chain empties it, and so none of them is called by another one when it goes.
        let lines =
            (emptied + deleted).map { ":\($0) - [0:0]" } + calls.map { "-D \($0)" }
            + deleted.map { "-X \($0)" }
        return (["*\(table.rawValue)"] + lines + ["COMMIT", ""]).joined(separator: "\n")
    }

    /// Whether a chain of this name is fairlead's.
    package static func owns(_ chain: some StringProtocol) -> Bool {
        chain.hasPrefix(AddressSet.prefix)
    }
}
