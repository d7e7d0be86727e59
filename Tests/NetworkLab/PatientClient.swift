package import Addressing
import Glibc
import Synchronization

/// A client that keeps what it has: one connection for all its requests, until the server says that it
/// closes it; or one socket for all its datagrams, each of which it sends again after a while.
package final class PatientClient: Sendable {
    /// What came of the requests.
    package struct Record: Sendable {
        package var answered: [String: Int] = [:]
        /// Why requests failed, with when that was.
        package var failures: [String] = []
        /// Connections beyond the first.
        package var reconnections = 0
        /// Datagrams that had to be sent again.
        package var repetitions = 0

        package var count: Int { answered.values.reduce(0, +) }
    }

    private final class Shared: Sendable {
        let record = Mutex(Record())
    }

    private let shared = Shared()
    private let thread: LabThread

    /// A datagram is sent so often before its request counts as failed.
    private static let attempts = 4

    /// Begins to make a request every `interval`, from a namespace.
    ///
    /// - Throws: `LabError` when no thread can be had.
    package init(
        from namespace: NetworkNamespace,
        to endpoint: SocketEndpoint,
        _ transport: TransportProtocol,
        every interval: Duration
    ) throws {
        let shared = shared
        thread = try LabThread { stop in
            do {
                try namespace.perform {
                    Self.work(shared, endpoint, transport, interval, until: stop)
                }
            } catch {
                shared.record.withLock { $0.failures.append("\(error)") }
            }
        }
    }

    /// What has come of the requests by now.
    package var record: Record { shared.record.withLock { $0 } }

    /// Stops, and answers what came of it.
    package func stop() -> Record {
        thread.stop()
        return record
    }

    private static func work(
        _ shared: Shared,
        _ endpoint: SocketEndpoint,
        _ transport: TransportProtocol,
        _ interval: Duration,
        until stop: LabThread.StopFlag
    ) {
        let origin = ContinuousClock.now
        var connections = 0
        while !stop.isRaised {
            do {
                let connection = try ClientConnection(
                    to: endpoint,
                    transport,
                    timeout: transport == .udp ? .milliseconds(500) : .seconds(5)
                )
                connections += 1
                let further = connections - 1
                shared.record.withLock { $0.reconnections = further }
                var isLast = false
                while !isLast, !stop.isRaised {
                    let answer = try ask(connection, transport, shared)
                    shared.record.withLock { $0.answered[answer.name, default: 0] += 1 }
                    isLast = answer.isLast
                    usleep(UInt32(interval / .microseconds(1)))
                }
            } catch {
                let moment = ContinuousClock.now - origin
                shared.record.withLock { $0.failures.append("after \(moment): \(error)") }
                usleep(UInt32(interval / .microseconds(1)))
            }
        }
    }

    private static func ask(
        _ connection: borrowing ClientConnection,
        _ transport: TransportProtocol,
        _ shared: Shared
    ) throws -> (name: String, isLast: Bool) {
        var attempt = 1
        while true {
            do {
                return try connection.exchange()
            } catch {
                guard transport == .udp, attempt < attempts else { throw error }
                attempt += 1
                shared.record.withLock { $0.repetitions += 1 }
            }
        }
    }
}
