package import Addressing

/// Where node ports can be reached.
package struct NodePortSettings: Hashable, Sendable {
    package var addresses = NodePortAddresses.all
    /// Whether they can be reached at 127.0.0.1 too, from the node itself.
    package var localhost = true

    package init() {}
}

/// The addresses of the node that have node ports.
package enum NodePortAddresses: Hashable, Sendable {
    case all
    /// Those of the Node object, of each family the first.
    case primary
    /// Those inside any of the prefixes; there is at least one, and none twice.
    case within([IPPrefix])
}

extension NodePortSettings: ConfigurationSection {
    static var fields: [Field<NodePortSettings>] {
        [
            .wordOrList(
                "addresses",
                \.addressList,
                .primary,
                .nodePortPrefix,
                """
                The addresses of the node that have node ports: those inside one of these \
                prefixes. primary: those of the Node object, of each family the first. Empty: all.
                """
            ),
            .value(
                "localhost",
                \.localhost,
                .truth,
                "Whether node ports can be reached at 127.0.0.1 too, from the node itself."
            ),
        ]
    }

    /// The addresses in the shape that the file has for them.
    private var addressList: WordOrList<NodePortAddresses, IPPrefix> {
        get {
            switch addresses {
            case .all: .list([])
            case .primary: .word(.primary)
            case .within(let prefixes): .list(prefixes)
            }
        }
        set {
            addresses =
                switch newValue {
                case .word(let word): word
                case .list(let prefixes): prefixes.isEmpty ? .all : .within(prefixes)
                }
        }
    }

    var contradictions: [Contradiction] {
        guard case .within(let prefixes) = addresses else { return [] }
        return .repeated(prefixes, in: "addresses")
    }
}

extension ValueForm where Value == NodePortAddresses {
    static let primary = Self(allowed: "primary") { text throws(InvalidValue) in
        guard text == "primary" else {
            throw InvalidValue(
                "\"\(text)\" is not primary, nor a list of prefixes such as [10.0.0.0/8]"
            )
        }
        return .primary
    } print: { _ in
        "primary"
    }

    /// What `NodePortSettings.addresses` can be, on one line with commas.
    static let nodePortAddresses = Self(
        allowed: "primary, or prefixes with commas between them"
    ) { text throws(InvalidValue) in
        if text == "primary" { return .primary }
        let prefixes = try ValueForm<[IPPrefix]>.prefixes.parse(text)
        return prefixes.isEmpty ? .all : .within(prefixes)
    } print: {
        switch $0 {
        case .all: ""
        case .primary: "primary"
        case .within(let prefixes): ValueForm<[IPPrefix]>.prefixes.print(prefixes)
        }
    }
}

extension ValueForm where Value == IPPrefix {
    fileprivate static let nodePortPrefix = Self(
        allowed: prefix.allowed
    ) { text throws(InvalidValue) in
        guard text != "primary" else {
            throw InvalidValue("\"primary\" is no prefix; write it alone, as addresses: primary")
        }
        return try prefix.parse(text)
    } print: {
        prefix.print($0)
    }
}
