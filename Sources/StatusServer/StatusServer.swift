package import ListeningSockets
package import Logging
import NIOCore

/// Answers questions about this process over HTTP, on a port of the node.
///
/// For one port; what it is asked it hands on, whatever the path and the method.
package final class StatusServer: Sendable {
    /// What is asked.
    package struct Request: Hashable, Sendable {
        /// As it was written: `GET`.
        package let method: String
        /// Without what stands behind a question mark.
        package let path: String

        /// `target` is what a request line has: `/metrics?name=value`.
        package init(method: String, target: String) {
            self.method = method
            path = String(target.prefix { $0 != "?" })
        }
    }

    private let owner: String
    private let listeners: ListenerSet
    private let connections: ConnectionTable
    private let limits: StatusServerLimits
    private let answer: @Sendable (Request) async -> StatusAnswer

    /// `owner` is what the port is for, as the log says it.
    package init(
        owner: String,
        limits: StatusServerLimits = StatusServerLimits(),
        logger: Logger,
        answer: @escaping @Sendable (Request) async -> StatusAnswer
    ) {
        self.owner = owner
        self.limits = limits
        self.answer = answer
        listeners = ListenerSet(logger: logger)
        connections = ConnectionTable(limit: limits.connections, excess: .oldestGoes)
    }

    /// Listens on a port from now on, in the place of the one before (nil: on none), and answers what
    /// could not be opened.
    ///
    /// That is logged as well, and tried again from time to time.
    @discardableResult
    package func listen(on port: ListeningPort?) async -> [ListenProblem] {
        let wanted = port.map { port in
            Listener(port, owner: owner) { [self] in try await open(port) }
        }
        let problems = await listeners.update(wanted.map { [$0] } ?? [])
        await connections.close { $0 != port }
        return problems
    }

    /// How many ports cannot be opened, by the last attempt.
    package var failingPorts: Int { get async { await listeners.failingPorts } }

    /// Closes the port and all connections, for good.
    package func shutdown() async {
        await listeners.shutdown()
        await connections.shutdown()
    }

    private func open(_ port: ListeningPort) async throws -> any Channel {
        let (connections, limits, answer) = (connections, limits, answer)
        return try await port.openStream { channel in
            guard connections.admit(channel, on: port) else {
                throw ChannelError.ioOnClosedChannel
            }
            try StatusHandler.add(to: channel, limits: limits, answer: answer)
        }
    }
}
