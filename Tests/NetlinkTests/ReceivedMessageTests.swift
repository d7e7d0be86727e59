import Testing

@testable import Netlink
import TestSupport

@Suite struct ReceivedMessageTests {
    private static let error: UInt16 = 2
    private static let done: UInt16 = 3
    private static let capped: UInt16 = 0x100
    private static let hasAttributes: UInt16 = 0x200

    /// The header of a request that was `length` bytes long.
    private static func header(_ length: UInt32) -> [UInt8] {
        native(length) + [UInt8](repeating: 0xee, count: 12)
    }

    private static func words(_ text: String) -> [UInt8] {
        written {
            $0.attribute(2, UInt32(40))
            $0.attribute(1, text)
        }
    }

    struct Answer: CustomTestStringConvertible {
        let name: String
        var type = ReceivedMessageTests.error
        var flags: UInt16 = 0
        let payload: [UInt8]
        let ending: Ending?

        var testDescription: String { name }
    }

    static let answers: [Answer] = [
        Answer(name: "part of an answer", type: 0x14, payload: native(Int32(-17)), ending: nil),
        Answer(name: "nothing to do", type: 1, payload: [], ending: nil),
        Answer(
            name: "an acknowledgement",
            payload: native(Int32(0)) + header(64),
            ending: Ending(code: 0)
        ),
        Answer(
            name: "a capped acknowledgement",
            flags: capped,
            payload: native(Int32(0)) + header(64),
            ending: Ending(code: 0)
        ),
        Answer(
            name: "a refusal without words",
            flags: capped,
            payload: native(Int32(-17)) + header(64),
            ending: Ending(code: 17)
        ),
        Answer(
            name: "a refusal with its whole request",
            payload: native(Int32(-17)) + header(24) + [1, 2, 3, 4, 5, 6, 7, 8],
            ending: Ending(code: 17)
        ),
        Answer(
            name: "a capped refusal with words",
            flags: capped | hasAttributes,
            payload: native(Int32(-22)) + header(64) + words("no such scheduler"),
            ending: Ending(code: 22, text: "no such scheduler")
        ),
        Answer(
            name: "a refusal with its whole request and words",
            flags: hasAttributes,
            payload: native(Int32(-22)) + header(24) + [UInt8](repeating: 0xff, count: 8)
                + words("no such scheduler"),
            ending: Ending(code: 22, text: "no such scheduler")
        ),
        Answer(
            name: "words behind the padding of a request",
            flags: hasAttributes,
            payload: native(Int32(-22)) + header(21) + [UInt8](repeating: 0xff, count: 8)
                + words("odd"),
            ending: Ending(code: 22, text: "odd")
        ),
        Answer(
            name: "a warning with an acknowledgement",
            flags: capped | hasAttributes,
            payload: native(Int32(0)) + header(64) + words("deprecated"),
            ending: Ending(code: 0, text: "deprecated")
        ),
        Answer(
            name: "attributes without words",
            flags: capped | hasAttributes,
            payload: native(Int32(-22)) + header(64) + written { $0.attribute(2, UInt32(40)) },
            ending: Ending(code: 22)
        ),
        Answer(
            name: "words that were not announced",
            flags: capped,
            payload: native(Int32(-22)) + header(64) + words("unheard"),
            ending: Ending(code: 22)
        ),
        Answer(
            name: "a request that is longer than the answer",
            flags: hasAttributes,
            payload: native(Int32(-22)) + header(.max) + words("unheard"),
            ending: Ending(code: 22)
        ),
        Answer(
            name: "a request shorter than its header",
            flags: hasAttributes,
            payload: native(Int32(-22)) + header(0) + words("still here"),
            ending: Ending(code: 22, text: "still here")
        ),
        Answer(
            name: "no attributes although announced",
            flags: capped | hasAttributes,
            payload: native(Int32(-22)) + header(64),
            ending: Ending(code: 22)
        ),
        Answer(
            name: "cut within the header",
            flags: capped | hasAttributes,
            payload: native(Int32(-22)) + [1, 2, 3],
            ending: Ending(code: 22)
        ),
        Answer(name: "cut within the number", payload: [], ending: Ending(code: 0)),
        Answer(
            name: "the end of a dump",
            type: done,
            payload: native(Int32(0)),
            ending: Ending(code: 0)
        ),
        Answer(
            name: "the end of a dump without a number",
            type: done,
            payload: [],
            ending: Ending(code: 0)
        ),
        Answer(
            name: "the end of a dump that failed",
            type: done,
            payload: native(Int32(-4)),
            ending: Ending(code: 4)
        ),
    ]

