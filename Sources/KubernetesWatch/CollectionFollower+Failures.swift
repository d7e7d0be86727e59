import ServiceModel

// What goes wrong.
extension CollectionFollower {
    mutating func take(_ status: APIStatus) -> FollowStep {
        let verb = state == .listing ? "list" : "watch"
        let counted = status.code > 0 ? "\(status.code)" : "refused"
        switch (status.code, state) {
        case (400, .streaming), (422, .streaming):
            // It has no such streams (KEP-3157 may be turned off).
            mayStream = false
            activity.failures[counted, default: 0] += 1
            activity.lists -= 1
            return beginList()
        case (410, .listing):
            list.token = nil
            list.expirations += 1
            return refused(status, verb: verb, counted: counted)
        case (410, _):
            return expired()
        case (404, _) where resource.isOptional:
            activity.failures[counted, default: 0] += 1
            state = .starting
            return FollowStep(.rediscover)
        case (401, _), (403, _), (429, _), (503, _):
            break
        default:
            noteFruitless(isAnswered: true)
        }
        // The server has not come to this version, or never will: its data may have been restored.
        if status.message.contains("Too large resource version") { version = nil }
        return refused(status, verb: verb, counted: counted)
    }

    private mutating func refused(
        _ status: APIStatus,
        verb: String,
        counted: String
    ) -> FollowStep {
        waiting(
            resource.sentence(status, verb: verb),
            counted: counted,
            subject: "\(counted) \(resource.name)",
            requested: status.retryAfter
        )
    }

    /// The version is too old to be resumed from, which is nobody's fault.
    private mutating func expired() -> FollowStep {
        version = nil
        activity.failures["410", default: 0] += 1
        fruitlessWatches += 1
        state = .waiting
        return FollowStep(.wait(fruitlessWatches > 1 ? wait.next() : wait.spread()))
    }

    mutating func ended(after time: Duration) -> FollowStep {
        if time >= Self.goodWatch { wait.succeeded() }
        guard state == .watching, let version, time >= Self.shortestWatch else {
            let what = state == .streaming ? "list before it is complete" : "watch at once"
            noteFruitless()
            return waiting(
                "the API server ends the \(what), of \(resource.name)",
                counted: "ended"
            )
        }
        return watch(since: version)
    }

    mutating func failed(_ failure: FollowFailure, after time: Duration) -> FollowStep {
        if time >= Self.goodWatch { wait.succeeded() }
        let isReachable = failure.kind == .malformed
        switch failure.kind {
        case .stalled where state == .watching:
            activity.failures[failure.reason, default: 0] += 1
            return resume()
        case .other where state == .watching && isAccepted && time >= Self.goodWatch:
            // A load balancer may cut what is quiet for long: that is the way of the world.
            activity.failures[failure.reason, default: 0] += 1
            state = .waiting
            return FollowStep(.wait(wait.next(isReachable: false)))
        case .malformed:
            version = nil
            list = ListProgress()
            noteFruitless()
        case .stalled, .other:
            if state == .streaming { noteFruitless() }
        }
        return waiting(failure.message, counted: failure.reason, isReachable: isReachable)
    }

    /// A stream came to nothing although the server could be asked.
    private mutating func noteFruitless(isAnswered: Bool = false) {
        switch state {
        case .streaming where isAccepted || isAnswered:
            endlessStreams += 1
            if endlessStreams >= Self.maximumEndlessStreams { mayStream = false }
        case .watching where !hasHeard:
            fruitlessWatches += 1
            guard fruitlessWatches > Self.maximumFruitlessWatches else { return }
            fruitlessWatches = 0
            version = nil
        default: break
        }
    }
}
