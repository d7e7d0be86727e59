import FoundationEssentials
import Testing

/// A file below `Tests/Fixtures`.
func fixture(_ path: String, testFile: String = #filePath) throws -> [UInt8] {
    let tests = testFile.split(separator: "/").dropLast(2).joined(separator: "/")
    let data = try #require(
        FileManager.default.contents(atPath: "/\(tests)/Fixtures/\(path)"),
        "no \(path)"
    )
    return Array(data)
}
