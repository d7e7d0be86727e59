import Logging
import Manifests
import ServiceModel

/// Says what is wrong with objects, once, and when it is right again.
struct ObjectReports {
    private let logger: Logger
    private let announce: @Sendable (ObjectEvent) -> Void
    private var problems: [ObjectName: [ObjectProblem]] = [:]
    private var unnamed: [String] = []

    init(logger: Logger, announce: @escaping @Sendable (ObjectEvent) -> Void) {
        self.logger = logger
        self.announce = announce
    }

    mutating func take(_ object: DecodedObject) {
        let name = object.reference.name
        for notice in object.notices { logger.debug("\(notice)") }
        guard !object.problems.isEmpty || problems[name] != nil else { return }
        let before = problems[name] ?? []
        problems[name] = object.problems.isEmpty ? nil : object.problems
        for problem in object.problems where !before.contains(problem) {
            logger.warning("\(problem)", metadata: ["object": "\(problem.object)"])
            announce(ObjectEvent(problem))
        }
        if object.problems.isEmpty {
            logger.notice("\(object.reference) is right again")
        }
    }

    mutating func forget(_ name: ObjectName) { problems[name] = nil }

    /// Objects that went while nobody looked.
    mutating func forget(allBut known: Set<ObjectName>) {
        problems = problems.filter { known.contains($0.key) }
    }

    /// Items of a list that have no name.
    mutating func take(unnamed: [String], of resource: String) {
        guard unnamed != self.unnamed else { return }
        self.unnamed = unnamed
        for message in unnamed.prefix(10) { logger.warning("\(resource): \(message)") }
        if unnamed.count > 10 {
            logger.warning("\(resource): \(unnamed.count - 10) more items cannot be read")
        }
    }
}
