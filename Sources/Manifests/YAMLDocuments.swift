import YAMLText
import Yams

/// The documents of a YAML file, each parsed for itself, so that a mistake in one hides no other.
struct YAMLDocuments {
    /// A document, or why it cannot be parsed.
    struct Document {
        /// Counted from 1.
        let number: Int
        let root: Result<Node, UnreadableDocument>
    }

    private(set) var documents: [Document] = []

    init(_ text: String) {
        var number = 0
        for part in Self.parts(of: text) {
            if let objection = AliasExpansion.objection(to: part.text) {
                number += 1
                let reason = UnreadableDocument(line: part.linesBefore + 1, message: objection)
                documents.append(Document(number: number, root: .failure(reason)))
                continue
            }
            // A parser takes longer to make than a short document to parse.
            if part.hasContent { parse(part, &number) } else { number += 1 }
        }
    }

    private typealias Part = (text: Substring, linesBefore: Int, hasContent: Bool)

    private mutating func parse(_ part: Part, _ number: inout Int) {
        do {
            // Without rules: they are regular expressions, tried on every key.
            let parser = try Parser(
                yaml: String(part.text),
                resolver: .basic,
                encoding: .utf8
            )
            // There is more than one where `...` ends a document that no `---` follows.
            while let root = try parser.nextRoot() {
                number += 1
                documents.append(Document(number: number, root: .success(root)))
            }
        } catch {
            number += 1
            let reason = UnreadableDocument(yaml: error, linesBefore: part.linesBefore)
            documents.append(Document(number: number, root: .failure(reason)))
        }
    }

    /// Divides the text before each line that starts with `---`, which nothing else in YAML can.
    private static func parts(of text: String) -> [Part] {
        var parts: [Part] = []
        let bytes = text.utf8
        var start = bytes.startIndex
        var startLine = 0
        var isMarked = false
        var hasContent = false
        var line = 0
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let end = bytes[index...].firstIndex(of: UInt8(ascii: "\n"))
            let content = bytes[index..<(end ?? bytes.endIndex)]
            if isMarker(content) {
                // Comments and directives before a marker belong to the document behind it.
                if isMarked || hasContent {
                    parts.append((text[start..<index], startLine, hasContent))
                    start = index
                    startLine = line
                }
                isMarked = true
                hasContent = !isBlankOrComment(content.dropFirst(3))
            } else if !isBlankOrComment(content) {
                hasContent = true
            }
            line += 1
            index = end.map { bytes.index(after: $0) } ?? bytes.endIndex
        }
        if isMarked || hasContent { parts.append((text[start...], startLine, hasContent)) }
        return parts
    }

    private static func isMarker(_ line: Substring.UTF8View) -> Bool {
        guard line.starts(with: "---".utf8) else { return false }
        guard let next = line.dropFirst(3).first else { return true }
        return next == UInt8(ascii: " ") || next == UInt8(ascii: "\t") || next == UInt8(ascii: "\r")
    }

    private static func isBlankOrComment(_ line: Substring.UTF8View) -> Bool {
        let first = line.first {
            $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") && $0 != UInt8(ascii: "\r")
        }
        return first == nil || first == UInt8(ascii: "#") || line.first == UInt8(ascii: "%")
    }
}

extension UnreadableDocument {
    fileprivate init(yaml error: any Error, linesBefore: Int) {
        func unreadable(_ line: Int?, _ column: Int?, _ message: String) -> UnreadableDocument {
            UnreadableDocument(
                line: line.map { $0 + linesBefore },
                column: column,
                message: "is not YAML: \(message)"
            )
        }
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _),
            .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let text = context.map { "\($0.text), \(problem)" } ?? problem
            self = unreadable(mark.line, mark.column, text)
        case .duplicatedKeysInMapping(let duplicates, let context):
            let keys = duplicates.map { "\"\($0)\"" }.joined(separator: ", ")
            self = unreadable(
                context.mark.line,
                context.mark.column,
                "\(keys) is there twice"
            )
        case .reader(let problem, let offset, _, let text):
            let line = offset.map { text.prefix($0).count { $0.isNewline } + 1 }
            self = unreadable(line, nil, problem)
        case .some, nil:
            self = unreadable(nil, nil, "\(error)")
        }
    }
}
