import FoundationEssentials
package import ServiceModel

/// A line of a watch.
package enum DecodedEvent: Hashable, Sendable {
    /// What became of an object.
    package enum Kind: String, Hashable, Sendable {
        case added = "ADDED"
        case modified = "MODIFIED"
        case deleted = "DELETED"
    }

    /// An object that came to be, changed or went; `version` is its `metadata.resourceVersion`, and
    /// `trigger` the time of `endpoints.kubernetes.io/last-change-trigger-time` in milliseconds since
    /// 1970.
    case object(Kind, DecodedObject, version: String?, trigger: Int64?)
    /// Nothing happened until this version; `endsList` has the annotation
    /// `k8s.io/initial-events-end` (KEP-3157).
    case bookmark(version: String?, endsList: Bool)
    /// The server breaks off.
    case error(DecodedStatus)
}

/// A `v1` Status.
package struct DecodedStatus: Hashable, Sendable {
    /// As in HTTP; 0 where there is none.
    package var code = 0
    /// One word, such as `Expired`; empty where there is none.
    package var reason = ""
    /// The server's own sentence; empty where there is none.
    package var message = ""
    /// `details.retryAfterSeconds`; nil where there is none.
    package var retryAfterSeconds: Int?

    package init() {}
}

extension KubernetesObject {
    /// Decodes a line of a watch of objects of that kind.
    ///
    /// - Throws: when it is not JSON, is no event, or has an object without a name. What else is wrong
    ///   is in the object.
    package static func decodeEvent(
        of kind: ObjectKind,
        json: [UInt8]
    ) throws(UnreadableDocument) -> DecodedEvent {
        try JSONDocument.decode(EventDocument.self, configuration: kind, json: json).event
    }

    /// Decodes why a server refuses something; nil when it does not say it as Kubernetes does.
    package static func decodeStatus(json: [UInt8]) -> DecodedStatus? {
        try? JSONDocument.decode(DecodedStatus.self, json: json)
    }
}

extension DecodedStatus: Decodable {
    private enum CodingKeys: CodingKey {
        case kind, code, reason, message, details
    }

    private struct Details: Decodable {
        let retryAfterSeconds: Int?
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guard try container.decodeIfPresent(String.self, forKey: .kind) == "Status" else {
            throw UnreadableDocument(message: "is no Status")
        }
        code = try container.decodeIfPresent(Int.self, forKey: .code) ?? 0
        reason = try container.decodeIfPresent(String.self, forKey: .reason) ?? ""
        message = try container.decodeIfPresent(String.self, forKey: .message) ?? ""
        retryAfterSeconds = try container.decodeIfPresent(Details.self, forKey: .details)?
            .retryAfterSeconds
    }
}

private struct EventDocument: DecodableWithConfiguration {
    let event: DecodedEvent

    private enum CodingKeys: CodingKey {
        case type, object
    }

    private struct Header: Decodable {
        let metadata: Metadata?
    }

    private struct Metadata: Decodable {
        let resourceVersion: String?
        let annotations: Annotations?
    }

    private struct Annotations: Decodable {
        let endsList: String?
        let trigger: String?

        enum CodingKeys: String, CodingKey {
            case endsList = "k8s.io/initial-events-end"
            case trigger = "endpoints.kubernetes.io/last-change-trigger-time"
        }
    }

    init(from decoder: any Decoder, configuration kind: ObjectKind) throws {
        do {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            let type = try container.decode(String.self, forKey: .type)
            if type == "ERROR" {
                event = .error(try container.decode(DecodedStatus.self, forKey: .object))
                return
            }
            let metadata = try container.decode(Header.self, forKey: .object).metadata
            let version = metadata?.resourceVersion
            if type == "BOOKMARK" {
                let endsList = metadata?.annotations?.endsList == "true"
                event = .bookmark(version: version, endsList: endsList)
                return
            }
            guard let change = DecodedEvent.Kind(rawValue: type) else {
                throw UnreadableDocument(message: "\"\(type.prefix(40))\" is no type of event")
            }
            let content = ObjectContent(
                kind,
                apiVersion: kind.apiVersion,
                from: try container.superDecoder(forKey: .object)
            )
            switch content {
            case .object(let object):
                event = .object(
                    change,
                    object,
                    version: version,
                    trigger: metadata?.annotations?.trigger.flatMap {
                        CreationTime.milliseconds($0)
                    }
                )
            case .leftAside(let message), .unreadable(let message):
                throw UnreadableDocument(message: message)
            }
        } catch let error as UnreadableDocument {
            throw error
        } catch {
            throw UnreadableDocument(message: FieldMismatch(error, in: decoder).description)
        }
    }
}
