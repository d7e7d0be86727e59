/// Something that the person who wrote a configuration should know, though it is not wrong.
package struct ConfigurationRemark: Hashable, Sendable, CustomStringConvertible {
    package enum Importance: Hashable, Sendable {
        /// Something is done in another way than the words let expect.
        case notice
        /// Something that was asked for is not done.
        case warning
    }

    package let importance: Importance
    /// The file as it was named on the command line; nil when a flag is meant.
    package let file: String?
    /// The field such as `ipvs.excludeCIDRs`, or the flag such as `--ipvs-exclude-cidrs`.
    package let path: String
    /// Counted from 1; nil for a flag, and for a field that is not given.
    package let line: Int?
    package let message: String

    init(
        _ importance: Importance,
        file: String?,
        path: String,
        line: Int? = nil,
        message: String
    ) {
        self.importance = importance
        self.file = file
        self.path = path
        self.line = line
        self.message = message
    }

    /// `config.conf:7: portRange: …`, always one line.
    package var description: String {
        ConfigurationProblem(file: file, path: path, line: line, message: message).description
    }
}
