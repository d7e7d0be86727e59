import Planning
import TestSupport
import Testing

@Suite struct MarkAllocationTests {
    private static let range = MarkRange(base: 0x50, bits: 4)

    /// What an allocation has said so far.
    private struct Model {
        var holders: [String: UInt32] = [:]
        /// Marks that were given back, the one that rests longest first.
        var resting: [UInt32] = []
        var everGiven: Set<UInt32> = []
        var taken: Set<UInt32> = []
        var everTaken: Set<UInt32> = []

        var free: Set<UInt32> {
            Set(0x50...0x5f as ClosedRange<UInt32>).subtracting(holders.values).subtracting(taken)
        }
    }

    private enum Step { case ask, release, avoid }

    /// Asks, releases and avoids at random; `check` sees each mark that is given anew, with the model
    /// from before.
    private static func play(
        seed: UInt64,
        owners: Int,
        check: (_ owner: String, _ mark: UInt32?, Model) -> Void
    ) {
        var generator = SeededGenerator(seed: seed)
        var allocation = MarkAllocation(range)
        var model = Model()
        for _ in 0..<300 {
            let owner = "default/\(Int.random(in: 1...owners, using: &generator))"
            switch generator.pick([Step.ask, .ask, .ask, .release, .release, .avoid]) {
            case .ask:
                let mark = allocation.mark(for: owner)
                if let held = model.holders[owner] {
                    #expect(mark == held, "an owner keeps its mark")
                    continue
                }
                check(owner, mark, model)
                guard let mark else { continue }
                model.holders[owner] = mark
                model.everGiven.insert(mark)
                model.resting.removeAll { $0 == mark }
            case .release:
                allocation.release(owner)
                if let mark = model.holders.removeValue(forKey: owner) {
                    model.resting.append(mark)
                }
            case .avoid:
                model.taken = Set(
                    (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                        UInt32.random(in: 0x4e...0x61, using: &generator)
                    }
                )
                model.everTaken.formUnion(model.taken)
                allocation.avoid(model.taken)
            }
        }
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func givesAMarkOfItsRangeToOneOwnerAloneAndNoneThatIsTaken(seed: UInt64) {
        Self.play(seed: seed, owners: 12) { _, mark, model in
            guard let mark else { return }
            #expect(Self.range.contains(mark))
            #expect(!model.holders.values.contains(mark))
            #expect(!model.taken.contains(mark))
        }
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func givesNoneOnlyWhileNoneIsFree(seed: UInt64) {
        Self.play(seed: seed, owners: 20) { _, mark, model in
            #expect((mark == nil) == model.free.isEmpty)
        }
    }

    /// Those that nobody ever had have rested longest.
    @Test(arguments: 0..<100 as Range<UInt64>)
    func givesAMarkAnewOnlyWhenNoFreeOneHasRestedLonger(seed: UInt64) {
        Self.play(seed: seed, owners: 14) { _, mark, model in
            guard let mark, model.everGiven.contains(mark), !model.everTaken.contains(mark) else {
                return
            }
            let free = model.free.subtracting(model.everTaken)
            #expect(free.isSubset(of: model.everGiven))
            #expect(mark == model.resting.first { free.contains($0) })
        }
    }

    @Test func aMarkJustGivenBackRestsWhileOthersAreFree() {
        var allocation = MarkAllocation(MarkRange(base: 4, bits: 2))
        for owner in ["a", "b", "c", "d"] { _ = allocation.mark(for: owner) }
        for owner in ["d", "c", "b", "a"] { allocation.release(owner) }
        let mark = allocation.mark(for: "e")
        #expect(mark == 7)
    }

    @Test func theLastMarkGoesToOneAndIsThereAgainWhenItIsGivenBack() {
        var allocation = MarkAllocation(MarkRange(base: 2, bits: 1))
        let first = ["a", "b", "c", "a"].map { allocation.mark(for: $0) }
        #expect(first == [2, 3, nil, 2])
        allocation.release("b")
        allocation.release("nobody")
        let second = ["c", "b", "a"].map { allocation.mark(for: $0) }
        #expect(second == [3, nil, 2])
    }

    @Test func aRestoredMarkStaysWithItsOwnerAndIsGivenToNobodyElse() {
        var allocation = MarkAllocation(Self.range)
        allocation.restore(0x53, to: "a")
        allocation.restore(0x53, to: "b")
        allocation.restore(0x5f, to: "c")
        var given: Set<UInt32> = []
        for number in 0..<14 {
            if let mark = allocation.mark(for: "new-\(number)") { given.insert(mark) }
        }
        #expect(given == Set(0x50...0x5e).subtracting([0x53]))
        let kept = ["a", "c", "b"].map { allocation.mark(for: $0) }
        #expect(kept == [0x53, 0x5f, nil])
        allocation.release("a")
        let freed = allocation.mark(for: "b")
        #expect(freed == 0x53)
    }

    @Test(arguments: [0x4f, 0x60, 0x150, 0] as [UInt32])
    func aMarkOfAnotherRangeIsNotRestored(mark: UInt32) {
        var allocation = MarkAllocation(Self.range)
        allocation.restore(mark, to: "a")
        let given = allocation.mark(for: "a")
        #expect(given.map(Self.range.contains) == true)
    }

    @Test func aMarkThatIsNoLongerTakenIsGiven() {
        var allocation = MarkAllocation(MarkRange(base: 2, bits: 1))
        var given: [UInt32?] = []
        for (taken, owner) in [([2, 3], "a"), ([3, 4], "a"), ([], "b")] as [(Set<UInt32>, String)] {
            allocation.avoid(taken)
            given.append(allocation.mark(for: owner))
        }
        #expect(given == [nil, 2, 3])
    }

    @Test func aRangeTellsItsMarksByItsMask() {
        let range = MarkRange(base: 0x1000, bits: 12)
        #expect(range.mask == 0xffff_f000)
        #expect(range.count == 4096)
        #expect(range.contains(0x1000) && range.contains(0x1fff))
        #expect(!range.contains(0xfff) && !range.contains(0x2000) && !range.contains(0x1_1000))
    }
}
