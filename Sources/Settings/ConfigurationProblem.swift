/// Something wrong in the configuration, in words for the person who wrote it.
package struct ConfigurationProblem: Hashable, Sendable, CustomStringConvertible {
    /// The file as it was named on the command line; nil when the problem is in a flag.
    package let file: String?
    /// The field such as `ipvs.scheduler.flags[1]`, or the flag such as `--mode`; empty when the
    /// file as a whole is meant.
    package let path: String
    /// Counted from 1; nil when the file as a whole is meant, or a flag.
    ///
    /// For a field that is missing this is the line where its map begins.
    package let line: Int?
    /// The text that was refused; nil when the problem is not about one text.
    package let value: String?
    /// What is wrong and what would be right.
    package let message: String

    package init(
        file: String? = nil,
        path: String,
        line: Int? = nil,
        value: String? = nil,
        message: String
    ) {
        self.file = file
        self.path = path
        self.line = line
        self.value = value
        self.message = message
    }

    /// `fairlead.yaml:7: mode: "nat" is not a mode; allowed are auto and ipvs`.
    ///
    /// Always one line: control characters, which a quoted YAML text can hold, are spelled out.
    package var description: String {
        var place = file ?? ""
        if let line { place += ":\(line)" }
        let sentence = [place, path, message].filter { !$0.isEmpty }.joined(separator: ": ")
        return sentence.unicodeScalars.reduce(into: "") { text, scalar in
            text +=
                scalar.properties.generalCategory == .control
                ? scalar.escaped(asASCII: true) : String(scalar)
        }
    }
}

/// Everything that is wrong with a configuration, in the order of the file; never empty.
package struct ConfigurationErrors: Error, Hashable, Sendable, CustomStringConvertible {
    package let problems: [ConfigurationProblem]

    /// The problems, sorted by line; those without a line come first.
    package init(_ problems: [ConfigurationProblem]) {
        self.problems = problems.sorted {
            ($0.line ?? 0, $0.path, $0.message) < ($1.line ?? 0, $1.path, $1.message)
        }
    }

    /// One problem a line.
    package var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}
