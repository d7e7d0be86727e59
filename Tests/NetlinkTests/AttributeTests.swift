import Testing

@testable import Netlink
import TestSupport

@Suite struct AttributeTests {
    struct Layout: CustomTestStringConvertible {
        let name: String
        let write: @Sendable (inout AttributeWriter) -> Void
        let bytes: [UInt8]

        var testDescription: String { name }

        init(
            _ name: String,
            _ bytes: [UInt8],
            _ write: @escaping @Sendable (inout AttributeWriter) -> Void
        ) {
            self.name = name
            self.bytes = bytes
            self.write = write
        }
    }

    private static func header(_ length: UInt16, _ type: UInt16) -> [UInt8] {
        native(length) + native(type)
    }

    static let layouts: [Layout] = [
        Layout("nothing", []) { _ in },
        Layout("fixed structures", [1] + native(UInt16(0x0203)) + native(UInt32(0x0405_0607)) + [0])
        {
            $0.raw(UInt8(1))
            $0.raw(UInt16(0x0203))
            $0.raw(UInt32(0x0405_0607))
            $0.zeros(1)
        },
        Layout("no zeros", []) { $0.zeros(0) },
        Layout("a byte", header(5, 9) + [0xab, 0, 0, 0]) { $0.attribute(9, UInt8(0xab)) },
        Layout("two bytes", header(6, 9) + native(UInt16(0xabcd)) + [0, 0]) {
            $0.attribute(9, UInt16(0xabcd))
        },
        Layout("four bytes", header(8, 9) + native(UInt32(0x1234_5678))) {
            $0.attribute(9, UInt32(0x1234_5678))
        },
        Layout("two bytes in network order", header(6, 9) + [0xab, 0xcd, 0, 0]) {
            $0.attribute(9, networkOrder: 0xabcd)
        },
        Layout("an empty text", header(5, 9) + [0, 0, 0, 0]) { $0.attribute(9, "") },
        Layout("a text that needs padding", header(7, 9) + [0x72, 0x72, 0, 0]) {
            $0.attribute(9, "rr")
        },
        Layout("a text that fills its words", header(8, 9) + [0x77, 0x6c, 0x63, 0]) {
            $0.attribute(9, "wlc")
        },
        Layout("any content", header(7, 9) + [1, 2, 3, 0]) {
            $0.attribute(9) { content in
                content.raw(UInt8(1))
                content.raw(UInt8(2))
                content.raw(UInt8(3))
            }
        },
        Layout("no content", header(4, 9)) { $0.attribute(9) { _ in } },
        Layout(
            "a nest, whose length counts the padding inside",
            header(20, 0x8009) + header(5, 1) + [7, 0, 0, 0] + header(7, 2) + [0x72, 0x72, 0, 0]
        ) {
            $0.nest(9) { nest in
                nest.attribute(1, UInt8(7))
                nest.attribute(2, "rr")
            }
        },
        Layout("an empty nest", header(4, 0x8009)) { $0.nest(9) { _ in } },
    ]

    @Test(arguments: layouts)
    func writesWhatTheKernelExpects(_ layout: Layout) {
        #expect(written(layout.write) == layout.bytes)
    }

    @Test func readsNumbersInTheOrderOfThisMachine() {
        let bytes = native(UInt64(0x0102_0304_0506_0708))
        let (whole, short, empty) = (bytes.span, native(UInt16(0x0a0b)), [UInt8]())
        let eight: UInt64 = whole.number()
        let fromShort: UInt32 = short.span.number()
        let fromEmpty: UInt32 = empty.span.number()
        #expect(eight == 0x0102_0304_0506_0708)
        #expect(fromShort == 0x0a0b)
        #expect(fromEmpty == 0)
    }

    @Test func readsTheStartOfALongerNumber() {
        let bytes = native(UInt32(0x0102_0304)) + [9, 9]
        let four: UInt32 = bytes.span.number()
        let one: UInt8 = [UInt8](arrayLiteral: 0x7f, 1).span.number()
        #expect(four == 0x0102_0304)
        #expect(one == 0x7f)
    }

    @Test func readsNetworkOrder() {
        func number(_ bytes: [UInt8]) -> UInt16 { bytes.span.networkOrderNumber() }
        #expect(number([0x1f, 0x90]) == 8080)
        #expect(number([0x1f, 0x90, 1, 2]) == 8080)
        #expect(number([0x1f]) == 0)
        #expect(number([]) == 0)
    }

    @Test func readsTextsUpToTheirEnd() {
        func text(_ bytes: [UInt8]) -> String { bytes.span.text() }
        #expect(text([]) == "")
        #expect(text([0]) == "")
        #expect(text([0x72, 0x72]) == "rr")
        #expect(text([0x72, 0x72, 0, 0x78]) == "rr")
        #expect(text([0xff, 0x72, 0]) == "\u{fffd}r")
    }

    @Test func hidesTheFlagsOfATypeAndKeepsItsNumber() {
        let payload = written {
            $0.attribute(0x8001, UInt8(1))
            $0.attribute(0x4002, UInt8(2))
            $0.attribute(0xc003, UInt8(3))
            $0.attribute(0x3fff, UInt8(4))
        }
        #expect(attributes(of: payload).map(\.type) == [1, 2, 3, 0x3fff])
    }

    struct Cut: CustomTestStringConvertible {
        let name: String
        let payload: [UInt8]
        let types: [UInt16]

