import Addressing

/// Where flows of UDP may have to end, and when that is to be seen to.
///
/// Such a flow goes on with whatever its first packet met, for as long as its client keeps its port.
struct StaleFlows {
    private var places: [SocketEndpoint: Duration] = [:]
    /// Until when places may be put off at most.
    private var limits: [SocketEndpoint: Duration] = [:]
    private var earliest = Duration.zero

    /// So often at most, as the kernel has to be asked for all flows.
    private static let interval = Duration.seconds(1)
    private static let longestDelay = Duration.seconds(5)
    private static let retryInterval = Duration.seconds(60)

    /// When there is something to do; nil for never.
    var nextDue: Duration? { places.values.min().map { max($0, earliest) } }

    /// Notes a place.
    ///
    /// What is noted already stays, unless the new moment is a later one: flows that end too early
    /// are lost, and those that end too late only wait. But they do not wait for ever.
    mutating func note(_ place: SocketEndpoint, due: Duration) {
        let limit = limits[place] ?? due + Self.longestDelay
        limits[place] = limit
        places[place] = min(max(places[place] ?? due, due), limit)
    }

    /// Takes out the places to see to now.
    mutating func take(at now: Duration) -> [SocketEndpoint] {
        guard !places.isEmpty, now >= earliest else { return [] }
        let due = places.filter { $0.value <= now }.map(\.key)
        guard !due.isEmpty else { return [] }
        for place in due {
            places[place] = nil
            limits[place] = nil
        }
        earliest = now + Self.interval
        return due.sorted()
    }

    /// Puts places back that could not be seen to.
    mutating func postpone(_ postponed: [SocketEndpoint], at now: Duration) {
        for place in postponed { note(place, due: now + Self.retryInterval) }
    }
}
