import KubernetesClient
import KubernetesWatch
import Manifests
import ServiceModel

/// Does what a collection's follower asks for.
struct CollectionReader {
    private var follower: CollectionFollower
    private let part: InitialSetGate.Part
    private let client: APIClient
    private let gate: InitialSetGate
    private let account: WatchAccount
    private var reports: ObjectReports
    private let sleep: @Sendable (Duration) async -> Void
    /// What is to be handed over once the collection is complete: what another one said before.
    private(set) var leftOver: [ClusterChange]
    private var isComplete = false
    private var triggers: [EndpointTrigger] = []

    /// A list of objects in one part may be this long: some 100,000 endpoints.
    private static let pageLimit = 256 << 20
    /// No object in etcd is larger than 1.5 MiB, unless it was told otherwise.
    private static let lineLimit = 16 << 20
    private static let statusLimit = 1 << 20

    init(
        _ follower: CollectionFollower,
        part: InitialSetGate.Part,
        client: APIClient,
        gate: InitialSetGate,
        account: WatchAccount,
        reports: ObjectReports,
        sleep: @escaping @Sendable (Duration) async -> Void,
        leftOver: [ClusterChange] = []
    ) {
        self.follower = follower
        self.part = part
        self.client = client
        self.gate = gate
        self.account = account
        self.reports = reports
        self.sleep = sleep
        self.leftOver = leftOver
    }

    /// The objects that were handed over.
    var known: Set<ObjectName> { follower.known }

    /// Follows the collection until the task is cancelled, or the server does not have it.
    mutating func run() async {
        var step = follower.handle(.begin)
        while !Task.isCancelled {
            deliver(step, changes: step.changes)
            switch step.next {
            case .rediscover: return
            case .wait(let time):
                await sleep(time)
                step = follower.handle(.waited)
            case .request(let request): step = await carryOut(request)
            case .read: preconditionFailure("there is nothing to be read between two requests")
            }
        }
    }

    private mutating func deliver(_ step: FollowStep, changes: [ClusterChange]) {
        var changes = changes
        if step.completesList, !leftOver.isEmpty {
            changes += leftOver
            leftOver = []
        }
        if !changes.isEmpty { gate.pass(.changes(changes)) }
        if !triggers.isEmpty {
            gate.pass(.triggers(triggers))
            triggers = []
        }
        account.show(follower.activity, of: part)
        if let problem = step.problem { account.problem(problem, part) }
        if step.isRecovered { account.recovered(part) }
        if step.completesList {
            isComplete = true
            reports.forget(allBut: follower.known)
        }
        guard isComplete else { return }
        if part == .node {
            account.nodeIsThere(!follower.known.isEmpty, name: follower.resource.singleName ?? "")
        }
        gate.complete(part, isWhole: follower.isWhole)
    }

    /// Sends a request, and answers the first step that is not to go on reading.
    private mutating func carryOut(_ request: WatchRequest) async -> FollowStep {
        let start = ContinuousClock.now
        do throws(APIError) {
            let response = try await client.send(
                APIRequest(
                    path: request.path,
                    query: request.query.map { APIRequest.Parameter($0.name, $0.value) }
                )
            )
            account.contact(part)
            guard response.status == 200 else { return try await refusal(response) }
            switch request.purpose {
            case .page: return try await readPage(response)
            case .stream: return try await readStream(response, since: start)
            }
        } catch {
            return follower.handle(.failed(FollowFailure(error), after: start.duration(to: .now)))
        }
    }

    private mutating func refusal(_ response: APIResponse) async throws(APIError) -> FollowStep {
        let body = try await response.body.collect(upTo: Self.statusLimit)
        return follower.handle(
            .refused(
                APIStatus(code: response.status, body: body, retryAfter: response.retryAfter)
            )
        )
    }

    private mutating func readPage(_ response: APIResponse) async throws(APIError) -> FollowStep {
        let body = try await response.body.collect(upTo: Self.pageLimit)
        let list: DecodedList
        do throws(UnreadableDocument) {
            list = try KubernetesObject.decodeList(of: follower.resource.kind, json: body)
        } catch {
            return follower.handle(.failed(malformed("list", "\(error)"), after: .zero))
        }
        for object in list.objects { reports.take(object) }
        reports.take(unnamed: list.unreadable, of: follower.resource.name)
        return follower.handle(
            .page(
                ListedPage(
                    objects: list.objects.map { WatchedObject($0) },
                    unnamed: list.unreadable.count,
                    version: list.resourceVersion,
                    continueToken: list.continueToken
                )
            )
        )
    }

