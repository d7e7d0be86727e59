import TestSupport

extension SeededGenerator {
    /// A text of some of these characters.
    mutating func text(of characters: String, length: ClosedRange<Int>) -> String {
        let characters = Array(characters)
        return String(
            (0..<Int.random(in: length, using: &self)).map { _ in
                characters[Int.random(in: characters.indices, using: &self)]
            }
        )
    }
}
