/// Something that people who look at an object of the cluster should know: an Event in Kubernetes.
package struct ObjectEvent: Hashable, Sendable {
    package enum Weight: String, Hashable, Sendable {
        case normal = "Normal"
        case warning = "Warning"
    }

    package let object: ObjectReference
    package let weight: Weight
    /// One word in UpperCamelCase, by which programs tell what it is about.
    package let reason: String
    /// A sentence.
    package let message: String

    package init(
        _ object: ObjectReference,
        _ weight: Weight,
        reason: String,
        message: String
    ) {
        self.object = object
        self.weight = weight
        self.reason = reason
        self.message = message
    }
}

extension ObjectEvent {
    /// What is wrong with an object, for those who look at it.
    package init(_ problem: ObjectProblem) {
        let isOfScheduler = problem.field.contains(Service.schedulerAnnotation)
        self.init(
            problem.object,
            .warning,
            reason: isOfScheduler ? "SchedulerNotUsed" : "NotServedAsWritten",
            message: problem.field.isEmpty
                ? problem.message : "\(problem.field): \(problem.message)"
        )
    }
}
