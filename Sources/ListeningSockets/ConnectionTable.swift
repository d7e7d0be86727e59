package import NIOCore
import Synchronization

/// The connections that are open, up to a limit.
package final class ConnectionTable: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: (channel: any Channel, port: ListeningPort)] = [:]
        var isShutDown = false
    }

    private let state = Mutex(State())
    private let limit: Int

    package init(limit: Int) { self.limit = limit }

    /// Takes note of a connection until it is closed; false when there are too many.
    package func admit(_ channel: any Channel, on port: ListeningPort) -> Bool {
        let identity = ObjectIdentifier(channel)
        let isAdmitted = state.withLock { state in
            guard !state.isShutDown, state.channels.count < limit else { return false }
            state.channels[identity] = (channel, port)
            return true
        }
        guard isAdmitted else { return false }
        channel.closeFuture.whenComplete { _ in
            self.state.withLock { $0.channels[identity] = nil }
        }
        return true
    }

    /// Closes the connections of the ports that `isOver` names.
    package func close(where isOver: (ListeningPort) -> Bool) async {
        let closing = state.withLock { state in
            state.channels.values.filter { isOver($0.port) }.map(\.channel)
        }
        for channel in closing { try? await channel.close().get() }
    }

    /// Closes all connections, and admits no more.
    package func shutdown() async {
        state.withLock { $0.isShutDown = true }
        await close { _ in true }
    }
}
