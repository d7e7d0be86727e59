import Testing
import YAMLText

@Suite struct AliasExpansionTests {
    /// Each level has ten times what the one before has.
    private static func nested(levels: Int) -> String {
        var text = "a0: &a0 [x, x]\n"
        for level in 1...levels {
            let references = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(references)]\n"
        }
        return text
    }

    @Test(arguments: [
        "", "a: b\n", "a: 5 * 3\nb: x && y\n", "a: &a b\n", "*a\n", "* &\n",
        "script: |\n  sleep 1 &\n  wait && ls *.txt\n",
    ])
    func withoutAliasesATextIsAsLongAsItIs(text: String) {
        #expect(AliasExpansion.length(of: text) == text.utf8.count)
        #expect(AliasExpansion.objection(to: text) == nil)
    }

    @Test func anAliasCountsAtLeastWhatItStandsFor() {
        let text = "a: &a 12345678\nb: [*a, *a, *a]\n"
        let length = AliasExpansion.length(of: text)
        #expect(length >= text.utf8.count + 3 * "12345678".utf8.count)
        #expect(length < 200)
    }

    @Test func theLaterOfTwoAnchorsWithOneNameCounts() {
        let long = String(repeating: "x", count: 1000)
        let text = "a: &a \(long)\nb: *a\nc: &a y\nd: [*a, *a, *a, *a]\n"
        #expect(AliasExpansion.length(of: text) < 2200)
    }

    @Test(arguments: [1, 3, 5])
    func aFewLevelsAreAllRight(levels: Int) {
        let text = Self.nested(levels: levels)
        #expect(AliasExpansion.objection(to: text) == nil)
    }

    @Test(arguments: [9, 12, 40])
    func manyLevelsAreTooMuch(levels: Int) {
        let text = Self.nested(levels: levels)
        #expect(AliasExpansion.length(of: text) > AliasExpansion.limit)
        #expect(AliasExpansion.objection(to: text)?.contains("16 MiB") == true)
    }
}
