import FoundationEssentials
import YAMLText
import Yams

/// A place in a kubeconfig, whether something is there or not.
struct KubeconfigField {
    /// nil where there is nothing, or null.
    let node: Node?
    /// Such as `users[1].user`; empty for all of the file.
    let path: String
    let file: String

    private init(_ node: Node?, path: String, file: String) {
        if case .scalar(let scalar)? = node, scalar.style == .plain || scalar.style == .any,
            ["", "~", "null", "Null", "NULL"].contains(scalar.string)
        {
            self.node = nil
        } else {
            self.node = node
        }
        self.path = path
        self.file = file
    }

    /// - Throws: what is no YAML, by its line; its text may be secret.
    init(parsing text: String, file: String) throws(ClusterAccessError) {
        if let objection = AliasExpansion.objection(to: text) {
            throw ClusterAccessError(place: file, objection)
        }
        do {
            var text = text
            if text.unicodeScalars.first == "\u{feff}" { text.unicodeScalars.removeFirst() }
            // With another encoding than this one the parser looks at the environment and prints.
            let root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
            self.init(root, path: "", file: file)
        } catch {
            throw ClusterAccessError(
                place: file,
                "is not YAML: \(Self.words(for: error)); a kubeconfig file would be right"
            )
        }
    }

    private static func words(for error: any Error) -> String {
        switch error as? YamlError {
        case .scanner(_, let words, let mark, _), .parser(_, let words, let mark, _),
            .composer(_, let words, let mark, _):
            "\(words) in line \(mark.line)"
        case .duplicatedKeysInMapping(let keys, let context):
            "\(keys.joined(separator: ", ")) is given twice near line \(context.mark.line)"
        default: "its text cannot be parsed"
        }
    }

    func error(_ message: String) -> ClusterAccessError {
        ClusterAccessError(place: place, message)
    }

    var place: String { path.isEmpty ? file : "\(file): \(path)" }

    /// A field of a mapping.
    func field(_ name: String) throws(ClusterAccessError) -> KubeconfigField {
        let path = path.isEmpty ? name : "\(path).\(name)"
        switch node {
        case nil: return KubeconfigField(nil, path: path, file: file)
        case .mapping(let mapping)?:
            let node = mapping.first { $0.key.scalar?.string == name }?.value
            return KubeconfigField(node, path: path, file: file)
        default: throw error("is not a mapping; \(name) and the like would be right in it")
        }
    }

    /// The items of a list; none where there is nothing.
    var items: [KubeconfigField] {
        get throws(ClusterAccessError) {
            switch node {
            case nil: return []
            case .sequence(let sequence)?:
                return sequence.enumerated().map { index, node in
                    KubeconfigField(node, path: "\(path)[\(index)]", file: file)
                }
            default: throw error("is not a list")
            }
        }
    }

    /// The keys and values of a mapping; none where there is nothing.
    var entries: [(key: String, value: KubeconfigField)] {
        get throws(ClusterAccessError) {
            switch node {
            case nil: return []
            case .mapping(let mapping)?:
                return mapping.compactMap { pair in
                    pair.key.scalar.map { key in
                        (
                            key.string,
                            KubeconfigField(pair.value, path: "\(path).\(key.string)", file: file)
                        )
                    }
                }
            default: throw error("is not a mapping")
            }
        }
    }

    /// A text; nil where there is nothing, or nothing in it.
    var text: String? {
        get throws(ClusterAccessError) {
            guard let node else { return nil }
            guard case .scalar(let scalar) = node else { throw error("is not a text") }
            return scalar.string.isEmpty ? nil : scalar.string
        }
    }

    /// False where there is nothing.
    var flag: Bool {
        get throws(ClusterAccessError) {
            switch try text?.lowercased() {
            case nil, "false": return false
            case "true": return true
            default: throw error("is neither true nor false")
            }
        }
    }

    /// What is decoded from Base64; nil where there is nothing.
    var data: [UInt8]? {
        get throws(ClusterAccessError) {
            guard let text = try text else { return nil }
            guard
                let data = Data(base64Encoded: String(text.filter { !$0.isWhitespace })),
                !data.isEmpty
            else {
                throw error("is not Base64; the PEM text in Base64 would be right")
            }
            return Array(data)
        }
    }

    /// One of several texts.
    func choice(_ allowed: [String]) throws(ClusterAccessError) -> String? {
        guard let text = try text else { return nil }
        guard allowed.contains(text) else {
            throw error("is \"\(text)\"; allowed is \(allowed.joined(separator: ", "))")
        }
        return text
    }
}
