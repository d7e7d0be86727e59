/// What one metric is: all of its series have this name, kind and meaning.
package struct MetricFamily: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        /// Grows, and begins anew at 0 with whatever counts.
        case counter
        case gauge
        case histogram
    }

    /// Letters, digits and `_`, with a unit at its end.
    package let name: String
    package let kind: Kind
    /// One sentence.
    package let help: String

    package init(_ kind: Kind, _ name: String, _ help: String) {
        self.name = name
        self.kind = kind
        self.help = help
    }
}
