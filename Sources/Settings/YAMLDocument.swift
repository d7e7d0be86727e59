import YAMLText
import Yams

/// The YAML documents of a text, or why there is none.
///
/// The parser refuses a mapping with a key that is given twice, and with it the whole text. So that
/// the other problems are not hidden behind this one, such a key gets a mark in front and the text
/// is parsed again; whoever reads the keys takes the mark off and reports the key.
struct YAMLDocument {
    /// None when the text is not YAML, or holds nothing but comments and `---`.
    private(set) var roots: [Node] = []
    private(set) var problems: [ConfigurationProblem] = []

    /// A character for private use, which no field's name begins with.
    static let duplicateMark: Unicode.Scalar = "\u{e000}"

    /// What the text of a key is without the marks.
    static func unmarked(_ key: String) -> String {
        String(String.UnicodeScalarView(key.unicodeScalars.drop { $0 == duplicateMark }))
    }

    init(parsing yaml: String, file: String) {
        if let objection = AliasExpansion.objection(to: yaml) {
            problems.append(ConfigurationProblem(file: file, path: "", message: objection))
            return
        }
        var text = yaml
        // The parser skips a byte order mark only when it is left to find out the encoding.
        if text.unicodeScalars.first == "\u{feff}" { text.unicodeScalars.removeFirst() }
        // Every round marks one key. A file that needs more is not worth it.
        for round in 0...100 {
            do {
                try compose(text, file: file)
                return
            } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
                guard round < 100, Self.markKey(in: &text, at: context.mark) else {
                    report(keys, at: context.mark, file: file)
                    return
                }
            } catch let error as YamlError {
                problems.append(Self.problem(error, file: file))
                return
            } catch {
                problems.append(
                    ConfigurationProblem(file: file, path: "", message: "is not YAML: \(error)")
                )
                return
            }
        }
    }

    private mutating func compose(_ yaml: String, file: String) throws {
        // With another encoding than this one the parser looks at the environment and prints.
        let parser = try Parser(yaml: yaml, encoding: .utf8)
        var roots: [Node] = []
        while let root = try parser.nextRoot() { roots.append(root) }
        if case .scalar(let scalar)? = roots.first, scalar.string.isEmpty, roots.count == 1 {
            return
        }
        self.roots = roots
    }

    /// That there is more than one document.
    static func surplus(_ root: Node, file: String) -> ConfigurationProblem {
        ConfigurationProblem(
            file: file,
            path: "",
            line: root.mark?.line,
            message: "another document begins here; a configuration file holds only one"
        )
    }

    private mutating func report(_ keys: [String], at mark: Mark, file: String) {
        let keys = keys.map(Self.unmarked)
        problems.append(
            ConfigurationProblem(
                file: file,
                path: keys.first ?? "",
                line: mark.line,
                value: keys.first,
                message: "is given more than once"
            )
        )
    }

    private static func problem(_ error: YamlError, file: String) -> ConfigurationProblem {
        func problem(
            _ words: String,
            _ context: YamlError.Context?,
            _ place: (line: Int, column: Int)
        ) -> (Int, String) {
            var message = "is not YAML: \(words) at column \(place.column)"
            if let context, context.mark.line != place.line {
                message += ", \(context.text) that begins in line \(context.mark.line)"
            }
            return (place.line, message)
        }
        let (line, message): (Int?, String) =
            switch error {
            case .scanner(let context, "found character that cannot start any token", let mark, _):
                problem(
                    "a character that cannot begin a value, such as a tab or @,",
                    context,
                    (mark.line, mark.column)
                )
            case .scanner(let context, let words, let mark, _),
                .parser(let context, let words, let mark, _),
                .composer(let context, let words, let mark, _):
                problem(words, context, (mark.line, mark.column))
            case .reader(let words, let offset, _, let yaml):
                problem(words, nil, place(ofCharacter: offset ?? 0, in: yaml))
            default:
                (nil, "is not YAML: \(error)")
            }
        return ConfigurationProblem(file: file, path: "", line: line, message: message)
    }

    private static func place(ofCharacter offset: Int, in yaml: String) -> (line: Int, column: Int)
    {
        let before = yaml.prefix(offset)
        let line = before.count { $0.isNewline } + 1
        return (line, before.reversed().prefix { !$0.isNewline }.count + 1)
    }

    /// Whether the key could be marked; not when a tag, an anchor or an alias is in the way.
    private static func markKey(in text: inout String, at mark: Mark) -> Bool {
        guard var index = index(in: text.unicodeScalars, of: mark) else { return false }
        switch text.unicodeScalars[index] {
        case "\"", "'": text.unicodeScalars.formIndex(after: &index)
        case "!", "&", "*", "?", "[", "{", "|", ">": return false
        default: break
        }
        text.unicodeScalars.insert(duplicateMark, at: index)
        return true
    }

    private static func index(
        in scalars: String.UnicodeScalarView,
        of mark: Mark
    ) -> String.UnicodeScalarView.Index? {
        var line = 1
        var index = scalars.startIndex
        while line < mark.line, index < scalars.endIndex {
            let scalar = scalars[index]
            scalars.formIndex(after: &index)
            switch scalar {
            case "\r" where index < scalars.endIndex && scalars[index] == "\n": break
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": line += 1
            default: break
            }
        }
        let found = scalars.index(index, offsetBy: mark.column - 1, limitedBy: scalars.endIndex)
        return found.flatMap { $0 < scalars.endIndex ? $0 : nil }
    }
}
