import ServiceModel

/// `metadata`, as far as it matters here.
struct ObjectMetadata: Decodable {
    let name: String?
    let namespace: String?
    let labels: Labels?
    let annotations: Annotations?
    let creationTimestamp: String?

    /// The labels that have a meaning here; any other may say what it likes.
    struct Labels: Decodable {
        let serviceName: String?
        let serviceProxyName: String?
        let headless: String?

        enum CodingKeys: String, CodingKey {
            case serviceName = "kubernetes.io/service-name"
            case serviceProxyName = "service.kubernetes.io/service-proxy-name"
            case headless = "service.kubernetes.io/headless"
        }
    }

    /// The annotations that are addressed to us, without their prefix.
    struct Annotations: Decodable {
        let addressed: [String: String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: FieldKey.self)
            var addressed: [String: String] = [:]
            for key in container.allKeys
            where key.stringValue.hasPrefix(Service.annotationPrefix) {
                let name = String(key.stringValue.dropFirst(Service.annotationPrefix.count))
                // Kubernetes takes null for the empty text.
                addressed[name] = try container.decodeIfPresent(String.self, forKey: key) ?? ""
            }
            self.addressed = addressed
        }
    }
}

/// A key that is known only at run time.
struct FieldKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }

    init(intValue: Int) {
        stringValue = "\(intValue)"
        self.intValue = intValue
    }
}
