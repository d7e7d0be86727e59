/// Something that reads what others wrote, and what has to hold for whatever they write.
package struct FuzzTarget: Sendable, CustomStringConvertible {
    package let name: String
    /// Inputs that make sense, from which others are made.
    package let seeds: [[UInt8]]
    /// How many made inputs one test may take: what reads YAML is slow.
    package let inputs: Int
    /// Reads an input.
    ///
    /// - Throws: `BrokenPromise` when the answer contradicts itself.
    package let read: @Sendable ([UInt8]) throws(BrokenPromise) -> Void

    package init(
        _ name: String,
        seeds: [[UInt8]],
        inputs: Int = 2000,
        read: @escaping @Sendable ([UInt8]) throws(BrokenPromise) -> Void
    ) {
        self.name = name
        self.seeds = seeds
        self.inputs = inputs
        self.read = read
    }

    package var description: String { name }

    /// All that there are.
    package static let all: [FuzzTarget] =
        manifests + apiAnswers + kernelReplies + rules + records + configurations + requests
}

/// What a reader answered, and must not have.
package struct BrokenPromise: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Holds a reader to a condition.
func require(
    _ condition: Bool,
    _ sentence: @autoclosure () -> String
) throws(BrokenPromise) {
    if !condition { throw BrokenPromise(sentence()) }
}

/// Holds an error to words: one that says nothing helps nobody.
func requireWords(_ description: String) throws(BrokenPromise) {
    try require(description.utf8.count > 5, "an error says no more than \"\(description)\"")
}

/// The input as text, with what is no UTF-8 replaced.
func text(_ input: [UInt8]) -> String { String(decoding: input, as: UTF8.self) }
