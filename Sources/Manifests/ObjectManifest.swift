import ServiceModel

/// An object as it is written: optional where the API is, and nothing checked but types.
protocol ObjectManifest: Decodable {
    static var kind: ObjectKind { get }

    /// The object in the model; nil when it is refused as a whole.
    func change(of name: ObjectName, _ findings: inout Findings) -> ClusterChange?
}

extension ObjectKind {
    /// The only version of the API that is read.
    var apiVersion: String {
        switch self {
        case .service, .endpoints, .node: "v1"
        case .endpointSlice: "discovery.k8s.io/v1"
        }
    }

    /// Whether its objects are in namespaces, rather than of the whole cluster.
    var hasNamespace: Bool { self != .node }

    /// The kind of a list that holds nothing but this kind.
    var listKind: String {
        // "Endpoints" is no plural of "Endpoint", so its list is called as the others are.
        rawValue + "List"
    }

    /// Whether an object that calls itself this kind is one: other groups have Services too.
    func isMeant(by apiVersion: String) -> Bool {
        guard let slash = apiVersion.firstIndex(of: "/") else { return true }
        let group = apiVersion[..<slash]
        return !group.contains(".") || group.hasSuffix(".k8s.io")
    }
}

extension ObjectName {
    /// What is wrong with a name or namespace; nil when Kubernetes would take it.
    static func objection(to text: String) -> String? {
        func isLetterOrDigit(_ byte: UInt8?) -> Bool {
            switch byte ?? 0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: false
            }
        }
        let bytes = text.utf8
        guard bytes.count <= 253, isLetterOrDigit(bytes.first), isLetterOrDigit(bytes.last),
            bytes.allSatisfy({
                isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
            })
        else {
            return "\"\(text)\" is not a name in Kubernetes: up to 253 lower-case letters, digits, "
                + "\"-\" and \".\", with a letter or digit at both ends"
        }
        return nil
    }
}
