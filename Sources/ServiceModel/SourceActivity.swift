/// What a source that follows an API server has done so far.
package struct SourceActivity: Hashable, Sendable {
    /// What became of one collection of objects.
    package struct Collection: Hashable, Sendable {
        /// The resource, such as `services` or `endpointslices`.
        package var resource: String
        /// One of `Collection.states`.
        package var state: String
        /// The objects that are known.
        package var objects = 0
        /// Lists that were asked for, pages of one list counted once.
        package var lists = 0
        /// Watches that were asked for.
        package var watches = 0
        /// By `ADDED`, `MODIFIED`, `DELETED` and `BOOKMARK`.
        package var events: [String: Int] = [:]
        /// By reason: an HTTP status such as `403`, or one of a few words such as `unreachable`.
        package var failures: [String: Int] = [:]
        /// What is wrong now, as a sentence; nil where all is well.
        package var problem: String?
        /// Since anything came from the server; nil before that.
        package var secondsSinceContact: Double?

        package init(resource: String, state: String) {
            self.resource = resource
            self.state = state
        }

        /// All values of `state`.
        package static let states = ["starting", "streaming", "listing", "watching", "waiting"]
    }

    package var collections: [Collection] = []

    package init() {}
}
