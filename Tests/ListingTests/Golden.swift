import FoundationEssentials
import Testing

/// The lines of a file below `Fixtures/listing`, with the empty one behind the last line feed.
///
/// All texts but `machine.json` come from the printing functions of ipvsadm 1.31, which were given
/// `Sample` and `SampleNames` in the form of its own library. They are not to be recorded anew from
/// what this project prints. `connections.proc` is in the format of `/proc/net/ip_vs_conn`.
func golden(_ name: String, testFile: String = #filePath) throws -> [String] {
    let tests = testFile.split(separator: "/").dropLast(2).joined(separator: "/")
    let data = try #require(
        FileManager.default.contents(atPath: "/\(tests)/Fixtures/listing/\(name)"),
        "no \(name)"
    )
    return lines(String(decoding: data, as: UTF8.self))
}

/// Lines rather than one text, so that a failure shows the one that differs.
func lines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
}
