import Settings
import Testing
import TestSupport

@Suite struct ProblemTests {
    @Test("A value that is not allowed says what is", arguments: Refusals.values)
    func values(_ refusal: Refusal) {
        #expect(problems(in: refusal.body) == refusal.problems)
    }

    @Test("Values that do not go together are told apart", arguments: Refusals.contradictions)
    func contradictions(_ refusal: Refusal) {
        #expect(problems(in: refusal.body) == refusal.problems)
    }

    @Test(
        "What has another shape than expected says which it should have",
        arguments: Refusals.shapes
    )
    func shapes(_ refusal: Refusal) {
        #expect(problems(in: refusal.body) == refusal.problems)
    }

    @Test(
        "A field that is not known is refused, with the one that was meant",
        arguments: Refusals.unknown
    )
    func unknown(_ refusal: Refusal) {
        #expect(problems(in: refusal.body) == refusal.problems)
    }

    @Test("A key that is given twice hides nothing else", arguments: Refusals.duplicates)
    func duplicates(_ refusal: Refusal) {
        #expect(problems(in: refusal.body) == refusal.problems)
    }

    @Test("What is not one document of this kind says so", arguments: Refusals.files)
    func files(_ refusal: Refusal) {
        #expect(problems(inFile: refusal.body) == refusal.problems)
    }

    @Test("A problem has its parts for whoever wants to count or sort them")
    func parts() throws {
        let errors = try #require(throws: ConfigurationErrors.self) { try load("mode: nat") }
        let problem = try #require(errors.problems.first)
        #expect(errors.problems.count == 1)
        #expect(problem.file == "fairlead.yaml")
        #expect(problem.path == "mode")
        #expect(problem.line == 3)
        #expect(problem.value == "nat")
    }

    @Test("A file that is nested beyond reason is an error, not a crash")
    func nesting() {
        #expect(!problems(in: "ipvs: " + String(repeating: "[", count: 100_000)).isEmpty)
    }

    @Test("No damage to a good file crashes the reader", arguments: 0..<4)
    func damage(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let good = FairleadConfiguration.generated(seed: seed).commentedYAML()
            .split(separator: "\n").filter { !$0.contains("#") }.map { $0 + "\n" }.joined()
        for _ in 0..<200 {
            var scalars = Array(good.unicodeScalars)
            for _ in 0..<3 {
                let index = Int.random(in: scalars.indices, using: &generator)
                let junk: [Unicode.Scalar] = [
                    "\n", ":", "-", "\"", "{", "]", "&", "*", " ", "\u{0}",
                ]
                scalars[index] = generator.pick(junk)
            }
            let damaged = String(String.UnicodeScalarView(scalars))
            for problem in problems(inFile: damaged) {
                #expect(problem.hasPrefix("fairlead.yaml:"))
            }
        }
    }
}
