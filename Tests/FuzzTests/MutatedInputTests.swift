import FuzzTargets
import TestSupport
import Testing

/// A small part of what `Scripts/fuzz` does, the same in each run.
struct MutatedInputTests {
    @Test(arguments: FuzzTarget.all)
    func everyReaderKeepsItsPromisesForWhatIsCutOff(target: FuzzTarget) {
        for seed in target.seeds {
            let limit = target.inputs / 10 / target.seeds.count + 10
            for input in InputMaker.beginnings(of: seed, limit: limit) {
                expectPromises(target, input, "a seed cut at byte \(input.count)")
            }
        }
    }

    @Test(arguments: FuzzTarget.all)
    func everyReaderKeepsItsPromisesForWhatIsWrong(target: FuzzTarget) {
        let seed: UInt64 = 20_240_816
        var maker = InputMaker(seeds: target.seeds, generator: SeededGenerator(seed: seed))
        for number in 0..<target.inputs {
            expectPromises(target, maker.next(), "input \(number) of seed \(seed)")
        }
    }

    private func expectPromises(_ target: FuzzTarget, _ input: [UInt8], _ origin: String) {
        do throws(BrokenPromise) {
            try target.read(input)
        } catch {
            Issue.record("\(target), \(origin): \(error)")
        }
    }
}
