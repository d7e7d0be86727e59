/// How packets of pods are told from others.
package struct LocalTrafficSettings: Hashable, Sendable {
    package var mode = LocalTrafficMode.clusterCIDR
    /// The bridge that this node's pods are on; not empty with the mode `bridgeInterface`.
    package var bridgeInterface = ""
    /// What the names of the pods' interfaces begin with; not empty with the mode
    /// `interfaceNamePrefix`.
    package var interfaceNamePrefix = ""

    package init() {}
}

/// What shows that a packet comes from a pod; the raw values are those of kube-proxy's
/// `detectLocalMode`.
package enum LocalTrafficMode: String, Hashable, Sendable, CaseIterable {
    /// Its source is in `clusterCIDRs`: a pod of any node.
    case clusterCIDR = "ClusterCIDR"
    /// Its source is in the `podCIDRs` of this node's Node object.
    case nodeCIDR = "NodeCIDR"
    /// It comes in by one bridge.
    case bridgeInterface = "BridgeInterface"
    /// It comes in by an interface whose name begins in one way.
    case interfaceNamePrefix = "InterfaceNamePrefix"
}

extension LocalTrafficSettings: ConfigurationSection {
    static var fields: [Field<LocalTrafficSettings>] {
        [
            .value(
                "mode",
                \.mode,
                .localTrafficMode,
                """
                What shows that a packet comes from a pod: with ClusterCIDR a source in \
                clusterCIDRs; with NodeCIDR a source in spec.podCIDRs of this node's Node object; \
                with BridgeInterface and InterfaceNamePrefix the interface that it comes in by.
                """
            ),
            .value(
                "bridgeInterface",
                \.bridgeInterface,
                .bridgeInterface,
                "The bridge that the pods of this node are on, for the mode BridgeInterface."
            ),
            .value(
                "interfaceNamePrefix",
                \.interfaceNamePrefix,
                .interfaceNamePrefix,
                """
                What the names of the pods' network interfaces begin with, for the mode \
                InterfaceNamePrefix.
                """
            ),
        ]
    }

    var contradictions: [Contradiction] {
        let missing: (key: String, what: String)
        switch mode {
        case .bridgeInterface where bridgeInterface.isEmpty:
            missing = ("bridgeInterface", "the name of the bridge")
        case .interfaceNamePrefix where interfaceNamePrefix.isEmpty:
            missing = ("interfaceNamePrefix", "what the names of the interfaces begin with")
        default:
            return []
        }
        return [
            Contradiction(
                missing.key,
                keys: ["mode", missing.key],
                value: "",
                "is empty; the mode \(mode.rawValue) needs \(missing.what)"
            )
        ]
    }
}

extension ValueForm where Value == LocalTrafficMode {
    static var localTrafficMode: Self { .oneOf("a way to tell packets of pods") }
}

extension ValueForm where Value == String {
    static let bridgeInterface = interfaceWord("a name for a bridge", longest: 15)

    /// A name that is one character longer than this must still be one.
    static let interfaceNamePrefix = interfaceWord("the beginning of interface names", longest: 14)

    /// Where packet filters are told of interfaces, `+` and `*` stand for any characters.
    private static func interfaceWord(_ noun: String, longest: Int) -> Self {
        .text(
            noun,
            allowed: """
                0…\(longest) characters of ASCII, without "/", ":", "%", "+", "*" and spaces
                """
        ) { text in
            text.utf8.count <= longest && text != "." && text != ".."
                && text.utf8.allSatisfy { 0x21...0x7e ~= $0 && !"/:%+*".utf8.contains($0) }
        }
    }
}
