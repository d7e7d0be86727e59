import KubernetesWatch
import ServiceModel

func object(_ name: String, generation: Int = 1) -> WatchedObject {
    let name = ObjectName(namespace: "default", name: name)
    return WatchedObject(
        name: name,
        change: .service(
            Service(
                name: name,
                reachability: .headless,
                ports: [],
                creationTime: Int64(generation)
            )
        )
    )
}

func refusedObject(_ name: String) -> WatchedObject {
    WatchedObject(name: ObjectName(namespace: "default", name: name), change: nil)
}

func removal(_ name: String) -> ClusterChange {
    .serviceRemoved(ObjectName(namespace: "default", name: name))
}

extension FollowStep {
    /// The query of the request that comes next, as a dictionary; nil when no request does.
    var query: [String: String]? {
        guard case .request(let request) = next else { return nil }
        return Dictionary(
            request.query.map { ($0.name, $0.value) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    var isWaiting: Bool { if case .wait = next { true } else { false } }

    var waitingTime: Duration? { if case .wait(let time) = next { time } else { nil } }

    /// Whether a list begins, or goes on.
    var listsNext: Bool { query.map { $0["watch"] == nil } ?? false }

    /// The version that a watch begins at.
    var watchesSince: String? { query.flatMap { $0["watch"] == nil ? nil : $0["resourceVersion"] } }
}

extension CollectionFollower {
    /// One that has listed `names` at version 10 and watches.
    static func watching(_ names: [String]) -> CollectionFollower {
        var follower = CollectionFollower(.services, mayStreamLists: false, seed: 1)
        _ = follower.handle(.begin)
        _ = follower.handle(
            .page(ListedPage(objects: names.map { object($0) }, version: "10"))
        )
        _ = follower.handle(.accepted)
        return follower
    }
}
