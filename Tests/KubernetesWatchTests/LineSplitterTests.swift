import KubernetesWatch
import TestSupport
import Testing

@Suite struct LineSplitterTests {
    @Test func linesAreTheSameWhereverAStreamIsCut() {
        let text = Array("one\n\ntwo words\nthree\r\nrest".utf8)
        let expected = ["one", "two words", "three\r"].map { Array($0.utf8) }
        for cut in 0...text.count {
            for second in cut...text.count {
                var splitter = LineSplitter(limit: 20)
                let chunks = [
                    Array(text[..<cut]), Array(text[cut..<second]), Array(text[second...]),
                ]
                let lines = chunks.compactMap { splitter.lines(endedBy: $0) }
                #expect(lines.flatMap(\.self) == expected)
                #expect(splitter.isInsideLine)
            }
        }
    }

    @Test(arguments: [(5, true), (4, false)])
    func aLineIsNotLongerThanItMayBe(limit: Int, isTaken: Bool) {
        var whole = LineSplitter(limit: limit)
        #expect((whole.lines(endedBy: Array("12345\n".utf8)) != nil) == isTaken)
        var parts = LineSplitter(limit: limit)
        _ = parts.lines(endedBy: Array("123".utf8))
        #expect((parts.lines(endedBy: Array("45".utf8)) != nil) == isTaken)
    }

    @Test(arguments: 0..<50)
    func anyCutsGiveTheSameLines(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let lines: [[UInt8]] = (0..<20).map { _ in
            (0..<Int.random(in: 1...30, using: &generator)).map { _ in
                UInt8.random(in: 11...255, using: &generator)
            }
        }
        var rest: ArraySlice<UInt8> = lines.flatMap { (line: [UInt8]) in line + [10] }[...]
        var splitter = LineSplitter(limit: 30)
        var found: [[UInt8]] = []
        while !rest.isEmpty {
            let size = Int.random(in: 1...40, using: &generator)
            found += splitter.lines(endedBy: Array(rest.prefix(size))) ?? []
            rest = rest.dropFirst(size)
        }
        #expect(found == lines)
        #expect(!splitter.isInsideLine)
    }
}