    private mutating func readStream(
        _ response: APIResponse,
        since start: ContinuousClock.Instant
    ) async throws(APIError) -> FollowStep {
        var splitter = LineSplitter(limit: Self.lineLimit)
        deliver(follower.handle(.accepted), changes: [])
        for try await chunk in response.body {
            account.contact(part)
            guard let lines = splitter.lines(endedBy: chunk) else {
                let problem = malformed("watch", "a line is longer than \(Self.lineLimit) bytes")
                return follower.handle(.failed(problem, after: start.duration(to: .now)))
            }
            // What came together is handed over together.
            var changes: [ClusterChange] = []
            for line in lines {
                let step = handle(line, since: start)
                changes += step.changes
                guard step.next == .read else {
                    var last = step
                    last.changes = changes
                    return last
                }
                if step.completesList || step.isRecovered {
                    deliver(step, changes: changes)
                    changes = []
                }
            }
            deliver(FollowStep(.read), changes: changes)
        }
        let time = start.duration(to: .now)
        guard !splitter.isInsideLine else {
            let failure = FollowFailure(
                .other,
                reason: APIError.Reason.cutOff.rawValue,
                message: "the API server breaks off in the middle of an event"
            )
            return follower.handle(.failed(failure, after: time))
        }
        return follower.handle(.ended(after: time))
    }

    private mutating func handle(
        _ line: [UInt8],
        since start: ContinuousClock.Instant
    ) -> FollowStep {
        let event: DecodedEvent
        do throws(UnreadableDocument) {
            event = try KubernetesObject.decodeEvent(of: follower.resource.kind, json: line)
        } catch {
            let time = start.duration(to: .now)
            return follower.handle(.failed(malformed("watch", "\(error)"), after: time))
        }
        switch event {
        case .error(let status):
            return follower.handle(.refused(APIStatus(status)))
        case .bookmark(let version, let endsList):
            return follower.handle(.event(.bookmark(version: version, endsList: endsList)))
        case .object(let kind, let object, let version, let trigger):
            if kind == .deleted {
                reports.forget(object.reference.name)
            } else {
                reports.take(object)
                note(trigger, of: object)
            }
            return follower.handle(.event(WatchedEvent(kind, WatchedObject(object), version)))
        }
    }

    /// What was so before this process began to watch took no time of its own.
    private mutating func note(_ trigger: Int64?, of object: DecodedObject) {
        guard let trigger, follower.state == .watching,
            case .endpointSlice(let slice)? = object.change
        else { return }
        triggers.append(EndpointTrigger(service: slice.service, milliseconds: trigger))
    }

    private func malformed(_ noun: String, _ words: String) -> FollowFailure {
        FollowFailure(
            .malformed,
            reason: APIError.Reason.malformed.rawValue,
            message:
                "the API server's \(noun) of \(follower.resource.name) cannot be read: \(words)"
        )
    }
}

extension WatchedObject {
    fileprivate init(_ object: DecodedObject) {
        self.init(name: object.reference.name, change: object.change)
    }
}

extension WatchedEvent {
    fileprivate init(_ kind: DecodedEvent.Kind, _ object: WatchedObject, _ version: String?) {
        self =
            switch kind {
            case .added: .added(object, version: version)
            case .modified: .modified(object, version: version)
            case .deleted: .deleted(object, version: version)
            }
    }
}

extension APIStatus {
    fileprivate init(_ status: DecodedStatus) {
        self.init(
            code: status.code,
            reason: status.reason,
            message: status.message,
            retryAfter: status.retryAfterSeconds.map { .seconds($0) }
        )
    }
}

extension FollowFailure {
    fileprivate init(_ error: APIError) {
        let kind: Kind =
            switch error.reason {
            case .stalled: .stalled
            case .malformed, .tooLarge: .malformed
            default: .other
            }
        self.init(kind, reason: error.reason.rawValue, message: error.message)
    }
}
