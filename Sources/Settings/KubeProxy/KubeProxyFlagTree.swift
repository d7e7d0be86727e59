import Yams

/// Flags as the document that would say the same.
enum KubeProxyFlagTree {
    /// The map with the fields that the flags stand for.
    static func root(of uses: [KubeProxyFlagUse]) -> Node {
        var order: [String] = []
        var nodes: [String: Node] = [:]
        for use in uses {
            guard let path = use.flag.path else { continue }
            if nodes[path] == nil { order.append(path) }
            nodes[path] = node(of: use, after: nodes[path])
        }
        return map(order.compactMap { path in nodes[path].map { (path[...], $0) } })
    }

    /// The value of a flag; lists and maps are added to what an earlier use gave.
    private static func node(of use: KubeProxyFlagUse, after earlier: Node?) -> Node {
        let parts = use.value.split(separator: ",", omittingEmptySubsequences: true)
        switch use.flag.form {
        case .text, .truth: return scalar(use.value)
        case .list:
            var items = earlier?.sequence.map(Array.init) ?? []
            items += parts.map { scalar(String($0)) }
            return .sequence(Node.Sequence(items))
        case .pairs:
            var pairs = earlier?.mapping.map { $0.map { ($0.key, $0.value) } } ?? []
            for part in parts {
                let sides = part.split(separator: "=", maxSplits: 1)
                let key = scalar(String(sides.first ?? ""))
                pairs.removeAll { $0.0.string == key.string }
                pairs.append((key, scalar(String(sides.dropFirst().first ?? ""))))
            }
            return .mapping(Node.Mapping(pairs))
        }
    }

    /// In quotes, so that no text is taken for null.
    private static func scalar(_ text: String) -> Node {
        .scalar(Node.Scalar(text, .implicit, .doubleQuoted))
    }

    private static func map(_ entries: [(path: Substring, node: Node)]) -> Node {
        var order: [Substring] = []
        var groups: [Substring: [(path: Substring, node: Node)]] = [:]
        for entry in entries {
            let key = entry.path.prefix { $0 != "." }
            if groups[key] == nil { order.append(key) }
            groups[key, default: []].append((entry.path.dropFirst(key.count + 1), entry.node))
        }
        let pairs = order.map { key -> (Node, Node) in
            let inner = groups[key] ?? []
            let isField = inner.count == 1 && inner[0].path.isEmpty
            return (scalar(String(key)), isField ? inner[0].node : map(inner))
        }
        return .mapping(Node.Mapping(pairs))
    }
}