        var testDescription: String { name }
    }

    @Test(arguments: [
        Cut(name: "nothing", payload: [], types: []),
        Cut(name: "less than a header", payload: [4, 0, 1], types: []),
        Cut(name: "only a header", payload: header(4, 1), types: [1]),
        Cut(name: "a length of 0", payload: header(0, 1) + header(4, 2), types: []),
        Cut(name: "less than its own header", payload: header(3, 1) + header(4, 2), types: []),
        Cut(name: "more than there is", payload: header(9, 1) + [0, 0, 0, 0], types: []),
        Cut(name: "far more than there is", payload: header(.max, 1), types: []),
        Cut(
            name: "a bad one behind a good one",
            payload: header(4, 1) + header(2, 2) + header(4, 3),
            types: [1]
        ),
        Cut(name: "the last one without padding", payload: header(5, 1) + [7], types: [1]),
        Cut(
            name: "the last one without all its padding",
            payload: header(4, 1) + header(5, 2) + [7, 0],
            types: [1, 2]
        ),
        Cut(name: "scraps behind the last", payload: header(4, 1) + [8, 0, 2], types: [1]),
    ])
    func stopsAtWhatCannotBeRead(_ cut: Cut) {
        #expect(attributes(of: cut.payload).map(\.type) == cut.types)
    }

    /// Anything that can be written.
    private indirect enum Content: Equatable {
        case byte(UInt8)
        case short(UInt16)
        case port(UInt16)
        case word(UInt32)
        case text(String)
        case bytes([UInt8])
        case nest([Content])

        static func generated(_ generator: inout SeededGenerator, depth: Int) -> Content {
            let kind = Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &generator)
            switch kind {
            case 0: return .byte(.random(in: 0...UInt8.max, using: &generator))
            case 1: return .short(.random(in: 0...UInt16.max, using: &generator))
            case 2: return .port(.random(in: 0...UInt16.max, using: &generator))
            case 3: return .word(.random(in: 0...UInt32.max, using: &generator))
            case 4: return .text(generator.pick(["", "rr", "wrr", "wlc", "eth0", "größer"]))
            case 5:
                return .bytes(
                    (0..<Int.random(in: 0...9, using: &generator)).map { _ in
                        .random(in: 0...UInt8.max, using: &generator)
                    }
                )
            default:
                return .nest(
                    (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                        generated(&generator, depth: depth - 1)
                    }
                )
            }
        }

        func write(_ type: UInt16, to writer: inout AttributeWriter) {
            switch self {
            case .byte(let value): writer.attribute(type, value)
            case .short(let value): writer.attribute(type, value)
            case .port(let value): writer.attribute(type, networkOrder: value)
            case .word(let value): writer.attribute(type, value)
            case .text(let text): writer.attribute(type, text)
            case .bytes(let bytes):
                writer.attribute(type) { content in for byte in bytes { content.raw(byte) } }
            case .nest(let contents):
                writer.nest(type) { nest in
                    for (index, content) in contents.enumerated() {
                        content.write(UInt16(index), to: &nest)
                    }
                }
            }
        }

        /// Reads back what is of the same kind as `self`.
        func reading(_ bytes: [UInt8]) -> Content {
            switch self {
            case .byte: return .byte(bytes.span.number())
            case .short: return .short(bytes.span.number())
            case .port: return .port(bytes.span.networkOrderNumber())
            case .word: return .word(bytes.span.number())
            case .text: return .text(bytes.span.text())
            case .bytes: return .bytes(bytes)
            case .nest(let contents):
                let found = attributes(of: bytes)
                guard found.map(\.type) == contents.indices.map({ UInt16($0) }) else {
                    return .nest([])
                }
                return .nest(zip(contents, found).map { $0.reading($1.content) })
            }
        }
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func readsBackWhatItWrote(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let contents = (0..<10).map { _ in Content.generated(&generator, depth: 3) }
        let payload = written { writer in
            for (index, content) in contents.enumerated() {
                content.write(UInt16(index + 100), to: &writer)
            }
        }
        #expect(payload.count % 4 == 0)
        let found = attributes(of: payload)
        #expect(found.map(\.type) == contents.indices.map { UInt16($0 + 100) })
        for (content, attribute) in zip(contents, found) {
            #expect(content.reading(attribute.content) == content)
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func walksOverAnyBytesAndStaysWithinThem(seed: UInt64) {
        var generator = SeededGenerator(seed: 300 + seed)
        for _ in 0..<200 {
            // Small numbers, so that lengths are often possible ones.
            let payload = generator.bytes(0...64, often: [0, 0, 0, 1, 4, 5, 8])
            let found = attributes(of: payload)
            let size = found.reduce(0) { $0 + 4 + $1.content.count }
            #expect(size <= payload.count)
            for attribute in found { _ = attributes(of: attribute.content) }
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func readsThePartThatIsWholeOfACutPayload(seed: UInt64) {
        var generator = SeededGenerator(seed: 600 + seed)
        let payload = written { writer in
            for type in 0..<8 {
                Content.generated(&generator, depth: 1).write(UInt16(type), to: &writer)
            }
        }
        let whole = attributes(of: payload)
        for count in 0...payload.count {
            let found = attributes(of: Array(payload.prefix(count)))
            #expect(found == Array(whole.prefix(found.count)))
        }
    }
}
