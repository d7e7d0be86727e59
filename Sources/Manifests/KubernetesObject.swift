import FoundationEssentials
package import ServiceModel

/// Decodes what a Kubernetes API server answers with: JSON of a kind that was asked for.
package enum KubernetesObject {
    /// Decodes one object, straight into the model.
    ///
    /// Its `kind` and `apiVersion` are not looked at: a server leaves them out of list items.
    ///
    /// - Throws: when it is not JSON, or has no name. What else is wrong is in the result.
    package static func decode(
        _ kind: ObjectKind,
        json: [UInt8]
    ) throws(UnreadableDocument) -> DecodedObject {
        switch try JSONDocument.decode(SingleObject.self, configuration: kind, json: json).content {
        case .object(let object):
            return object
        case .leftAside(let message), .unreadable(let message):
            throw UnreadableDocument(message: message)
        }
    }

    /// Decodes a list, straight into the model.
    ///
    /// - Throws: when it is not JSON, or not a list. What else is wrong is in the result.
    package static func decodeList(
        of kind: ObjectKind,
        json: [UInt8]
    ) throws(UnreadableDocument) -> DecodedList {
        try JSONDocument.decode(DecodedList.self, configuration: kind, json: json)
    }
}

/// The answer to a list request.
package struct DecodedList: Hashable, Sendable {
    package let objects: [DecodedObject]
    /// `metadata.resourceVersion`: where a watch that follows this list starts.
    package let resourceVersion: String?
    /// `metadata.continue`: the token for the next part of the list; nil at its end.
    package let continueToken: String?
    /// What is wrong with items whose name could not be read.
    package let unreadable: [String]
}

extension DecodedList: DecodableWithConfiguration {
    private enum CodingKeys: CodingKey {
        case items
        case metadata
    }

    private struct Metadata: Decodable {
        let resourceVersion: String?
        let `continue`: String?
    }

    package init(from decoder: any Decoder, configuration kind: ObjectKind) throws {
        var objects: [DecodedObject] = []
        var unreadable: [String] = []
        do {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            let metadata = try container.decodeIfPresent(Metadata.self, forKey: .metadata)
            resourceVersion = metadata?.resourceVersion
            continueToken = metadata?.continue.flatMap { $0.isEmpty ? nil : $0 }
            var items = try container.nestedUnkeyedContainer(forKey: .items)
            objects.reserveCapacity(items.count ?? 0)
            while !items.isAtEnd {
                let field = "items[\(items.currentIndex)]"
                switch ObjectContent(
                    kind,
                    apiVersion: kind.apiVersion,
                    from: try items.superDecoder()
                )
                {
                case .object(let object): objects.append(object)
                case .leftAside(let message), .unreadable(let message):
                    unreadable.append("\(field): \(message)")
                }
            }
        } catch {
            throw UnreadableDocument(message: FieldMismatch(error, in: decoder).description)
        }
        self.objects = objects
        self.unreadable = unreadable
    }
}

private struct SingleObject: DecodableWithConfiguration {
    let content: ObjectContent

    init(from decoder: any Decoder, configuration kind: ObjectKind) throws {
        content = ObjectContent(kind, apiVersion: kind.apiVersion, from: decoder)
    }
}
