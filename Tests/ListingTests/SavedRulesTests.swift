import DataplaneModel
import Listing
import Testing

@Suite struct SavedRulesTests {
    @Test func writesTheCommandsThatIpvsadmWrites() throws {
        let text = SavedRules(names: NumericNames()).text(of: try Sample.servers())
        let expected = try golden("rules.txt")
        #expect(lines(text) == expected)
    }

    @Test func keepsTheOrderOfTheKernelWhenAsked() throws {
        let text = SavedRules(names: NumericNames(), isSorted: false).text(of: try Sample.servers())
        let expected = try golden("rules-unsorted.txt")
        #expect(lines(text) == expected)
    }

    @Test func writesNamesWithoutCuttingThemToAColumn() throws {
        let text = SavedRules(names: SampleNames()).text(of: try Sample.servers())
        let expected = try golden("rules-names.txt")
        #expect(lines(text) == expected)
    }

    @Test func isEmptyForAnEmptyTable() {
        #expect(SavedRules(names: NumericNames()).text(of: []) == "")
    }
}
