import Addressing
import Logging
import ServiceModel
import Synchronization
import Testing

/// Keeps what a source says and logs, and lets a test wait for it.
final class Recorder: Sendable {
    struct State: Sendable {
        var events: [SourceEvent] = []
        var messages: [String] = []
        /// The Services as a reader of all changes sees them: name and addresses.
        var services: [String: String] = [:]

        var changeCount: Int {
            events.count { if case .changes = $0 { true } else { false } }
        }
    }

    private let mutex = Mutex(State())
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init() {
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var state: State { mutex.withLock { $0 } }

    func record(_ event: SourceEvent) {
        mutex.withLock { state in
            state.events.append(event)
            guard case .changes(let changes) = event else { return }
            for change in changes {
                switch change {
                case .service(let service):
                    guard case .clusterIPs(let addresses) = service.reachability else { continue }
                    state.services[service.name.name] =
                        addresses.map(\.description).joined(separator: ",")
                case .serviceRemoved(let name):
                    state.services[name.name] = nil
                default:
                    continue
                }
            }
        }
        signal.yield()
    }

    /// Waits until `condition` holds; the time limit of the test ends the wait.
    ///
    /// Only one task may wait at a time.
    func wait(
        for what: String,
        sourceLocation: SourceLocation = #_sourceLocation,
        until condition: (State) -> Bool
    ) async {
        if condition(state) { return }
        for await _ in signals where condition(state) { return }
        Issue.record("never came: \(what); \(state)", sourceLocation: sourceLocation)
    }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(recorder: self) }
    }

    fileprivate func record(_ event: LogEvent) {
        mutex.withLock { $0.messages.append("\(event.level): \(event.message)") }
        signal.yield()
    }

    private struct Handler: LogHandler {
        let recorder: Recorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        func log(event: LogEvent) { recorder.record(event) }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
    }
}
