/// How the text of a rule falls into words.
enum RuleWords {
    /// What is between spaces; a comment is one word, with its quotation marks.
    static func of(_ text: String) -> [Substring] {
        var isQuoted = false
        var isEscaped = false
        return text.split { character in
            if isEscaped {
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            }
            return character == " " && !isQuoted
        }
    }
}
