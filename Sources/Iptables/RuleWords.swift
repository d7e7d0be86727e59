/// How the text of a rule falls into words.
package enum RuleWords {
    /// What is between spaces; a comment is one word, with its quotation marks.
    package static func of(_ text: String) -> [Substring] {
        var isQuoted = false
        var isEscaped = false
        return text.utf8.split { byte in
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            }
            return byte == UInt8(ascii: " ") && !isQuoted
        }.map(Substring.init)
    }
}
