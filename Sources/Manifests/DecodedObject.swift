package import ServiceModel

/// What an object with a readable name says.
package struct DecodedObject: Hashable, Sendable {
    package let reference: ObjectReference
    /// The object, or its removal when it is none of our business; nil when it is refused as a
    /// whole, and whoever has an earlier state of it should keep that.
    package let change: ClusterChange?
    /// What is wrong.
    ///
    /// There can be problems beside a change: an EndpointSlice is used without the endpoints that
    /// are refused, and a Service without the external addresses that are.
    package let problems: [ObjectProblem]
    /// What was left aside on purpose, in words that name the object.
    package let notices: [String]

    package init(
        reference: ObjectReference,
        change: ClusterChange?,
        problems: [ObjectProblem] = [],
        notices: [String] = []
    ) {
        self.reference = reference
        self.change = change
        self.problems = problems
        self.notices = notices
    }
}
