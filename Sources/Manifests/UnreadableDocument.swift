/// A document in which no object can be found at all.
package struct UnreadableDocument: Error, Hashable, Sendable, CustomStringConvertible {
    /// Counted from 1; nil where the parser does not say.
    package let line: Int?
    /// Counted from 1.
    package let column: Int?
    package let message: String

    package init(line: Int? = nil, column: Int? = nil, message: String) {
        self.line = line
        self.column = column
        self.message = message
    }

    /// `line 3, column 7: is not JSON: ":" is expected here`.
    package var description: String {
        guard let line else { return message }
        return column.map { "line \(line), column \($0): \(message)" } ?? "line \(line): \(message)"
    }
}
