package import ServiceModel

/// The frontends of all Services, each held by one of them.
///
/// When two Services claim one frontend, the older has it and the other is reported; when the older
/// lets go, the other takes over. It takes one Service at a time and tells which frontends that
/// changed.
package struct RouteTable: Sendable {
    private var holders: [FrontendKey: Frontend] = [:]
    private var keysOfService: [ObjectName: [FrontendKey]] = [:]
    /// Frontends that more than one Service claims: all claims but the holder's, oldest first.
    private var waiting: [FrontendKey: [Frontend]] = [:]

    package init() {}

    package mutating func reserveCapacity(_ count: Int) {
        holders.reserveCapacity(count)
        keysOfService.reserveCapacity(count)
    }

    package var count: Int { holders.count }

    package var keys: some Collection<FrontendKey> { holders.keys }

    /// The frontend in force at a key.
    package subscript(key: FrontendKey) -> Frontend? { holders[key] }

    /// Takes the frontends of a Service in place of those it had, and calls `changed` once or more
    /// with each key where the frontend in force is now another.
    package mutating func replace(
        _ service: ObjectName,
        with frontends: [Frontend],
        changed: (FrontendKey) -> Void
    ) {
        let previous = keysOfService[service] ?? []
        for key in previous where !frontends.contains(where: { $0.key == key }) {
            remove(service, at: key, changed: changed)
        }
        for frontend in frontends { insert(frontend, changed: changed) }
        keysOfService[service] = frontends.isEmpty ? nil : frontends.map(\.key)
    }

    private mutating func insert(_ frontend: Frontend, changed: (FrontendKey) -> Void) {
        let key = frontend.key
        guard let holder = holders.updateValue(frontend, forKey: key) else {
            changed(key)
            return
        }
        if holder.service.service == frontend.service.service, waiting[key] == nil {
            if holder != frontend { changed(key) }
            return
        }
        var claims = [holder] + (waiting[key] ?? [])
        claims.removeAll { $0.service.service == frontend.service.service }
        claims.append(frontend)
        settle(claims, at: key, before: holder, changed: changed)
    }

    private mutating func remove(
        _ service: ObjectName,
        at key: FrontendKey,
        changed: (FrontendKey) -> Void
    ) {
        guard let holder = holders[key] else { return }
        var claims = [holder] + (waiting[key] ?? [])
        claims.removeAll { $0.service.service == service }
        settle(claims, at: key, before: holder, changed: changed)
    }

    private mutating func settle(
        _ claims: [Frontend],
        at key: FrontendKey,
        before: Frontend,
        changed: (FrontendKey) -> Void
    ) {
        let sorted = claims.sorted(by: Self.isOlder)
        conflictsVersion += 1
        holders[key] = sorted.first
        waiting[key] = sorted.count > 1 ? Array(sorted.dropFirst()) : nil
        if holders[key] != before { changed(key) }
    }

    /// A cluster IP goes before what people write into a Service as its address, or anybody could take
    /// another's.
    ///
    /// An unknown age counts as younger than a known one; names decide the rest.
    private static func isOlder(_ left: Frontend, _ right: Frontend) -> Bool {
        if left.kind.rank != right.kind.rank { return left.kind.rank < right.kind.rank }
        let (first, second) = (left.creationTime ?? .max, right.creationTime ?? .max)
        return first == second ? left.service < right.service : first < second
    }

    /// Grows whenever `conflicts` may have become others.
    package private(set) var conflictsVersion = 0

    /// One problem for each claim that lost, sorted.
    package var conflicts: [ObjectProblem] {
        waiting.flatMap { key, claims in
            claims.map { loser in
                let holder = holders[key].map { "Service \($0.service.service)" } ?? "another"
                return ObjectProblem(
                    ObjectReference(.service, loser.service.service),
                    field: loser.kind.field,
                    message:
                        "\(key) belongs to \(holder), which has it as a cluster IP, is older, or "
                        + "comes first by name; this "
                        + "Service gets no traffic there until one of them uses another address "
                        + "or port"
                )
            }
        }.sorted()
    }
}
