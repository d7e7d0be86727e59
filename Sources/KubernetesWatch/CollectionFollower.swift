package import ServiceModel

/// Lists a collection of objects and watches it: the client's side of the API's protocol, without
/// any input or output, and without a clock.
///
/// It is told what happens and answers what to do. Whatever goes wrong, what was handed over stays
/// as it is, and is brought up to date by the difference once the server can be asked again.
package struct CollectionFollower: Sendable {
    package enum State: String, Hashable, Sendable {
        /// Nothing has been asked.
        case starting
        /// A stream says everything that exists, and goes on with what changes.
        case streaming
        /// A list comes, part by part.
        case listing
        /// A stream says what changes.
        case watching
        /// Something failed; it will be asked again.
        case waiting
    }

    package let resource: WatchedResource
    package internal(set) var state = State.starting
    /// What was done, to be shown.
    package internal(set) var activity: SourceActivity.Collection
    /// The objects that were handed over, or could not be understood.
    package internal(set) var known: Set<ObjectName>
    /// Objects that cannot be understood.
    var refused: Set<ObjectName> = []
    var unnamed = 0
    /// Where a watch can begin; nil when a list has to come first.
    var version: String?
    var list = ListProgress()
    var mayStream: Bool
    var wait: RetryWait
    var hasProblem = false
    /// Watches in a row that the server did not go on with, and that said nothing.
    var fruitlessWatches = 0
    /// Streamed lists in a row that the server began and did not end.
    var endlessStreams = 0
    var isAccepted = false
    var hasHeard = false

    /// What is known of a list that is not complete yet.
    struct ListProgress: Sendable {
        var found: Set<ObjectName> = []
        var refused: Set<ObjectName> = []
        var unnamed = 0
        var token: String?
        /// Times in a row that the token of a part had expired.
        var expirations = 0
        /// Parts in a row that had nothing in them.
        var emptyPages = 0
    }

    /// More objects than this are no list, but a server that does not end.
    private static let maximumObjects = 2_000_000
    private static let maximumEmptyPages = 10
    /// A watch that ends sooner has failed.
    static let shortestWatch = Duration.seconds(1)
    /// A stream that lasted so long makes up for earlier failures.
    static let goodWatch = Duration.seconds(10)
    /// Then the version may be at fault, and everything is asked for again.
    static let maximumFruitlessWatches = 4
    /// Then lists are asked for in parts, as whatever is on the way may not let streams pass.
    static let maximumEndlessStreams = 2

    /// Takes over from an earlier follower the objects that it has handed over.
    ///
    /// What of `known` is not there any more is handed over as removed. `seed` makes waits differ.
    package init(
        _ resource: WatchedResource,
        mayStreamLists: Bool,
        known: Set<ObjectName> = [],
        seed: UInt64
    ) {
        self.resource = resource
        self.known = known
        mayStream = mayStreamLists
        wait = RetryWait(seed: seed)
        activity = SourceActivity.Collection(
            resource: resource.name,
            state: State.starting.rawValue
        )
    }

    /// Whether all objects could be understood; says something once the list is complete.
    package var isWhole: Bool { refused.isEmpty && unnamed == 0 }

    /// Takes in what happened, and answers what to do.
    package mutating func handle(_ input: FollowInput) -> FollowStep {
        let step =
            switch input {
            case .begin: beginList()
            case .waited: resume()
            case .accepted: accepted()
            case .page(let page): take(page)
            case .event(let event): take(event)
            case .refused(let status): take(status)
            case .ended(let time): ended(after: time)
            case .failed(let failure, let time): failed(failure, after: time)
            }
        activity.state = state.rawValue
        activity.objects = known.count
        return step
    }
}

// MARK: - Asking

extension CollectionFollower {
    mutating func beginList() -> FollowStep {
        let expirations = list.expirations
        list = ListProgress()
        list.expirations = expirations
        isAccepted = false
        hasHeard = false
        activity.lists += 1
        if mayStream {
            state = .streaming
            let seconds = wait.watchSeconds()
            return FollowStep(.request(.streamedList(of: resource, seconds: seconds)))
        }
        state = .listing
        return FollowStep(.request(nextPage))
    }

    private var nextPage: WatchRequest {
        // A server that cannot keep a list for as long as its parts take gives it in one.
        .page(of: resource, isWhole: list.expirations > 1, after: list.token)
    }

    mutating func watch(since version: String) -> FollowStep {
        state = .watching
        isAccepted = false
        hasHeard = false
        activity.watches += 1
        let seconds = wait.watchSeconds()
        return FollowStep(.request(.watch(resource, since: version, seconds: seconds)))
    }

    mutating func resume() -> FollowStep {
        if let version { return watch(since: version) }
        guard list.token != nil else { return beginList() }
        state = .listing
        return FollowStep(.request(nextPage))
    }

