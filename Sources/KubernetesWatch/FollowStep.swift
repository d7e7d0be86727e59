package import ServiceModel

/// What is to be done after a collection's follower was told something.
package struct FollowStep: Hashable, Sendable {
    /// What comes next; exactly one thing.
    package enum Next: Hashable, Sendable {
        /// Go on with the answer that is being read.
        case read
        /// Drop the answer, if there is one, and ask this.
        case request(WatchRequest)
        /// Drop the answer, and say `waited` after this time.
        case wait(Duration)
        /// Drop the answer, and find out again what the server has: not this resource.
        case rediscover
    }

    /// Something that went wrong.
    package struct Problem: Hashable, Sendable {
        /// What it is about: of problems with one subject, one is worth saying.
        package let subject: String
        /// A sentence.
        package let message: String

        package init(subject: String, message: String) {
            self.subject = subject
            self.message = message
        }
    }

    package var next: Next
    /// To be handed over, in order.
    package var changes: [ClusterChange] = []
    /// Everything that exists has been said, for the first time or again.
    package var completesList = false
    /// What is wrong.
    package var problem: Problem?
    /// What was wrong is over.
    package var isRecovered = false

    package init(_ next: Next) { self.next = next }
}
