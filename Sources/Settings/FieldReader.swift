import Yams

/// Walks a document along the tables of fields and gathers every problem on the way.
struct FieldReader {
    private let file: String
    /// Whether a field that is not known, or is given twice, is remarked on and not a problem.
    private let isLenient: Bool
    private(set) var problems: [ConfigurationProblem] = []
    private(set) var remarks: [ConfigurationRemark] = []
    /// Where each value that was looked at stands.
    private(set) var lines: [String: Int] = [:]

    init(file: String, isLenient: Bool = false) {
        self.file = file
        self.isLenient = isLenient
    }

    mutating func report(_ path: String, line: Int?, value: String? = nil, _ message: String) {
        problems.append(
            ConfigurationProblem(
                file: file,
                path: path,
                line: line,
                value: value,
                message: message
            )
        )
    }

    /// Remembers where a value stands that is not read.
    mutating func note(_ node: Node, at path: String) {
        lines[path] = node.mark?.line
    }

    /// The value of one scalar, by its text whatever type YAML would give it; nil for null, which
    /// means that nothing is given.
    mutating func scalar<Value>(_ node: Node, at path: String, _ form: ValueForm<Value>) -> Value? {
        lines[path] = node.mark?.line
        guard case .scalar(let scalar) = node else {
            report(
                path,
                line: node.mark?.line,
                "is \(node.kind) where one value is expected; "
                    + "allowed: \(form.allowed)"
            )
            return nil
        }
        return node.isNull ? nil : parse(scalar, at: path, form)
    }

    /// The value of a scalar that is certainly given.
    mutating func parse<Value>(
        _ scalar: Node.Scalar,
        at path: String,
        _ form: ValueForm<Value>
    ) -> Value? {
        do throws(InvalidValue) {
            return try form.parse(scalar.string)
        } catch {
            report(path, line: scalar.mark?.line, value: scalar.string, error.message)
            return nil
        }
    }

    /// The values of a list; nil for null, and when any of them is wrong.
    mutating func list<Value>(_ node: Node, at path: String, _ form: ValueForm<Value>) -> [Value]? {
        lines[path] = node.mark?.line
        guard !node.isNull else { return nil }
        guard case .sequence(let sequence) = node else {
            report(
                path,
                line: node.mark?.line,
                value: node.scalar?.string,
                "is \(node.kind) where a list is expected; allowed: a list of \(form.allowed)"
            )
            return nil
        }
        var values: [Value] = []
        for (index, element) in sequence.enumerated() {
            let path = "\(path)[\(index)]"
            if element.isNull {
                report(path, line: element.mark?.line, "is empty")
            } else if let value = scalar(element, at: path, form) {
                values.append(value)
            }
        }
        return values.count == sequence.count ? values : nil
    }

    /// Reads a map into a section; fields that are absent or wrong keep what the section holds.
    ///
    /// `required` has the keys that may not be absent, each with a value for the message.
    mutating func section<Section: ConfigurationSection>(
        _ node: Node,
        at path: String,
        into section: inout Section,
        requiring required: KeyValuePairs<String, String> = [:]
    ) {
        let fields = Section.fields
        let keys = fields.map(\.key)
        var given: Set<String> = []
        for (key, node) in entries(node, at: path, fields: keys) {
            let path = Self.join(path, key.string)
            if let field = fields.first(where: { $0.key == key.string }) {
                if !node.isNull { given.insert(key.string) }
                field.read(node, path, &section, &self)
            } else {
                let meant = Spelling.closest(to: key.string, among: keys)
                let advice =
                    meant.map { "did you mean \($0)?" }
                    ?? "the fields here are \(Spelling.enumeration(keys))"
                refuse(
                    path,
                    key,
                    "is not a known field; \(advice)",
                    leniently: "is not a field of \(Section.name), and is left aside"
                        + (meant.map { "; did you mean \($0)?" } ?? "")
                )
            }
        }
        for (key, example) in required where !given.contains(key) {
            report(
                Self.join(path, key),
                line: lines[path],
                "is missing; write \(key): \(example)"
            )
        }
        for found in section.contradictions {
            let isComparable = found.keys.allSatisfy { isSound(Self.join(path, $0)) }
            guard isComparable else { continue }
            let place = Self.join(path, found.path)
            let places = [place] + found.keys.map { Self.join(path, $0) } + [path]
            let line = places.compactMap { lines[$0] }.first
            report(place, line: line, value: found.value, found.message)
        }
    }

    /// The keys and values of a map, each key once; none for null.
    mutating func entries(
        _ node: Node,
        at path: String,
        fields: [String] = []
    ) -> [(key: Node.Scalar, value: Node)] {
        lines[path] = node.mark?.line
        guard !node.isNull else { return [] }
        guard case .mapping(let mapping) = node else {
            let advice =
                fields.isEmpty ? "" : " with the fields \(Spelling.enumeration(fields))"
            report(
                path,
                line: node.mark?.line,
                value: node.scalar?.string,
                "is \(node.kind) where a map is expected\(advice)"
            )
            return []
        }
        var entries: [(key: Node.Scalar, value: Node)] = []
        var firstLines: [String: Int] = [:]
        for (key, value) in mapping {
            guard case .scalar(var key) = key else {
                report(path, line: key.mark?.line, "has \(key.kind) as a key; keys are names")
                continue
            }
            key.string = YAMLDocument.unmarked(key.string)
            if let first = firstLines[key.string] {
                refuse(
                    Self.join(path, key.string),
                    key,
                    "is already given in line \(first)",
                    leniently: "is already given in line \(first); what is given here counts"
                )
                if isLenient {
                    entries.removeAll { $0.key.string == key.string }
                    entries.append((key, value))
                }
            } else {
                firstLines[key.string] = key.mark?.line ?? 0
                entries.append((key, value))
            }
        }
        return entries
    }

    /// Reports a problem, or a remark where those are enough.
    private mutating func refuse(
        _ path: String,
        _ key: Node.Scalar,
        _ message: String,
        leniently remark: String
    ) {
        let line = key.mark?.line
        guard isLenient else { return report(path, line: line, value: key.string, message) }
        remarks.append(
            ConfigurationRemark(.warning, file: file, path: path, line: line, message: remark)
        )
    }

    private func isSound(_ path: String) -> Bool {
        !problems.contains { $0.path == path || $0.path.hasPrefix(path + "[") }
    }

    private static func join(_ path: String, _ key: String) -> String {
        path.isEmpty ? key : "\(path).\(key)"
    }
}

extension Node {
    /// Whether nothing is given: nothing behind the colon, `~` or `null`, without quotes.
    fileprivate var isNull: Bool {
        guard case .scalar(let scalar) = self else { return false }
        return scalar.style == .plain
            && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// What this is, for a sentence.
    fileprivate var kind: String {
        switch self {
        case .scalar: "a single value"
        case .sequence: "a list"
        case .mapping: "a map"
        case .alias: "an alias"
        }
    }
}