    @Test(arguments: answers)
    func saysHowARequestEnded(_ answer: Answer) {
        let ending = Ending(type: answer.type, flags: answer.flags, payload: answer.payload)
        #expect(ending == answer.ending)
    }

    /// Behind the number of a failed dump the kernel's words follow at once, without a request
    /// (`netlink_dump_done`, `net/netlink/af_netlink.c`).
    @Test func hearsTheWordsAtTheEndOfADump() {
        let ending = Ending(
            type: Self.done,
            flags: 0x2 | Self.hasAttributes,
            payload: native(Int32(-22)) + Self.words("invalid table")
        )
        #expect(ending == Ending(code: 22, text: "invalid table"))
    }

    /// The one number that has no positive counterpart.
    ///
    /// It has a process of its own, as it may trap.
    @Test func outlivesTheLowestNumber() async {
        await #expect(processExitsWith: .success) {
            _ = Ending(type: 2, payload: [0, 0, 0, 0x80])
            _ = Ending(type: 3, payload: [0x80, 0, 0, 0])
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func outlivesAnyAnswer(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            var payload = generator.bytes(0...48, often: [0, 0, 1, 4, 8, 0xff])
            // All numbers but the lowest, which has a test of its own.
            if payload.count >= 4 { payload.replaceSubrange(0..<4, with: native(Int32(-1))) }
            let type: UInt16 = generator.pick([Self.error, Self.done])
            let flags: UInt16 = generator.pick([0, Self.capped, Self.hasAttributes, 0x300])
            let ending = Ending(type: type, flags: flags, payload: payload)
            #expect(ending != nil)
        }
    }

    @Test func readsOneMessageBehindTheOther() {
        let bytes =
            native(UInt32(17)) + native(UInt16(7)) + native(UInt16(2)) + native(UInt32(99))
            + native(UInt32(4)) + [1, 0, 0, 0]
            + native(UInt32(16)) + native(UInt16(3)) + native(UInt16(0)) + native(UInt32(100))
            + native(UInt32(4))
        #expect(
            messages(of: bytes) == [
                ReadMessage(type: 7, flags: 2, sequence: 99, payload: [1]),
                ReadMessage(type: 3, flags: 0, sequence: 100, payload: []),
            ]
        )
    }

    struct Cut: CustomTestStringConvertible {
        let name: String
        let length: UInt32
        let count: Int
        let found: Int

        var testDescription: String { name }
    }

    @Test(arguments: [
        Cut(name: "whole", length: 20, count: 20, found: 1),
        Cut(name: "without its padding", length: 17, count: 17, found: 1),
        Cut(name: "with scraps behind it", length: 16, count: 31, found: 1),
        Cut(name: "less than a header", length: 16, count: 15, found: 0),
        Cut(name: "a length of 0", length: 0, count: 64, found: 0),
        Cut(name: "a length below that of a header", length: 15, count: 64, found: 0),
        Cut(name: "cut", length: 21, count: 20, found: 0),
        Cut(name: "far too long", length: .max, count: 64, found: 0),
    ])
    func stopsAtAMessageThatIsNotWhole(_ cut: Cut) {
        let bytes = native(cut.length) + [UInt8](repeating: 0, count: 64)
        #expect(messages(of: Array(bytes.prefix(cut.count))).count == cut.found)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func walksOverAnyBytesAndStaysWithinThem(seed: UInt64) {
        var generator = SeededGenerator(seed: 300 + seed)
        for _ in 0..<200 {
            let bytes = generator.bytes(0...160, often: [0, 0, 0, 0, 16, 20])
            let found = messages(of: bytes)
            #expect(found.reduce(0) { $0 + 16 + $1.payload.count } <= bytes.count)
        }
    }
}
