import Yams

/// A part of the configuration that is a map in the file.
///
/// Its table of fields is all there is to reading it and to printing it.
protocol ConfigurationSection {
    /// The section with every field at its default.
    init()
    static var fields: [Field<Self>] { get }
    /// What is wrong between values each of which is allowed by itself.
    var contradictions: [Contradiction] { get }
    /// What the fields are of, for messages.
    static var name: String { get }
}

extension ConfigurationSection {
    var contradictions: [Contradiction] { [] }
    static var name: String { "Fairlead's configuration" }
}

/// Values that do not go together.
struct Contradiction {
    /// The path below the section, such as `flags[1]`.
    let path: String
    /// The keys of the values; when one of them could not be read there is nothing to compare.
    let keys: [String]
    let value: String
    let message: String

    init(_ path: String, keys: [String], value: String, _ message: String) {
        self.path = path
        self.keys = keys
        self.value = value
        self.message = message
    }
}

extension [Contradiction] {
    /// One for each value that a list has for a second time.
    static func repeated(_ values: [some Hashable], in key: String) -> [Contradiction] {
        var seen: Set<AnyHashable> = []
        return values.enumerated().compactMap { index, value in
            guard !seen.insert(value).inserted else { return nil }
            return Contradiction(
                "\(key)[\(index)]",
                keys: [key],
                value: "\(value)",
                "\"\(value)\" is given twice"
            )
        }
    }
}

/// What a field holds that is one word or a list.
enum WordOrList<Word, Value> {
    case word(Word)
    case list([Value])
}

/// One line of a section's table: a key, what it is for, and where its value goes.
///
/// The comment for the file ends with a line on what is allowed and what is the default, which come
/// from the form and from the section.
struct Field<Section> {
    let key: String
    let comment: String
    /// Reads the value at a path into the section; whatever is wrong is left with the reader, and
    /// the section keeps its value.
    let read: (Node, String, inout Section, inout FieldReader) -> Void
    /// Adds the key and the value.
    let write: (Section, inout CommentedYAML) -> Void
}

extension Field where Section: ConfigurationSection {
    /// A field that must be there and has one value.
    static func constant(_ key: String, _ value: String) -> Field {
        Field(key: key, comment: "") { node, path, _, reader in
            let form = ValueForm<String>(allowed: value) { text throws(InvalidValue) in
                guard text == value else {
                    let advice =
                        text == "ConfigMap"
                        ? "; a configuration is in the data of a ConfigMap, and goes into a file "
                            + "by itself" : "; write \(key): \(value)"
                    throw InvalidValue("\"\(text)\" is not known here\(advice)")
                }
                return text
            } print: {
                $0
            }
            _ = reader.scalar(node, at: path, form)
        } write: { _, yaml in
            yaml.line("\(key): \(value)")
        }
    }

    static func value<Value>(
        _ key: String,
        _ target: WritableKeyPath<Section, Value>,
        _ form: ValueForm<Value>,
        _ purpose: String
    ) -> Field {
        let standard = form.print(Section()[keyPath: target])
        let comment = "\(purpose)\nAllowed: \(form.allowed). Default: \(standard)."
        return Field(key: key, comment: comment) { node, path, section, reader in
            guard let value = reader.scalar(node, at: path, form) else { return }
            section[keyPath: target] = value
        } write: { section, yaml in
            yaml.line("\(key): \(form.print(section[keyPath: target]))")
        }
    }

    /// A value that may be null, which is not the same as any other.
    static func optionalValue<Value>(
        _ key: String,
        _ target: WritableKeyPath<Section, Value?>,
        _ form: ValueForm<Value>,
        _ purpose: String
    ) -> Field {
        let comment = "\(purpose)\nAllowed: null, or \(form.allowed). Default: null."
        return Field(key: key, comment: comment) { node, path, section, reader in
            guard let value = reader.scalar(node, at: path, form) else { return }
            section[keyPath: target] = value
        } write: { section, yaml in
            yaml.line("\(key): \(section[keyPath: target].map(form.print) ?? "null")")
        }
    }

    static func list<Value>(
        _ key: String,
        _ target: WritableKeyPath<Section, [Value]>,
        _ form: ValueForm<Value>,
        _ purpose: String
    ) -> Field {
        let comment = "\(purpose)\nAllowed: a list of \(form.allowed). Default: []."
        return Field(key: key, comment: comment) { node, path, section, reader in
            guard let values = reader.list(node, at: path, form) else { return }
            section[keyPath: target] = values
        } write: { section, yaml in
            yaml.list(key, section[keyPath: target].map(form.print))
        }
    }

    /// A list for which not given and empty are two things.
    static func optionalList<Value>(
        _ key: String,
        _ target: WritableKeyPath<Section, [Value]?>,
        _ form: ValueForm<Value>,
        _ purpose: String
    ) -> Field {
        let comment = "\(purpose)\nAllowed: null, or a list of \(form.allowed). Default: null."
        return Field(key: key, comment: comment) { node, path, section, reader in
            guard let values = reader.list(node, at: path, form) else { return }
            section[keyPath: target] = values
        } write: { section, yaml in
            if let values = section[keyPath: target] {
                yaml.list(key, values.map(form.print))
            } else {
                yaml.line("\(key): null")
            }
        }
    }

    /// One word that stands alone, or a list.
    static func wordOrList<Word, Value>(
        _ key: String,
        _ target: WritableKeyPath<Section, WordOrList<Word, Value>>,
        _ word: ValueForm<Word>,
        _ form: ValueForm<Value>,
        _ purpose: String
    ) -> Field {
        let comment =
            "\(purpose)\nAllowed: \(word.allowed), or a list of \(form.allowed). Default: []."
        return Field(key: key, comment: comment) { node, path, section, reader in
            if case .scalar = node {
                guard let value = reader.scalar(node, at: path, word) else { return }
                section[keyPath: target] = .word(value)
            } else if let values = reader.list(node, at: path, form) {
                section[keyPath: target] = .list(values)
            }
        } write: { section, yaml in
            switch section[keyPath: target] {
            case .word(let value): yaml.line("\(key): \(word.print(value))")
            case .list(let values): yaml.list(key, values.map(form.print))
            }
        }
    }

    static func section<Inner: ConfigurationSection>(
        _ key: String,
        _ target: WritableKeyPath<Section, Inner>,
        _ purpose: String
    ) -> Field {
        Field(key: key, comment: purpose) { node, path, section, reader in
            reader.section(node, at: path, into: &section[keyPath: target])
        } write: { section, yaml in
            yaml.line("\(key):")
            yaml.section(section[keyPath: target])
        }
    }

    /// A map from names to sections, in each of which the fields of `required` must be given.
    static func map<Inner: ConfigurationSection>(
        _ key: String,
        _ target: WritableKeyPath<Section, [String: Inner]>,
        _ names: ValueForm<String>,
        requiring required: KeyValuePairs<String, String>,
        _ purpose: String
    ) -> Field {
        let comment = "\(purpose)\nDefault: {}."
        return Field(key: key, comment: comment) { node, path, section, reader in
            for (name, node) in reader.entries(node, at: path) {
                var inner = Inner()
                let path = "\(path).\(name.string)"
                guard reader.parse(name, at: path, names) != nil else { continue }
                reader.section(node, at: path, into: &inner, requiring: required)
                section[keyPath: target][name.string] = inner
            }
        } write: { section, yaml in
            let entries = section[keyPath: target].sorted { $0.key < $1.key }
            yaml.line(entries.isEmpty ? "\(key): {}" : "\(key):")
            for (name, inner) in entries { yaml.entry(names.print(name), inner) }
        }
    }
}
