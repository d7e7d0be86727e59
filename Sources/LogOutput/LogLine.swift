import Logging

/// One message as a line of JSON.
///
/// `time`, `level`, `logger`, `source` (the module) and `message` come first, then the metadata under
/// its own names, in their order.
struct LogLine {
    let time: Timestamp
    let logger: String
    let event: LogEvent
    /// All that is known beside the message, that of the event too.
    let metadata: Logger.Metadata

    /// With the line end.
    var bytes: [UInt8] {
        var fields: [(String, Logger.Metadata.Value)] = [
            ("time", .string(time.description)),
            ("level", .string(event.level.rawValue)),
            ("logger", .string(logger)),
            ("source", .string(event.source)),
            ("message", .string(event.message.description)),
        ]
        var taken = Set(fields.map(\.0)).union(metadata.keys)
        let reserved = Set(fields.map(\.0))
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
            guard reserved.contains(name) else {
                fields.append((name, value))
                continue
            }
            // Two fields of one name are one field to most readers, and which one is chance.
            var free = name + "_"
            while !taken.insert(free).inserted { free += "_" }
            fields.append((free, value))
        }
        var text = JSONBytes()
        text.appendObject(fields) { $0.appendValue($1) }
        text.appendRaw("\n")
        return text.bytes
    }
}
