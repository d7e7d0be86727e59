import ServiceModel

/// What is found while one object is turned into the model.
struct Findings {
    /// What a problem means for the object.
    enum Consequence {
        /// It is refused as a whole.
        case refusal
        /// It counts, without the part that the problem is about.
        case omission
    }

    let object: ObjectReference
    /// Whether there is a problem that refuses the object.
    private(set) var isRefused = false
    private(set) var notices: [String] = []
    private var firstProblems: [ObjectProblem] = []
    private var problemCount = 0

    /// A list of endpoints that is wrong throughout is worth no thousand lines in a log.
    private static let problemLimit = 20

    init(_ object: ObjectReference) { self.object = object }

    /// The first problems, in the order in which they were found.
    var problems: [ObjectProblem] {
        guard problemCount > Self.problemLimit else { return firstProblems }
        let rest = "\(problemCount - Self.problemLimit) more problems"
        return firstProblems + [ObjectProblem(object, message: rest)]
    }

    mutating func problem(
        _ field: String,
        _ message: String,
        _ consequence: Consequence = .refusal
    ) {
        if consequence == .refusal { isRefused = true }
        problemCount += 1
        guard problemCount <= Self.problemLimit else { return }
        firstProblems.append(ObjectProblem(object, field: field, message: message))
    }

    /// `message` goes on after the name of the object.
    mutating func notice(_ message: String) {
        notices.append("\(object) \(message)")
    }
}
