package import TestSupport

/// Makes inputs out of seeds: each one is what somebody might have written, with something wrong.
package struct InputMaker {
    private let seeds: [[UInt8]]
    package var generator: SeededGenerator

    /// There must be a seed.
    package init(seeds: [[UInt8]], generator: SeededGenerator) {
        self.seeds = seeds
        self.generator = generator
    }

    /// No input is longer, so that the quadratic shows as time and not as a full machine.
    private static let longest = 40_000

    /// Every beginning of a seed, or as many as `limit`, evenly spread, where it has more.
    package static func beginnings(of seed: [UInt8], limit: Int) -> [[UInt8]] {
        let step = max(1, seed.count / max(1, limit))
        return stride(from: 0, through: seed.count, by: step).map { Array(seed[..<$0]) }
    }

    /// The next input.
    package mutating func next() -> [UInt8] {
        var input = generator.pick(seeds)
        for _ in 0..<Int.random(in: 1...4, using: &generator) { change(&input) }
        return Array(input.prefix(Self.longest))
    }

    private mutating func change(_ input: inout [UInt8]) {
        switch Int.random(in: 0..<9, using: &generator) {
        case 0: flip(&input)
        case 1: overwrite(&input)
        case 2: input.removeLast(Int.random(in: 0...input.count, using: &generator))
        case 3: input.removeSubrange(piece(of: input))
        case 4: splice(&input)
        case 5: repeatPiece(&input)
        case 6: nest(&input)
        case 7: insertWord(&input)
        default: replaceNumber(&input)
        }
    }

    /// A short piece more often than a long one.
    private mutating func piece(of input: [UInt8]) -> Range<Int> {
        let start = Int.random(in: 0...input.count, using: &generator)
        let longest = generator.chance(50) ? min(16, input.count - start) : input.count - start
        return start..<start + Int.random(in: 0...longest, using: &generator)
    }

    private mutating func flip(_ input: inout [UInt8]) {
        guard !input.isEmpty else { return }
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let index = Int.random(in: input.indices, using: &generator)
            input[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        }
    }

    private mutating func overwrite(_ input: inout [UInt8]) {
        guard !input.isEmpty else { return }
        let index = Int.random(in: input.indices, using: &generator)
        input[index] = generator.pick([0, 1, 0x0a, 0x20, 0x7f, 0x80, 0xc0, 0xff, 0x22, 0x3a])
    }

    private mutating func splice(_ input: inout [UInt8]) {
        let other = generator.pick(seeds)
        input.replaceSubrange(piece(of: input), with: other[piece(of: other)])
    }

    private mutating func repeatPiece(_ input: inout [UInt8]) {
        let piece = Array(input[piece(of: input)])
        guard !piece.isEmpty else { return }
        let most = min(1000, max(2, 20_000 / piece.count))
        let times = Int.random(in: 1...most, using: &generator)
        let place = Int.random(in: 0...input.count, using: &generator)
        input.insert(contentsOf: (0..<times).flatMap { _ in piece }, at: place)
    }

    /// Puts a piece deep into something that may hold others of its kind.
    private mutating func nest(_ input: inout [UInt8]) {
        let (opening, closing) = generator.pick([
            ("[", "]"), ("{\"a\":", "}"), ("{a: ", "}"), ("- ", ""), ("\"", "\""), ("? ", ""),
        ])
        let depth = generator.pick([1, 2, 10, 200, 3000])
        let piece = piece(of: input)
        let inside = input[piece]
        input.replaceSubrange(
            piece,
            with: Array(String(repeating: opening, count: depth).utf8) + inside
                + Array(String(repeating: closing, count: depth).utf8)
        )
    }

    private mutating func insertWord(_ input: inout [UInt8]) {
        let word = generator.pick([
            "null", "true", "-1", "0", "\n", "\r\n", "\t", "\u{feff}", "\u{2028}", "\u{301}", "\0",
            "---\n", "...", "&a ", "*a", "<<: ", "!!binary ", "99999999999999999999", "1e999",
            "0x7fffffff", "::", "[::1]", "/", "%", "\\", "\"", "\\ud800",
        ])
        let place = Int.random(in: 0...input.count, using: &generator)
        input.insert(contentsOf: Array(word.utf8), at: place)
    }

    private mutating func replaceNumber(_ input: inout [UInt8]) {
        let digits = input.indices.filter { (0x30...0x39).contains(input[$0]) }
        guard !digits.isEmpty else { return }
        let start = generator.pick(digits)
        var end = start
        while end < input.count, (0x30...0x39).contains(input[end]) { end += 1 }
        let number = generator.pick([
            "0", "-1", "65535", "65536", "2147483648", "9223372036854775807",
            "9223372036854775808", "18446744073709551616", "1.5", "1e30", "00", "+1",
        ])
        input.replaceSubrange(start..<end, with: Array(number.utf8))
    }
}
