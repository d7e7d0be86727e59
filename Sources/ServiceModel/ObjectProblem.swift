/// Something wrong with one object, in words for the person who wrote it.
package struct ObjectProblem: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let object: ObjectReference
    /// The path of the field as `kubectl explain` writes it, such as `spec.ports[0].port`; empty
    /// when the object as a whole is meant.
    package let field: String
    /// What is wrong and what would be right.
    package let message: String

    package init(_ object: ObjectReference, field: String = "", message: String) {
        self.object = object
        self.field = field
        self.message = message
    }

    /// `Service default/web: spec.ports[0].port: 70000 is outside 1…65535`.
    package var description: String {
        field.isEmpty ? "\(object): \(message)" : "\(object): \(field): \(message)"
    }

    package static func < (left: ObjectProblem, right: ObjectProblem) -> Bool {
        (left.object, left.field, left.message) < (right.object, right.field, right.message)
    }
}
