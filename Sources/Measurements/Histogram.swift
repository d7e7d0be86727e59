/// How often a quantity was up to each of some bounds.
package struct Histogram: Hashable, Sendable {
    /// Ascending, all of them finite.
    package let bounds: [Double]
    /// One more than there are bounds: those above all of them come last.
    package private(set) var counts: [UInt64]
    package private(set) var sum = 0.0

    /// `bounds` must be ascending and finite.
    package init(bounds: [Double]) {
        self.bounds = bounds
        counts = [UInt64](repeating: 0, count: bounds.count + 1)
    }

    package mutating func observe(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }

    /// `count` bounds, the first of them `first`, each `factor` times the one before.
    package static func exponential(
        from first: Double,
        factor: Double,
        count: Int
    ) -> [Double] {
        var bounds = [first]
        while bounds.count < count { bounds.append(bounds[bounds.count - 1] * factor) }
        return bounds
    }

    /// 1 ms to 16.384 s, as kube-proxy has them for its rounds.
    package static let roundBounds = exponential(from: 0.001, factor: 2, count: 15)

    /// 0.25 s to five minutes, as kube-proxy has them from a change in the cluster to the kernel.
    package static let programmingBounds: [Double] =
        [0.25, 0.5] + (1...59).map(Double.init)
        + stride(from: 60.0, through: 115, by: 5) + stride(from: 120.0, through: 300, by: 30)
}
