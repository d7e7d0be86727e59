/// Why it is not clear how to reach a cluster.
package struct ClusterAccessError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A file, and where there is one the field in it.
    package let place: String
    /// What is wrong and what would be right; nothing secret.
    package let message: String

    package init(place: String, _ message: String) {
        self.place = place
        self.message = message
    }

    package var description: String { "\(place): \(message)" }
}
