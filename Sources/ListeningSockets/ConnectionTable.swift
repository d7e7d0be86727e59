package import NIOCore
import Synchronization

/// The connections that are open, up to a limit.
package final class ConnectionTable: Sendable {
    /// What becomes of a connection beyond the limit.
    package enum Excess: Hashable, Sendable {
        /// It is closed: those that are open are at work.
        case newestGoes
        /// It is taken, and the oldest of the port that has the most is closed: who holds
        /// connections keeps nobody else from asking.
        case oldestGoes
    }

    private struct Entry {
        let channel: any Channel
        let port: ListeningPort
        /// Counted from the first connection on.
        let number: UInt64
    }

    private struct State {
        var entries: [ObjectIdentifier: Entry] = [:]
        var counts: [ListeningPort: Int] = [:]
        var lastNumber: UInt64 = 0
        var isShutDown = false

        mutating func insert(_ channel: any Channel, _ port: ListeningPort) {
            lastNumber += 1
            entries[ObjectIdentifier(channel)] = Entry(
                channel: channel,
                port: port,
                number: lastNumber
            )
            counts[port, default: 0] += 1
        }

        mutating func remove(_ identity: ObjectIdentifier) {
            guard let entry = entries.removeValue(forKey: identity) else { return }
            let count = counts[entry.port, default: 1] - 1
            counts[entry.port] = count == 0 ? nil : count
        }

        /// The oldest connection of the port that has the most; of several such ports any.
        func oldest(of port: ListeningPort?) -> Entry? {
            let port = port ?? counts.max { $0.value < $1.value }?.key
            return entries.values.filter { $0.port == port }.min { $0.number < $1.number }
        }
    }

    private let state = Mutex(State())
    private let limit: Int
    private let limitOfPort: Int
    private let excess: Excess

    /// `limit` counts for all ports together, and `limitOfPort` for each.
    package init(limit: Int, limitOfPort: Int = .max, excess: Excess = .newestGoes) {
        self.limit = limit
        self.limitOfPort = limitOfPort
        self.excess = excess
    }

    /// Takes note of a connection until it is closed; false when there are too many.
    package func admit(_ channel: any Channel, on port: ListeningPort) -> Bool {
        let identity = ObjectIdentifier(channel)
        let (isAdmitted, displaced) = state.withLock { state -> (Bool, (any Channel)?) in
            guard !state.isShutDown else { return (false, nil) }
            let isPortFull = state.counts[port, default: 0] >= limitOfPort
            guard isPortFull || state.entries.count >= limit else {
                state.insert(channel, port)
                return (true, nil)
            }
            guard excess == .oldestGoes, let oldest = state.oldest(of: isPortFull ? port : nil)
            else { return (false, nil) }
            state.remove(ObjectIdentifier(oldest.channel))
            state.insert(channel, port)
            return (true, oldest.channel)
        }
        displaced?.close(promise: nil)
        guard isAdmitted else { return false }
        channel.closeFuture.whenComplete { _ in
            self.state.withLock { $0.remove(identity) }
        }
        return true
    }

    /// Closes the connections of the ports that `isOver` names.
    package func close(where isOver: (ListeningPort) -> Bool) async {
        let closing = state.withLock { state in
            state.entries.values.filter { isOver($0.port) }.map(\.channel)
        }
        for channel in closing { try? await channel.close().get() }
    }

    /// Closes all connections, and admits no more.
    package func shutdown() async {
        state.withLock { $0.isShutDown = true }
        await close { _ in true }
    }
}
