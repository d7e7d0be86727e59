package import Addressing
import Glibc
import Synchronization

/// A client that makes one request after the other, each by a connection of its own, until it is told
/// to stop.
package final class SteadyClient: Sendable {
    /// What came of the requests.
    package struct Record: Sendable {
        package var answered: [String: Int] = [:]
        /// Why requests failed, with when that was.
        package var failures: [String] = []
        /// The longest that an answer took.
        package var longest = Duration.zero

        package var count: Int { answered.values.reduce(0, +) }
    }

    private let record: SharedRecord
    private let thread: LabThread

    /// Begins to make a request every `interval`, from a namespace.
    ///
    /// - Throws: `LabError` when no thread can be had.
    package init(
        from namespace: NetworkNamespace,
        to endpoint: SocketEndpoint,
        _ transport: TransportProtocol = .tcp,
        every interval: Duration
    ) throws {
        let record = SharedRecord()
        self.record = record
        thread = try LabThread { flag in
            do {
                try namespace.perform { record.fill(endpoint, transport, interval, until: flag) }
            } catch {
                record.note("\(error)")
            }
        }
    }

    /// How many requests have been answered by now.
    package var count: Int { record.value.count }

    /// Stops, and answers what came of it.
    package func stop() -> Record {
        thread.stop()
        return record.value
    }
}

/// What a client's thread writes, and others read.
private final class SharedRecord: Sendable {
    private let record = Mutex(SteadyClient.Record())

    var value: SteadyClient.Record { record.withLock { $0 } }

    func note(_ failure: String) { record.withLock { $0.failures.append(failure) } }

    func fill(
        _ endpoint: SocketEndpoint,
        _ transport: TransportProtocol,
        _ interval: Duration,
        until stop: LabThread.StopFlag
    ) {
        let origin = ContinuousClock.now
        var next = origin
        while !stop.isRaised {
            let begin = ContinuousClock.now
            do {
                let name = try ClientConnection(to: endpoint, transport).request()
                let took = ContinuousClock.now - begin
                record.withLock {
                    $0.answered[name, default: 0] += 1
                    $0.longest = max($0.longest, took)
                }
            } catch {
                note("after \(begin - origin): \(error)")
            }
            next = max(next.advanced(by: interval), .now)
            let wait = ContinuousClock.now.duration(to: next) / .microseconds(1)
            if wait > 0 { usleep(UInt32(wait)) }
        }
    }
}
