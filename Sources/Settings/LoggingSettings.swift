/// What is logged.
package struct LoggingSettings: Hashable, Sendable {
    package var level = LogLevel.info
    package var format = LogFormat.text

    package init() {}
}

/// The least important message that is still logged; the raw values are those of swift-log.
package enum LogLevel: String, Hashable, Sendable, CaseIterable {
    case trace, debug, info, notice, warning, error, critical
}

/// How a message is written.
package enum LogFormat: String, Hashable, Sendable, CaseIterable {
    case text, json
}

extension LoggingSettings: ConfigurationSection {
    static var fields: [Field<LoggingSettings>] {
        [
            .value(
                "level",
                \.level,
                .oneOf("a level"),
                "The least important message that is still logged."
            ),
            .value(
                "format",
                \.format,
                .oneOf("a format"),
                "text for people, json for programs: one object a line."
            ),
        ]
    }
}
