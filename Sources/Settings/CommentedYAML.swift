/// YAML for people, built line by line: two spaces for each level, comments in front of fields.
struct CommentedYAML {
    private(set) var text = ""
    private var depth = 0
    private var isCommented: Bool
    private var isAtStartOfSection = true
    /// Whether fields that have their defaults are left out.
    private var isCompact: Bool

    /// Lines end before this column.
    private static let width = 96

    /// Compact is without comments and without the fields that have their defaults.
    init(isCompact: Bool = false) {
        self.isCompact = isCompact
        isCommented = !isCompact
    }

    mutating func line(_ content: String) {
        text += String(repeating: "  ", count: depth) + content + "\n"
    }

    /// Each line of `words` begins a line, and is broken where it is too long.
    mutating func comment(_ words: String) {
        for words in words.split(separator: "\n") { wrap(words) }
    }

    private mutating func wrap(_ words: Substring) {
        var row = "#"
        for word in words.split(separator: " ") {
            if 2 * depth + row.count + 1 + word.count >= Self.width {
                line(row)
                row = "#"
            }
            row += " \(word)"
        }
        line(row)
    }

    /// `key:` and the items, one a line.
    mutating func list(_ key: String, _ items: [String]) {
        line(items.isEmpty ? "\(key): []" : "\(key):")
        depth += 1
        for item in items { line("- \(item)") }
        depth -= 1
    }

    /// The fields, one level in; at the top when there is nothing yet but comments.
    mutating func section<Section: ConfigurationSection>(_ section: Section, isRoot: Bool = false) {
        if !isRoot { depth += 1 }
        isAtStartOfSection = !isRoot
        for field in Section.fields {
            if isCompact, field.hasDefault(in: section) { continue }
            if isCommented, !field.comment.isEmpty {
                if !isAtStartOfSection { text += "\n" }
                comment(field.comment)
            }
            isAtStartOfSection = false
            field.write(section, &self)
        }
        if !isRoot { depth -= 1 }
    }

    /// A key and the fields below it, one level in and without comments: those of a map would be
    /// the same for every entry.
    mutating func entry(_ key: String, _ section: some ConfigurationSection) {
        let outer = (isCommented, isCompact)
        (isCommented, isCompact) = (false, false)
        depth += 1
        line("\(key):")
        self.section(section)
        depth -= 1
        (isCommented, isCompact) = outer
    }

    /// A text as YAML, in quotes unless every reader takes the bare text for this string.
    static func scalar(_ text: String) -> String {
        let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        let isPlain =
            text.utf8.allSatisfy { isPlainByte($0) } && !words.contains(text.lowercased())
            && text.first.map { $0 == "/" || $0.isLetter } ?? false
        return isPlain ? text : quoted(text)
    }

    private static func isPlainByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "-_./".utf8.contains(byte)
        }
    }

    /// In double quotes, with everything escaped that is neither ASCII nor a letter.
    private static func quoted(_ text: String) -> String {
        let body = text.unicodeScalars.reduce(into: "") { body, scalar in
            switch scalar {
            case "\"", "\\": body += "\\\(scalar)"
            case " "..."~": body.unicodeScalars.append(scalar)
            case _ where scalar.properties.isAlphabetic: body.unicodeScalars.append(scalar)
            default:
                let digits = String(scalar.value, radix: 16)
                body += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            }
        }
        return "\"\(body)\""
    }
}

extension Field where Section: ConfigurationSection {
    /// Whether the value is the default, as far as the file shows it; never for what must be given.
    fileprivate func hasDefault(in section: Section) -> Bool {
        func text(_ section: Section) -> String {
            var yaml = CommentedYAML()
            write(section, &yaml)
            return yaml.text
        }
        return !comment.isEmpty && text(section) == text(Section())
    }
}