    mutating func waiting(
        _ message: String,
        counted reason: String,
        subject: String? = nil,
        requested: Duration? = nil,
        isReachable: Bool = true
    ) -> FollowStep {
        state = .waiting
        activity.failures[reason, default: 0] += 1
        var step = FollowStep(.wait(wait.next(requested: requested, isReachable: isReachable)))
        step.problem = FollowStep.Problem(subject: subject ?? reason, message: message)
        hasProblem = true
        return step
    }

    private mutating func accepted() -> FollowStep {
        isAccepted = true
        return recovered(FollowStep(.read))
    }

    private mutating func recovered(_ step: FollowStep) -> FollowStep {
        var step = step
        step.isRecovered = hasProblem
        hasProblem = false
        return step
    }
}

// MARK: - What comes

extension CollectionFollower {
    private mutating func take(_ page: ListedPage) -> FollowStep {
        guard state == .listing else { return FollowStep(.read) }
        list.emptyPages = page.objects.isEmpty && page.unnamed == 0 ? list.emptyPages + 1 : 0
        var changes: [ClusterChange] = []
        changes.reserveCapacity(page.objects.count)
        for object in page.objects { changes += found(object) }
        list.unnamed += page.unnamed
        let isEndless =
            list.found.count > Self.maximumObjects || list.emptyPages > Self.maximumEmptyPages
        guard !isEndless else {
            list = ListProgress()
            var step = waiting(
                "the API server's list of \(resource.name) does not end",
                counted: "endless-list"
            )
            step.changes = changes
            return step
        }
        list.token = page.continueToken
        guard page.continueToken == nil else {
            var step = FollowStep(.request(nextPage))
            step.changes = changes
            return step
        }
        guard let listVersion = page.version, !listVersion.isEmpty else {
            var step = waiting(
                "the API server's list of \(resource.name) has no metadata.resourceVersion",
                counted: "malformed"
            )
            step.changes = changes
            return step
        }
        version = listVersion
        changes += completeList()
        var step = recovered(watch(since: listVersion))
        step.changes = changes
        step.completesList = true
        return step
    }

    private mutating func found(_ object: WatchedObject) -> [ClusterChange] {
        list.found.insert(object.name)
        // At once: should the list never end, it is to be missed by the next one.
        known.insert(object.name)
        guard let change = object.change else {
            list.refused.insert(object.name)
            return []
        }
        list.refused.remove(object.name)
        return [change]
    }

    /// What was known and was not found is gone; when something came without a name it may be that.
    private mutating func completeList() -> [ClusterChange] {
        var gone = known.subtracting(list.found)
        if list.unnamed > 0 { gone = [] }
        known = list.found.union(list.unnamed > 0 ? known : [])
        refused = list.refused
        unnamed = list.unnamed
        list = ListProgress()
        return gone.sorted().map { resource.removal(of: $0) }
    }

    private mutating func take(_ event: WatchedEvent) -> FollowStep {
        activity.events[event.type, default: 0] += 1
        hasHeard = true
        switch state {
        case .streaming: return takeListed(event)
        case .watching: return takeWatched(event)
        case .starting, .listing, .waiting: return FollowStep(.read)
        }
    }

    private mutating func takeListed(_ event: WatchedEvent) -> FollowStep {
        var step = FollowStep(.read)
        switch event {
        case .added(let object, _), .modified(let object, _):
            step.changes = found(object)
            if list.found.count > Self.maximumObjects {
                let changes = step.changes
                list = ListProgress()
                step = waiting(
                    "the API server's list of \(resource.name) does not end",
                    counted: "endless-list"
                )
                step.changes = changes
            }
        case .deleted(let object, _):
            list.found.remove(object.name)
            list.refused.remove(object.name)
            known.remove(object.name)
            step.changes = [resource.removal(of: object.name)]
        case .bookmark(let newest, endsList: true):
            guard let newest, !newest.isEmpty else { return step }
            version = newest
            step.changes = completeList()
            step.completesList = true
            state = .watching
            endlessStreams = 0
            step = recovered(step)
        case .bookmark: break
        }
        return step
    }

    private mutating func takeWatched(_ event: WatchedEvent) -> FollowStep {
        fruitlessWatches = 0
        var step = FollowStep(.read)
        switch event {
        case .added(let object, let newest), .modified(let object, let newest):
            known.insert(object.name)
            if let change = object.change {
                refused.remove(object.name)
                step.changes = [change]
            } else {
                refused.insert(object.name)
            }
            advance(to: newest)
        case .deleted(let object, let newest):
            known.remove(object.name)
            refused.remove(object.name)
            step.changes = [resource.removal(of: object.name)]
            advance(to: newest)
        case .bookmark(let newest, _):
            advance(to: newest)
        }
        return step
    }

    private mutating func advance(to newest: String?) {
        if let newest, !newest.isEmpty { version = newest }
    }
}
