import FoundationEssentials
package import Logging

/// Writes each message as one JSON object on a line of its own.
///
/// Metadata of the message wins over that of the provider, and that over the logger's own.
package struct JSONLogHandler: LogHandler {
    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let destination: LogDestination
    private let now: @Sendable () -> Timestamp

    package init(label: String, destination: LogDestination = .standardError) {
        self.init(label: label, destination: destination) {
            Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
        }
    }

    init(
        label: String,
        destination: LogDestination,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.label = label
        self.destination = destination
        self.now = now
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var all = metadata
        all.merge(metadataProvider?.get() ?? [:]) { _, newer in newer }
        all.merge(event.metadata ?? [:]) { _, newer in newer }
        if let error = event.error {
            all["error"] = .string("\(error)")
        }
        let line = LogLine(time: now(), logger: label, event: event, metadata: all)
        destination.write(line.bytes)
    }
}
