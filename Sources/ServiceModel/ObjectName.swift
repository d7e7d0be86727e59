/// The namespace and name of a Kubernetes object.
///
/// The namespace of a Node is empty.
package struct ObjectName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let namespace: String
    package let name: String

    package init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    /// `namespace/name`, or the name alone for an object without a namespace.
    package var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }

    package static func < (left: ObjectName, right: ObjectName) -> Bool {
        left.namespace == right.namespace
            ? left.name < right.name : left.namespace < right.namespace
    }
}

/// The kinds of object that say where Services are and who serves them.
package enum ObjectKind: String, Hashable, Sendable, CaseIterable, Comparable {
    case service = "Service"
    case endpointSlice = "EndpointSlice"
    case endpoints = "Endpoints"
    case node = "Node"

    package static func < (left: ObjectKind, right: ObjectKind) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// One object, by kind and name.
package struct ObjectReference: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let kind: ObjectKind
    package let name: ObjectName

    package init(_ kind: ObjectKind, _ name: ObjectName) {
        self.kind = kind
        self.name = name
    }

    /// `Service default/web`.
    package var description: String { "\(kind.rawValue) \(name)" }

    package static func < (left: ObjectReference, right: ObjectReference) -> Bool {
        left.kind == right.kind ? left.name < right.name : left.kind < right.kind
    }
}
