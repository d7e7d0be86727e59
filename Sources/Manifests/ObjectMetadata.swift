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

    /// The annotations that have a meaning here.
    struct Annotations: Decodable {
        /// Those that are addressed to us, without their prefix.
        let addressed: [String: String]
        /// What `spec.loadBalancerSourceRanges` was before there was such a field.
        let sourceRanges: String?

        static let sourceRangesKey = "service.beta.kubernetes.io/load-balancer-source-ranges"

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
            sourceRanges = try container.decodeIfPresent(
                String.self,
                forKey: FieldKey(stringValue: Self.sourceRangesKey)
            )
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
