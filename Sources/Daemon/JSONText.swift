import FoundationEssentials

/// JSON for programs, as all commands print it.
package enum JSONText {
    /// Pretty, with sorted keys and a new line at the end.
    package static func of(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}
