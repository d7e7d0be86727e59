package import Manifests
package import ServiceModel

/// Something to tell the person who wrote the manifests, once.
package struct ManifestReport: Hashable, Sendable, CustomStringConvertible {
    package enum Severity: Hashable, Sendable {
        /// Something is wrong.
        case problem
        /// Something was left aside on purpose.
        case notice
        /// What was wrong is so no more.
        case settled
    }

    package let severity: Severity
    package let file: String
    /// Where it was first seen; it plays no part in whether something was told already.
    package let position: DocumentPosition?
    package let object: ObjectReference?
    /// As in `ObjectProblem`.
    package let field: String
    package let message: String

    package init(
        _ severity: Severity,
        file: String,
        position: DocumentPosition? = nil,
        object: ObjectReference? = nil,
        field: String = "",
        message: String
    ) {
        self.severity = severity
        self.file = file
        self.position = position
        self.object = object
        self.field = field
        self.message = message
    }

    var isProblem: Bool { severity == .problem }

    /// `web.yaml: document 2: Service default/web: spec.ports[0].port: 0 is outside 1…65535`.
    package var description: String {
        var parts = [file]
        if let position { parts.append("\(position)") }
        if let object { parts.append("\(object)") }
        if !field.isEmpty { parts.append(field) }
        return (parts + [message]).joined(separator: ": ")
    }

    package static func == (left: ManifestReport, right: ManifestReport) -> Bool {
        left.severity == right.severity && left.file == right.file && left.object == right.object
            && left.field == right.field && left.message == right.message
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(file)
        hasher.combine(object)
        hasher.combine(field)
        hasher.combine(message)
    }
}
