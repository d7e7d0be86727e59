import ServiceModel

/// Decodes files such as people write for `kubectl`, and what `kubectl get -o yaml` prints.
package enum ManifestFile {
    /// Decodes all documents of a file; what is wrong is in the result.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8. It is JSON if the name ends in `.json` or the first character is `{`.
    ///   - fileName: as it is to be named in problems.
    package static func decode(_ bytes: [UInt8], fileName: String) -> DecodedManifests {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            var collected = CollectedManifests(fileName)
            collected.unreadable(nil, UnreadableDocument(message: "is not UTF-8 text"))
            return collected.result
        }
        return decode(text, fileName: fileName)
    }

    /// Decodes all documents of a file; what is wrong is in the result.
    package static func decode(_ text: String, fileName: String) -> DecodedManifests {
        var collected = CollectedManifests(fileName)
        let byteOrderMark: Unicode.Scalar = "\u{feff}"
        let text =
            text.unicodeScalars.first == byteOrderMark
            ? String(text.unicodeScalars.dropFirst()) : text
        let first = text.utf8.first { $0 > UInt8(ascii: " ") }
        if fileName.hasSuffix(".json") || first == UInt8(ascii: "{") {
            collected.decodeJSON(Array(text.utf8))
        } else {
            collected.decodeYAML(text)
        }
        return collected.result
    }
}

/// The result while a file is decoded.
private struct CollectedManifests {
    private let fileName: String
    private var entries: [ManifestEntry] = []
    private var problems: [FileProblem] = []
    private var problemCount = 0
    private var notices: [ManifestNotice] = []

    init(_ fileName: String) { self.fileName = fileName }

    /// A file that only looks like manifests is worth no thousand lines in a log.
    private static let problemLimit = 20

    var result: DecodedManifests {
        var problems = problems
        if problemCount > Self.problemLimit {
            let rest = "\(problemCount - Self.problemLimit) more documents cannot be read"
            problems.append(FileProblem(file: fileName, message: rest))
        }
        return DecodedManifests(
            entries: entries,
            problems: problems,
            notices: notices,
            isComplete: problems.isEmpty
        )
    }

    mutating func decodeYAML(_ text: String) {
        for document in YAMLDocuments(text).documents {
            switch document.root {
            case .success(let root):
                // A document of nothing but comments says nothing, and that is all right.
                guard ScalarValue(root) != .null else { continue }
                do {
                    let content = try NodeDecoder.decode(DocumentContent.self, from: root)
                    add(content, document: document.number)
                } catch {
                    unreadable(
                        document.number,
                        UnreadableDocument(message: "\(error)")
                    )
                }
            case .failure(let reason):
                unreadable(document.number, reason)
            }
        }
    }

    /// Several JSON documents may follow each other, as programs append them to a file.
    mutating func decodeJSON(_ bytes: [UInt8]) {
        var scanner = JSONScanner(bytes)
        var document = 0
        while scanner.moveToNextValue() {
            document += 1
            let start = scanner.offset
            do throws(UnreadableDocument) {
                try scanner.skipValue()
                let isWhole = start == 0 && scanner.offset == bytes.count
                let value = isWhole ? bytes : Array(bytes[start..<scanner.offset])
                add(
                    try JSONDocument.decode(DocumentContent.self, json: value),
                    document: document
                )
            } catch {
                unreadable(document, error)
                // Where the next value starts cannot be told any more.
                return
            }
        }
    }

    private mutating func add(_ content: DocumentContent, document: Int) {
        for (item, content) in content.objects {
            let position = DocumentPosition(document: document, item: item)
            switch content {
            case .object(let object):
                entries.append(ManifestEntry(position: position, object: object))
                notices += object.notices.map { ManifestNotice(position: position, message: $0) }
            case .leftAside(let message):
                notices.append(ManifestNotice(position: position, message: message))
            case .unreadable(let message):
                note(FileProblem(file: fileName, position: position, message: message))
            }
        }
    }

    mutating func unreadable(_ document: Int?, _ reason: UnreadableDocument) {
        note(
            FileProblem(
                file: fileName,
                position: document.map { DocumentPosition(document: $0) },
                line: reason.line,
                column: reason.column,
                message: reason.message
            )
        )
    }

    private mutating func note(_ problem: FileProblem) {
        problemCount += 1
        if problemCount <= Self.problemLimit { problems.append(problem) }
    }
}
