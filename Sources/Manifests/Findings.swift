import ServiceModel

/// What is found while one object is turned into the model.
struct Findings {
    let object: ObjectReference
    private(set) var problems: [ObjectProblem] = []
    private(set) var notices: [String] = []

    init(_ object: ObjectReference) { self.object = object }

    mutating func problem(_ field: String, _ message: String) {
        problems.append(ObjectProblem(object, field: field, message: message))
    }

    /// `message` goes on after the name of the object.
    mutating func notice(_ message: String) {
        notices.append("\(object) \(message)")
    }
}
