package import Logging

/// Keeps what is logged, as `level: message`.
package struct RecordedLog: Sendable {
    package let messages = Observed<[String]>([])

    package init() {}

    package var logger: Logger {
        Logger(label: "test") { _ in Handler(log: self) }
    }

    /// Messages that a person is to read: from notice on.
    package var notable: [String] {
        messages.value.filter { !$0.hasPrefix("debug") && !$0.hasPrefix("info") }
    }

    private struct Handler: LogHandler {
        let log: RecordedLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        func log(event: LogEvent) {
            log.messages.change { $0.append("\(event.level): \(event.message)") }
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
    }
}
