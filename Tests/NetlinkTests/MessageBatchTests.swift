import Testing

@testable import Netlink
import TestSupport

@Suite struct MessageBatchTests {
    /// Messages of types 1, 2, …, each with so many zeros as its body.
    private func batch(_ sizes: [Int]) -> MessageBatch {
        var batch = MessageBatch()
        for (index, size) in sizes.enumerated() {
            batch.append(type: UInt16(index + 1)) { $0.zeros(size) }
        }
        return batch
    }

    private func messages(_ batch: borrowing MessageBatch) -> [ReadMessage] {
        NetlinkTests.messages(of: batch.bytes)
    }

    @Test func writesAHeaderInFrontOfEachMessage() {
        var batch = MessageBatch()
        batch.append(type: 0x1234, flags: [.create, .exclusive]) { $0.attribute(1, UInt32(7)) }
        let bytes = batch.bytes
        #expect(
            bytes == native(UInt32(24)) + native(UInt16(0x1234)) + native(UInt16(0x0601))
                + native(UInt32(0)) + native(UInt32(0)) + native(UInt16(8)) + native(UInt16(1))
                + native(UInt32(7))
        )
    }

    @Test func isEmptyAtFirstAndCountsItsMessages() {
        var batch = MessageBatch()
        batch.reserveCapacity(4)
        var (count, bytes) = (batch.count, batch.bytes)
        #expect(count == 0)
        #expect(bytes.isEmpty)
        for number in 1...3 as ClosedRange<UInt16> { batch.append(type: number) { _ in } }
        (count, bytes) = (batch.count, batch.bytes)
        #expect(count == 3)
        #expect(NetlinkTests.messages(of: bytes).map(\.type) == [1, 2, 3])
        #expect(NetlinkTests.messages(of: bytes).allSatisfy { $0.flags == 1 && $0.sequence == 0 })
    }

    @Test func leavesTheBodiesOfEarlierMessagesAlone() {
        var batch = MessageBatch()
        for number in 1...4 as ClosedRange<UInt16> {
            batch.append(type: number) { $0.nest(number) { $0.attribute(1, "\(number)") } }
        }
        let found = messages(batch)
        for (index, message) in found.enumerated() {
            let number = UInt16(index + 1)
            #expect(message.payload == written { $0.nest(number) { $0.attribute(1, "\(number)") } })
        }
        #expect(found.count == 4)
    }

    @Test func numbersMessagesAndAsksForAnAnswerToTheLastOnly() {
        var batch = batch([0, 4, 8])
        batch.seal(0..<3, firstSequence: 70)
        #expect(messages(batch).map(\.sequence) == [70, 71, 72])
        #expect(messages(batch).map(\.flags) == [0x1, 0x1, 0x5])
    }

    @Test func keepsTheFlagsOfTheLastMessage() {
        var batch = MessageBatch()
        batch.append(type: 1, flags: .dump) { _ in }
        batch.seal(0..<1, firstSequence: 1)
        #expect(messages(batch).map(\.flags) == [0x305])
    }

    @Test func numbersPartsOneAfterTheOther() {
        var batch = batch([0, 4, 8, 12, 16])
        batch.seal(0..<2, firstSequence: 10)
        batch.seal(2..<5, firstSequence: 50)
        #expect(messages(batch).map(\.sequence) == [10, 11, 50, 51, 52])
        #expect(messages(batch).map(\.flags) == [0x1, 0x5, 0x1, 0x1, 0x5])
    }

    @Test func countsPastTheLastSequenceNumber() {
        var batch = batch([0, 0, 0])
        batch.seal(0..<3, firstSequence: .max - 1)
        #expect(messages(batch).map(\.sequence) == [.max - 1, .max, 0])
    }

    @Test func sealsNothingInAnEmptyRange() {
        var batch = batch([4, 4])
        let before = batch.bytes
        batch.seal(1..<1, firstSequence: 9)
        let after = batch.bytes
        #expect(after == before)
    }

    @Test func knowsWhichBytesAreWhichMessages() {
        let batch = batch([0, 4, 8])
        let ranges = [0..<0, 0..<1, 1..<2, 2..<3, 0..<3, 1..<3, 2..<2].map {
            batch.byteRange(of: $0)
        }
        #expect(ranges == [0..<0, 0..<16, 16..<36, 36..<60, 0..<60, 16..<60, 0..<0])
    }

    /// The kernel looks for the next message at a multiple of four bytes.
    @Test(arguments: 0...7)
    func keepsMessagesApartWhateverTheirSizes(size: Int) {
        let batch = batch([size, 0, size, size])
        #expect(messages(batch).map(\.type) == [1, 2, 3, 4])
        #expect(messages(batch).map(\.payload.count) == [size, 0, size, size])
    }

    struct Split: CustomTestStringConvertible {
        let name: String
        let sizes: [Int]
        var messages = 100
        var bytes = 1_000
        let parts: [Range<Int>]

        var testDescription: String { name }
    }

    /// A message has 16 bytes in front of its body.
    @Test(arguments: [
        Split(name: "all at once", sizes: [0, 4, 8], parts: [0..<3]),
        Split(
            name: "by messages",
            sizes: [0, 0, 0, 0, 0],
            messages: 2,
            parts: [0..<2, 2..<4, 4..<5]
        ),
        Split(name: "one by one", sizes: [0, 0, 0], messages: 1, parts: [0..<1, 1..<2, 2..<3]),
        Split(
            name: "as many bytes as fit exactly",
            sizes: [4, 4, 4],
            bytes: 40,
            parts: [0..<2, 2..<3]
        ),
        Split(
            name: "one byte too many",
            sizes: [4, 4, 4],
            bytes: 39,
            parts: [0..<1, 1..<2, 2..<3]
        ),
        Split(
            name: "a message that is too long goes alone",
            sizes: [0, 400, 0, 0],
            bytes: 64,
            parts: [0..<1, 1..<2, 2..<4]
        ),
        Split(
            name: "nothing but too long messages",
            sizes: [400, 400],
            bytes: 1,
            parts: [0..<1, 1..<2]
        ),
        Split(
            name: "whichever limit comes first",
            sizes: [0, 0, 0, 84, 84, 0],
            messages: 3,
            bytes: 116,
            parts: [0..<3, 3..<4, 4..<6]
        ),
    ])
    func splitsByMessagesAndByBytes(_ split: Split) {
        let batch = batch(split.sizes)
        var parts: [Range<Int>] = []
        while (parts.last?.upperBound ?? 0) < split.sizes.count {
            let start = parts.last?.upperBound ?? 0
            let part = batch.sendable(from: start, messages: split.messages, bytes: split.bytes)
            guard !part.isEmpty else { break }
            parts.append(part)
        }
        #expect(parts == split.parts)
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func splitsIntoTheLongestRunsThatFit(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let sizes = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
            4 * Int.random(in: 0...20, using: &generator)
        }
        let messages = Int.random(in: 1...8, using: &generator)
        let limit = Int.random(in: 1...300, using: &generator)
        let batch = batch(sizes)
        let total = batch.bytes.count
        func bytes(_ range: Range<Int>) -> Int { sizes[range].reduce(0) { $0 + $1 + 16 } }
        var (start, sent) = (0, 0)
        while start < sizes.count {
            let part = batch.sendable(from: start, messages: messages, bytes: limit)
            #expect(part.lowerBound == start)
            #expect(1...messages ~= part.count)
            #expect(part.count == 1 || bytes(part) <= limit)
            let isFull =
                part.upperBound == sizes.count || part.count == messages
                || bytes(start..<part.upperBound + 1) > limit
            #expect(isFull)
            let range = batch.byteRange(of: part)
            #expect(range == sent..<sent + bytes(part))
            sent = range.upperBound
            guard !part.isEmpty else { break }
            start = part.upperBound
        }
        #expect(sent == total)
    }
}
