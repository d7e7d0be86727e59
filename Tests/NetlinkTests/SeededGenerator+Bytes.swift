import TestSupport

extension SeededGenerator {
    /// Bytes of which half are some of `often`, so that numbers made of them are often small.
    mutating func bytes(_ length: ClosedRange<Int>, often: [UInt8]) -> [UInt8] {
        (0..<Int.random(in: length, using: &self)).map { _ in
            Bool.random(using: &self) ? pick(often) : .random(in: 0...UInt8.max, using: &self)
        }
    }
}
