package import DataplaneModel

/// What something else changed in the kernel: the first objects by name, and how many there are.
package struct DriftedObjects: Hashable, Sendable {
    /// One that was not as it was left.
    package struct Object: Hashable, Sendable {
        /// `virtual server TCP 10.96.0.1:80`.
        package let name: String
        /// The Service port it is for; nil where it is for several, or for the node.
        package let owner: String?

        package init(name: String, owner: String? = nil) {
            self.name = name
            self.owner = owner
        }
    }

    /// So many are named.
    package static let mostNamed = 20

    package private(set) var named: [Object] = []
    /// How many there are beside those that are named.
    package var others: Int { seen.count - named.count }
    private var seen: Set<RetrySubject> = []

    package init() {}

    package var isEmpty: Bool { seen.isEmpty }

    /// Takes in a step that had to be planned, and the Service port that it is for.
    package mutating func note(_ step: Operation, owner: String?) {
        guard seen.insert(RetrySubject(of: step)).inserted, named.count < Self.mostNamed else {
            return
        }
        named.append(Object(name: step.objectName, owner: owner))
    }
}

extension DriftedObjects: CustomStringConvertible {
    /// `virtual server TCP 10.96.0.1:80 (default/web:http), address set FAIRLEAD-DROP and 3 more`.
    package var description: String {
        named.map { object in object.name + (object.owner.map { " (\($0))" } ?? "") }
            .joined(separator: ", ") + (others > 0 ? " and \(others) more" : "")
    }
}

extension Operation {
    /// What it is about, by a name of its own.
    fileprivate var objectName: String {
        switch self {
        case .claim(let object, _), .release(let object): return "the record of \(object)"
        default: break
        }
        if let virtualServer { return "virtual server \(virtualServer)" }
        if let address { return "service address \(address)" }
        if let addressSet { return "address set \(addressSet)" }
        return switch self {
        case .installFilter(let filter): "packet filter for \(filter.family)"
        case .setParameter(let parameter, _): "kernel parameter \(parameter.rawValue)"
        case .prepareDevice: "service device"
        default: "time-outs of IPVS"
        }
    }
}
