package import Logging
import NIOCore

/// Keeps the ports that listen equal to those that shall.
///
/// A port that cannot be opened harms no other one, and is tried again at every update and every ten
/// seconds. It is logged when that begins and when it is over. A socket that something else closes is opened again.
package actor ListenerSet {
    private let logger: Logger
    private var wanted: [Listener] = []
    private var channels: [ListeningPort: any Channel] = [:]
    private var problems: Set<ListenProblem> = []
    private var lastRound: Task<Void, Never>?
    private var isShutDown = false
    private var nextAttempt: Task<Void, Never>?
    private static let retryInterval = Duration.seconds(10)

    package init(logger: Logger) { self.logger = logger }

    /// How many ports cannot be opened, by the last attempt.
    package var failingPorts: Int { problems.count }

    /// Closes what is gone, then opens what is new; a port that stays is not touched.
    ///
    /// Of two listeners with one port the first has it. Calls that overlap are carried out one after
    /// the other. After `shutdown` it does nothing.
    @discardableResult
    package func update(_ listeners: [Listener]) async -> [ListenProblem] {
        guard !isShutDown else { return [] }
        wanted = listeners
        await playRound()
        return problems.sorted()
    }

    /// Closes all of them, for good.
    package func shutdown() async {
        isShutDown = true
        wanted = []
        await playRound()
    }

    private func playRound() async {
        let before = lastRound
        let round = Task {
            await before?.value
            await carryOut()
        }
        lastRound = round
        await round.value
    }

    private func carryOut() async {
        var holders: [ListeningPort: Listener] = [:]
        var found: Set<ListenProblem> = []
        for listener in wanted {
            if let holder = holders[listener.port] {
                found.insert(
                    ListenProblem(
                        owner: listener.owner,
                        port: listener.port,
                        reason: .heldBy(holder.owner)
                    )
                )
            } else {
                holders[listener.port] = listener
            }
        }
        // First, as the wildcard's port is not free before those of single addresses are closed.
        for (port, channel) in channels where holders[port] == nil {
            channels[port] = nil
            try? await channel.close().get()
        }
        for (port, listener) in holders.sorted(by: { $0.key < $1.key })
        where channels[port] == nil {
            do {
                let channel = try await listener.open()
                channels[port] = channel
                reopen(listener, after: channel)
            } catch {
                found.insert(ListenProblem(owner: listener.owner, port: port, error: error))
            }
        }
        report(found, holders: holders)
        scheduleAttempt()
    }

    private func scheduleAttempt() {
        nextAttempt?.cancel()
        nextAttempt = nil
        guard !problems.isEmpty, !isShutDown else { return }
        nextAttempt = Task {
            try? await Task.sleep(for: Self.retryInterval)
            if !Task.isCancelled { await playRound() }
        }
    }

    private func report(_ found: Set<ListenProblem>, holders: [ListeningPort: Listener]) {
        for problem in found.subtracting(problems).sorted() { logger.warning("\(problem)") }
        for problem in problems.subtracting(found).sorted()
        where channels[problem.port] != nil && holders[problem.port]?.owner == problem.owner {
            logger.notice("\(problem.owner): listens on \(problem.port) now")
        }
        problems = found
    }

    private func reopen(_ listener: Listener, after channel: any Channel) {
        channel.closeFuture.whenComplete { _ in
            Task { await self.lost(listener, channel) }
        }
    }

    private func lost(_ listener: Listener, _ channel: any Channel) async {
        guard channels[listener.port] === channel else { return }
        channels[listener.port] = nil
        logger.warning("\(listener.owner): \(listener.port) was closed; opening it again")
        await playRound()
    }
}
