/// What an API server says of itself.
package enum ServerDescription {
    /// The versions of an API group, such as `v1` and `v1beta1`, from the answer at its path.
    ///
    /// - Throws: when it is not JSON, or no APIGroup.
    package static func groupVersions(
        json: [UInt8]
    ) throws(UnreadableDocument) -> [String] {
        try JSONDocument.decode(GroupDocument.self, json: json).versions.map(\.version)
    }

    /// `minor` in the answer at `/version`; nil when it is no such answer.
    package static func minorVersion(json: [UInt8]) -> String? {
        (try? JSONDocument.decode(VersionDocument.self, json: json))?.minor
    }

    /// `gitVersion` in the answer at `/version`; nil when it is no such answer.
    package static func version(json: [UInt8]) -> String? {
        (try? JSONDocument.decode(VersionDocument.self, json: json))?.gitVersion
    }
}

private struct GroupDocument: Decodable {
    let versions: [Version]

    struct Version: Decodable {
        let version: String
    }
}

private struct VersionDocument: Decodable {
    let minor: String
    let gitVersion: String?
}
