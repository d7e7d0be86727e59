import Yams

/// Decodes YAML as strictly as `kubectl`: a number is no text, and `"80"` is no number.
///
/// `YAMLDecoder` of Yams takes any scalar for a text, and looks every key up by regular expression.
struct NodeDecoder: Decoder {
    let node: Node
    let codingPath: [any CodingKey]

    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(_ node: Node, codingPath: [any CodingKey] = []) {
        self.node = node
        self.codingPath = codingPath
    }

    static func decode<Value: Decodable>(_ type: Value.Type, from node: Node) throws -> Value {
        try type.init(from: NodeDecoder(node))
    }

    func container<Key: CodingKey>(
        keyedBy type: Key.Type
    ) throws -> KeyedDecodingContainer<Key> {
        guard case .mapping(let mapping) = node else { throw mismatch([String: Any].self) }
        var nodes: [String: Node] = [:]
        nodes.reserveCapacity(mapping.count)
        try Self.add(mapping, to: &nodes, at: codingPath, mergesLeft: Self.mergeLimit)
        return KeyedDecodingContainer(NodeMapping(nodes: nodes, codingPath: codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .sequence(let sequence) = node else { throw mismatch([Any].self) }
        return NodeSequence(nodes: sequence, codingPath: codingPath)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

    func mismatch(_ type: any Any.Type) -> DecodingError {
        .typeMismatch(type, .init(codingPath: codingPath, debugDescription: ""))
    }

    /// A merge key within what a merge key names, and so on, ends here.
    private static let mergeLimit = 16

    /// Adds what a mapping says, and then what `<<` takes over and the mapping does not say itself.
    private static func add(
        _ mapping: Node.Mapping,
        to nodes: inout [String: Node],
        at codingPath: [any CodingKey],
        mergesLeft: Int
    ) throws {
        var merged: [Node.Mapping] = []
        for (key, value) in mapping {
            guard case .scalar(let scalar) = key else { continue }
            if scalar.string == "<<", scalar.style == .plain {
                guard mergesLeft > 0 else { continue }
                switch value {
                case .mapping(let mapping): merged.append(mapping)
                case .sequence(let sequence): merged += sequence.compactMap(\.mapping)
                case .scalar, .alias: continue
                }
            } else if nodes[scalar.string] == nil {
                nodes[scalar.string] = value
            }
        }
        for mapping in merged {
            try add(mapping, to: &nodes, at: codingPath, mergesLeft: mergesLeft - 1)
        }
    }
}

extension NodeDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool { ScalarValue(node) == .null }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value: Any
        switch (ScalarValue(node), type) {
        case (.text(let text), is String.Type): value = text
        case (.wholeNumber(let number), is Int.Type): value = number
        case (.wholeNumber(let number), is Double.Type): value = Double(number)
        case (.number(let number), is Double.Type): value = number
        case (.boolean(let boolean), is Bool.Type): value = boolean
        case (.null, is String.Type), (.null, is Int.Type), (.null, is Bool.Type):
            throw DecodingError.valueNotFound(
                type,
                .init(codingPath: codingPath, debugDescription: "")
            )
        case (_, is String.Type), (_, is Int.Type), (_, is Bool.Type), (_, is Double.Type):
            throw mismatch(type)
        default:
            return try type.init(from: self)
        }
        guard let value = value as? Value else { throw mismatch(type) }
        return value
    }
}

private struct NodeMapping<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let nodes: [String: Node]
    let codingPath: [any CodingKey]

    var allKeys: [Key] { nodes.keys.sorted().compactMap { Key(stringValue: $0) } }

    func contains(_ key: Key) -> Bool { nodes[key.stringValue] != nil }

    func decodeNil(forKey key: Key) throws -> Bool { try decoder(for: key).decodeNil() }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try decoder(for: key).decode(type)
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try decoder(for: key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try decoder(for: key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        try decoder(for: FieldKey(stringValue: "super"))
    }

    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(for: key) }

    private func decoder(for key: some CodingKey) throws -> NodeDecoder {
        guard let node = nodes[key.stringValue] else {
            throw DecodingError.keyNotFound(
                key,
                .init(codingPath: codingPath, debugDescription: "")
            )
        }
        return NodeDecoder(node, codingPath: codingPath + [key])
    }
}

private struct NodeSequence: UnkeyedDecodingContainer {
    let nodes: Node.Sequence
    let codingPath: [any CodingKey]
    private(set) var currentIndex = 0

    init(nodes: Node.Sequence, codingPath: [any CodingKey]) {
        self.nodes = nodes
        self.codingPath = codingPath
    }

    var count: Int? { nodes.count }
    var isAtEnd: Bool { currentIndex >= nodes.count }

    /// Moves on only when there is something that is null, as the protocol asks.
    mutating func decodeNil() throws -> Bool {
        let isNull = try current().decodeNil()
        if isNull { currentIndex += 1 }
        return isNull
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value = try current().decode(type)
        currentIndex += 1
        return value
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type
    ) throws -> KeyedDecodingContainer<NestedKey> {
        let container = try current().container(keyedBy: type)
        currentIndex += 1
        return container
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let container = try current().unkeyedContainer()
        currentIndex += 1
        return container
    }

    mutating func superDecoder() throws -> any Decoder {
        let decoder = try current()
        currentIndex += 1
        return decoder
    }

    private func current() throws -> NodeDecoder {
        let key = FieldKey(intValue: currentIndex)
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                Any.self,
                .init(codingPath: codingPath + [key], debugDescription: "")
            )
        }
        return NodeDecoder(nodes[currentIndex], codingPath: codingPath + [key])
    }
}
