import Yams

extension Field where Section: ConfigurationSection {
    /// A field of kube-proxy's, which is only read.
    static func theirs<Value>(
        _ key: String,
        _ target: WritableKeyPath<Section, Value>,
        _ form: ValueForm<Value>
    ) -> Field {
        .value(key, target, form, "")
    }

    /// A map from names to values of one kind, added to what is there.
    static func values<Value>(
        _ key: String,
        _ target: WritableKeyPath<Section, [String: Value]>,
        _ form: ValueForm<Value>
    ) -> Field {
        Field(key: key, comment: "") { node, path, section, reader in
            for (name, node) in reader.entries(node, at: path) {
                let value = reader.scalar(node, at: "\(path).\(name.string)", form)
                section[keyPath: target][name.string] = value
            }
        } write: { _, _ in
        }
    }

    /// A field of which only that it says something is of interest: anything but nothing, no, zero.
    static func presence(_ key: String, _ target: WritableKeyPath<Section, Bool>) -> Field {
        Field(key: key, comment: "") { node, path, section, reader in
            reader.note(node, at: path)
            section[keyPath: target] = node.saysSomething
        } write: { _, _ in
        }
    }
}

extension Node {
    fileprivate var saysSomething: Bool {
        switch self {
        case .scalar(let scalar):
            !["", "0", "0s", "false", "null", "~"].contains(scalar.string.lowercased())
        case .sequence(let sequence): sequence.contains { $0.saysSomething }
        case .mapping(let mapping): mapping.values.contains { $0.saysSomething }
        case .alias: true
        }
    }
}
