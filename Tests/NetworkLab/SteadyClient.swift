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

    private final class Work {
        let loop: () -> Void
        init(_ loop: @escaping () -> Void) { self.loop = loop }
    }

    private let record = Mutex(Record())
    private let isStopped = Atomic(false)
    private let thread = Mutex<pthread_t?>(nil)

    /// Begins to make a request every `interval`, from a namespace.
    ///
    /// - Throws: `LabError` when no thread can be had.
    package init(
        from namespace: NetworkNamespace,
        to endpoint: SocketEndpoint,
        _ transport: TransportProtocol = .tcp,
        every interval: Duration
    ) throws {
        let work = Work { [self] in
            do {
                try namespace.perform { self.run(endpoint, transport, interval) }
            } catch {
                record.withLock { $0.failures.append("\(error)") }
            }
        }
        var started = pthread_t()
        let argument = unsafe Unmanaged.passRetained(work).toOpaque()
        let result = unsafe pthread_create(
            &started,
            nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().loop()
                return nil
            },
            argument
        )
        guard result == 0 else {
            unsafe Unmanaged<Work>.fromOpaque(argument).release()
            throw LabError("start a client thread", result)
        }
        let handle = started
        thread.withLock { $0 = handle }
    }

    private func run(
        _ endpoint: SocketEndpoint,
        _ transport: TransportProtocol,
        _ interval: Duration
    ) {
        let origin = ContinuousClock.now
        var next = origin
        while !isStopped.load(ordering: .relaxed) {
            let begin = ContinuousClock.now
            do {
                let name = try ClientConnection(to: endpoint, transport).request()
                let took = ContinuousClock.now - begin
                record.withLock {
                    $0.answered[name, default: 0] += 1
                    $0.longest = max($0.longest, took)
                }
            } catch {
                record.withLock { $0.failures.append("after \(begin - origin): \(error)") }
            }
            next = max(next.advanced(by: interval), .now)
            let wait = ContinuousClock.now.duration(to: next) / .microseconds(1)
            if wait > 0 { usleep(UInt32(wait)) }
        }
    }

    /// How many requests have been answered by now.
    package var count: Int { record.withLock { $0.count } }

    /// Stops, and answers what came of it.
    package func stop() -> Record {
        isStopped.store(true, ordering: .relaxed)
        if let thread = thread.withLock({ $0.take() }) { pthread_join(thread, nil) }
        return record.withLock { $0 }
    }
}
