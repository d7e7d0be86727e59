/// The firewall marks that are ours to give: `base` to `base + 2^bits - 1`.
package struct MarkRange: Hashable, Sendable {
    /// A multiple of 2^bits, not 0.
    package let base: UInt32
    /// 1…24.
    package let bits: Int

    package init(base: UInt32, bits: Int) {
        self.base = base
        self.bits = bits
    }

    /// The bits of a mark that tell whether it is one of these.
    package var mask: UInt32 { ~(UInt32(1) << UInt32(bits) &- 1) }

    package var count: Int { 1 << bits }

    package func contains(_ mark: UInt32) -> Bool { mark & mask == base }
}

/// Which Service port has which mark.
///
/// A mark is not given anew while others are free that have rested longer: connections of the one who
/// had it before may still be known to the kernel.
package struct MarkAllocation: Sendable {
    private let range: MarkRange
    private var marks: [String: UInt32] = [:]
    private var owners: [UInt32: String] = [:]
    /// Marks that something else uses.
    private var taken: Set<UInt32> = []
    /// How many marks, from the first on, have been given or passed over.
    private var begun = 0
    /// Marks that were given back or passed over, the one that rests longest first.
    private var resting: [UInt32] = []

    package init(_ range: MarkRange) { self.range = range }

    /// Notes that a Service port has had a mark since before this process began.
    ///
    /// Of two that claim one mark the first has it.
    package mutating func restore(_ mark: UInt32, to owner: String) {
        guard range.contains(mark), owners[mark] == nil, marks[owner] == nil else { return }
        marks[owner] = mark
        owners[mark] = owner
        resting.removeAll { $0 == mark }
    }

    /// Notes the marks that virtual servers of others have; those are not given.
    package mutating func avoid(_ marks: Set<UInt32>) { taken = marks.filter(range.contains) }

    /// Gives up the marks that something else has by now.
    package mutating func giveUpTaken() {
        for mark in taken {
            guard let owner = owners.removeValue(forKey: mark) else { continue }
            marks[owner] = nil
        }
    }

    /// The mark of a Service port, now given if it has none; nil when there is none left.
    package mutating func mark(for owner: String) -> UInt32? {
        if let mark = marks[owner] { return mark }
        guard let mark = unused() ?? rested() else { return nil }
        marks[owner] = mark
        owners[mark] = owner
        return mark
    }

    private mutating func unused() -> UInt32? {
        while begun < range.count {
            let mark = range.base + UInt32(begun)
            begun += 1
            guard owners[mark] == nil else { continue }
            guard taken.contains(mark) || resting.contains(mark) else { return mark }
            if !resting.contains(mark) { resting.append(mark) }
        }
        return nil
    }

    private mutating func rested() -> UInt32? {
        resting.firstIndex { !taken.contains($0) }.map { resting.remove(at: $0) }
    }

    /// The mark that a Service port has; nil for none.
    package func current(of owner: String) -> UInt32? { marks[owner] }

    /// Takes a mark back; nothing when the Service port has none.
    package mutating func release(_ owner: String) {
        guard let mark = marks.removeValue(forKey: owner) else { return }
        owners[mark] = nil
        resting.append(mark)
    }

    /// Takes back all marks of those that are not among these.
    package mutating func keepOnly(_ kept: some Collection<String>) {
        let kept = Set(kept)
        for owner in marks.keys.sorted() where !kept.contains(owner) { release(owner) }
    }
}
