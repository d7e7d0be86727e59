import FoundationEssentials
import Testing

/// The lines of a file below `Fixtures/checks`, with the empty one behind the last line feed.
func golden(_ name: String, testFile: String = #filePath) throws -> [String] {
    let tests = testFile.split(separator: "/").dropLast(2).joined(separator: "/")
    let data = try #require(
        FileManager.default.contents(atPath: "/\(tests)/Fixtures/checks/\(name)"),
        "no \(name)"
    )
    return lines(String(decoding: data, as: UTF8.self))
}

/// Lines rather than one text, so that a failure shows the one that differs.
func lines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
}
