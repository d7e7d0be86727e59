/// How long to wait after failures: longer and longer, and never two daemons alike.
package struct RetryWait: Hashable, Sendable {
    private var failures = 0
    private var random: UInt64

    private static let first = Duration.milliseconds(500)
    private static let longest = Duration.seconds(30)
    /// A server that cannot be reached has no work with whoever looks for it.
    private static let longestUnreachable = Duration.seconds(10)
    /// What a server asks for is done, but not for ever.
    private static let longestRequested = Duration.seconds(120)

    /// `seed` makes waits differ.
    package init(seed: UInt64) { random = seed }

    /// The next failure is the first again.
    package mutating func succeeded() { failures = 0 }

    /// The wait after one more failure: between the half and the whole of 0.5 s, 1 s, 2 s … 30 s (10 s
    /// when the server could not be reached), and not shorter than what the server asked for.
    package mutating func next(
        requested: Duration? = nil,
        isReachable: Bool = true
    ) -> Duration {
        let longest = isReachable ? Self.longest : Self.longestUnreachable
        let whole = min(Self.first * (1 << min(failures, 10)), longest)
        failures += 1
        let own = whole / 2 + whole / 2 * fraction()
        return max(own, min(requested ?? .zero, Self.longestRequested))
    }

    /// From 0 to 2 s: what all nodes do for one cause they shall not do in the same moment.
    mutating func spread() -> Duration { .seconds(2) * fraction() }

    /// A number of seconds for a watch to last: not all watches of all nodes shall end at once.
    mutating func watchSeconds() -> Int { 300 + Int(fraction() * 300) }

    /// From 0 to less than 1 (SplitMix64).
    private mutating func fraction() -> Double {
        random &+= 0x9e37_79b9_7f4a_7c15
        var mixed = random
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return Double((mixed ^ mixed >> 31) >> 11) / Double(1 << 53 as UInt64)
    }
}
