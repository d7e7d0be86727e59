/// Puts the lines of a stream together, however it is cut into chunks.
package struct LineSplitter: Sendable {
    private var partial: [UInt8] = []
    private let limit: Int

    /// A line may have `limit` bytes, without its end.
    package init(limit: Int) { self.limit = limit }

    /// Whether a line has begun and not ended.
    package var isInsideLine: Bool { !partial.isEmpty }

    /// The lines that a chunk ends, without their line feeds and without empty ones; nil when a line
    /// is longer than it may be, after which nothing more can be made of the stream.
    package mutating func lines(endedBy chunk: [UInt8]) -> [[UInt8]]? {
        var lines: [[UInt8]] = []
        var rest = chunk[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            guard partial.count + (end - rest.startIndex) <= limit else { return nil }
            partial += rest[..<end]
            rest = rest[(end + 1)...]
            if !partial.isEmpty {
                lines.append(partial)
                partial = []
            }
        }
        guard partial.count + rest.count <= limit else { return nil }
        partial += rest
        return lines
    }
}
