import KubernetesWatch
import ServiceModel
import TestSupport
import Testing

/// Whatever a server does, the follower ends up with what the server has, and has lost nothing that
/// was there all the time.
@Suite struct FollowLawTests {
    @Test(arguments: 0..<300)
    func theReplicaEndsUpEqualAndWhatStaysIsNeverRemoved(seed: Int) {
        var world = World(seed: UInt64(seed))
        world.run(steps: 400, trouble: 30)
        world.run(steps: 200, trouble: 0)
        #expect(world.replica == world.server.objects)
        #expect(world.lost.isEmpty)
        #expect(world.hasCompleted)
    }
}

/// A server's objects and what has happened to them.
private struct ModelServer {
    var objects: [String: Int] = ["stays": 1]
    var version = 1
    /// What happened at each version.
    var history: [(version: Int, event: (type: String, name: String, generation: Int))] = []
    /// Versions before this one cannot be watched from.
    var compacted = 0

    mutating func change(_ generator: inout SeededGenerator) {
        version += 1
        let name = generator.pick(["a", "b", "c", "d", "e"])
        if let generation = objects[name] {
            if generator.chance(50) {
                objects[name] = nil
                history.append((version, ("DELETED", name, generation)))
            } else {
                objects[name] = generation + 1
                history.append((version, ("MODIFIED", name, generation + 1)))
            }
        } else {
            objects[name] = version
            history.append((version, ("ADDED", name, version)))
        }
    }
}

/// A server, a follower and the line between them.
private struct World {
    var generator: SeededGenerator
    var server = ModelServer()
    var follower: CollectionFollower
    /// What the follower's reader has.
    var replica: [String: Int] = [:]
    var lost: [String] = []
    var hasCompleted = false
    private var next: FollowStep.Next
    /// The pages of a list that is under way: a snapshot and the position in it.
    private var pages: (objects: [(String, Int)], version: Int, offset: Int)?
    private var stream: (version: Int, initial: [(String, Int)]?)?

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        follower = CollectionFollower(.services, mayStreamLists: seed % 2 == 0, seed: seed)
        next = .read
        take(follower.handle(.begin))
    }

    mutating func run(steps: Int, trouble: Int) {
        for _ in 0..<steps {
            if trouble > 0, generator.chance(40) { server.change(&generator) }
            if generator.chance(trouble / 3) { server.compacted = server.version }
            if generator.chance(trouble) { disturb() } else { proceed() }
        }
    }

    private mutating func take(_ step: FollowStep) {
        for change in step.changes {
            switch change {
            case .service(let service):
                replica[service.name.name] = Int(service.creationTime ?? 0)
            case .serviceRemoved(let name):
                if name.name == "stays" { lost.append(name.name) }
                replica[name.name] = nil
            default: break
            }
        }
        if step.completesList { hasCompleted = true }
        if step.next != .read {
            stream = nil
            next = step.next
            if case .request(let request) = step.next, request.purpose == .stream {
                open(request)
            }
        }
    }

    private mutating func open(_ request: WatchRequest) {
        let query = Dictionary(
            request.query.map { ($0.name, $0.value) },
            uniquingKeysWith: { $1 }
        )
        if query["sendInitialEvents"] == "true" {
            stream = (server.version, server.objects.sorted { $0.key < $1.key })
        } else {
            stream = (Int(query["resourceVersion"] ?? "") ?? 0, nil)
        }
    }

    private mutating func disturb() {
        switch next {
        case .wait: proceed()
        default:
            let failures: [FollowInput] = [
                .failed(FollowFailure(.other, reason: "x", message: "cut"), after: .seconds(3)),
                .failed(FollowFailure(.malformed, reason: "x", message: "bad"), after: .zero),
                .failed(FollowFailure(.stalled, reason: "x", message: "still"), after: .seconds(9)),
                .refused(APIStatus(code: 410)), .refused(APIStatus(code: 500)),
                .refused(APIStatus(code: 403)), .refused(APIStatus(code: 429)),
            ]
            if stream != nil, generator.chance(30) {
                take(follower.handle(.ended(after: .seconds(20))))
            } else {
                take(follower.handle(generator.pick(failures)))
            }
        }
    }

    private mutating func proceed() {
        switch next {
        case .wait: take(follower.handle(.waited))
        case .rediscover, .read: break
        case .request(let request):
            request.purpose == .page ? sendPage(request) : sendEvent()
        }
    }

    private mutating func sendPage(_ request: WatchRequest) {
        let isContinued = request.query.contains { $0.name == "continue" }
        if !isContinued || pages == nil {
            pages = (server.objects.sorted { $0.key < $1.key }, server.version, 0)
        }
        guard let current = pages else { return }
        let size = generator.pick([1, 2, 10])
        let end = min(current.offset + size, current.objects.count)
        pages?.offset = end
        take(
            follower.handle(
                .page(
                    ListedPage(
                        objects: current.objects[current.offset..<end].map {
                            object($0.0, generation: $0.1)
                        },
                        version: "\(current.version)",
                        continueToken: end < current.objects.count ? "token" : nil
                    )
                )
            )
        )
    }

    private mutating func sendEvent() {
        guard let current = stream else { return }
        if let initial = current.initial {
            if let first = initial.first {
                stream?.initial = Array(initial.dropFirst())
                let event = WatchedEvent.added(object(first.0, generation: first.1), version: nil)
                take(follower.handle(.event(event)))
            } else {
                stream?.initial = nil
                let end = WatchedEvent.bookmark(version: "\(current.version)", endsList: true)
                take(follower.handle(.event(end)))
            }
            return
        }
        guard current.version >= server.compacted else {
            take(follower.handle(.refused(APIStatus(code: 410, reason: "Expired"))))
            return
        }
        guard let happened = server.history.first(where: { $0.version > current.version }) else {
            let bookmark = WatchedEvent.bookmark(version: "\(server.version)", endsList: false)
            take(follower.handle(.event(bookmark)))
            return
        }
        stream?.version = happened.version
        let object = object(happened.event.name, generation: happened.event.generation)
        let version = "\(happened.version)"
        let event: WatchedEvent =
            switch happened.event.type {
            case "ADDED": .added(object, version: version)
            case "MODIFIED": .modified(object, version: version)
            default: .deleted(object, version: version)
            }
        take(follower.handle(.event(event)))
        // Sometimes twice, as a server may.
        if generator.chance(10), case .request = next { take(follower.handle(.event(event))) }
    }
}
