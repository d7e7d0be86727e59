import FuzzTargets
import Testing

/// Inputs that are small to write and could be large to read.
@Suite(.timeLimit(.minutes(1))) struct LargeInputTests {
    private static let documents = [
        "manifest-yaml", "manifest-json", "watch-event", "api-answer", "configuration",
        "kube-proxy-configuration", "kubeconfig",
    ]

    private func expectPromises(_ name: String, _ text: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        do throws(BrokenPromise) {
            try target.read(Array(text.utf8))
        } catch {
            Issue.record("\(name): \(error)")
        }
    }

    @Test(arguments: documents, ["[", "{\"a\":", "{a: ", "- ", "? ", "!!seq ["])
    func noDepthExhaustsTheStack(target: String, opening: String) throws {
        try expectPromises(target, String(repeating: opening, count: 20_000))
        try expectPromises(target, "items: " + String(repeating: opening, count: 20_000))
    }

    /// Each level has ten times what the one before has, by reference.
    private static func aliases(levels: Int) -> String {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...levels {
            let references = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(references)]\n"
        }
        return text
    }

    @Test(arguments: documents)
    func noAliasIsWorthMoreThanItsText(target: String) throws {
        let text = Self.aliases(levels: 12)
        try expectPromises(target, text)
        try expectPromises(target, text + "items: *a12\n")
        try expectPromises(target, text + "? *a12\n: b\n? *a12\n: c\n")
        try expectPromises(
            target,
            text + "apiVersion: v1\nkind: List\nitems: *a12\nclusters: *a12\nclusterCIDRs: *a12\n"
        )
    }
}
