import Addressing
import Testing
import TestSupport

@Suite struct IPAddressTextTests {
    struct Spelling: CustomTestStringConvertible {
        let text: String
        let address: IPAddress
        /// How it is written; nil when `text` is already that.
        var canonical: String?

        var testDescription: String { text }

        static func ipv6(
            _ text: String,
            _ high: UInt64,
            _ low: UInt64,
            writtenAs canonical: String? = nil
        ) -> Spelling {
            Spelling(text: text, address: .ipv6(high: high, low: low), canonical: canonical)
        }
    }

    static let spellings: [Spelling] = [
        Spelling(text: "0.0.0.0", address: .ipv4(0)),
        Spelling(text: "10.96.0.1", address: .ipv4(0x0a60_0001)),
        Spelling(text: "127.0.0.1", address: .ipv4(0x7f00_0001)),
        Spelling(text: "255.255.255.255", address: .ipv4(.max)),
        .ipv6("::", 0, 0),
        .ipv6("::1", 0, 1),
        .ipv6("::ffff", 0, 0xffff),
        .ipv6("1::", 1 << 48, 0),
        .ipv6("fd00:10:96::a", 0xfd00_0010_0096_0000, 0xa),
        .ipv6("2001:db8::1:0:0:1", 0x2001_0db8_0000_0000, 0x0001_0000_0000_0001),
        // Of two runs of zeros the longer is cut, of equal ones the first, a single zero never.
        .ipv6("1:0:0:2::3", 0x0001_0000_0000_0002, 3),
        .ipv6("1::2:0:0:3", 1 << 48, 0x0002_0000_0000_0003, writtenAs: "1::2:0:0:3"),
        .ipv6("1:0:2:3:4:5:6:7", 0x0001_0000_0002_0003, 0x0004_0005_0006_0007),
        .ipv6("0:1:2:3:4:5:6:7", 0x0000_0001_0002_0003, 0x0004_0005_0006_0007),
        .ipv6("1:2:3:4:5:6:7:0", 0x0001_0002_0003_0004, 0x0005_0006_0007_0000),
        .ipv6("1:2:3:4:5:6::", 0x0001_0002_0003_0004, 0x0005_0006_0000_0000),
        .ipv6(
            "1:2:3:4:5:6:7::",
            0x0001_0002_0003_0004,
            0x0005_0006_0007_0000,
            writtenAs: "1:2:3:4:5:6:7:0"
        ),
        .ipv6(
            "::2:3:4:5:6:7:8",
            0x0000_0002_0003_0004,
            0x0005_0006_0007_0008,
            writtenAs: "0:2:3:4:5:6:7:8"
        ),
        .ipv6(
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            .max,
            .max
        ),
        // Dotted decimal behind ::ffff: and ::, and nowhere else.
        .ipv6("::ffff:10.0.0.1", 0, 0xffff_0a00_0001),
        .ipv6("::10.0.0.1", 0, 0x0a00_0001),
        .ipv6("::1:0", 0, 0x1_0000, writtenAs: "::0.1.0.0"),
        .ipv6("::ffff:0:0", 0, 0xffff_0000_0000, writtenAs: "::ffff:0.0.0.0"),
        .ipv6("::fffe:a00:1", 0, 0xfffe_0a00_0001),
        .ipv6("64:ff9b::10.0.0.1", 0x0064_ff9b_0000_0000, 0x0a00_0001, writtenAs: "64:ff9b::a00:1"),
        .ipv6(
            "1:2:3:4:5:6:7.8.9.10",
            0x0001_0002_0003_0004,
            0x0005_0006_0708_090a,
            writtenAs: "1:2:3:4:5:6:708:90a"
        ),
        // Read with capitals and zeros in front, written without.
        .ipv6("FD00::00AB", 0xfd00 << 48, 0xab, writtenAs: "fd00::ab"),
        .ipv6("0000:0:00::0", 0, 0, writtenAs: "::"),
    ]

    @Test(arguments: spellings)
    func readsEverySpelling(_ spelling: Spelling) throws {
        #expect(try IPAddress(spelling.text) == spelling.address)
    }

    @Test(arguments: spellings)
    func writesOneSpelling(_ spelling: Spelling) {
        #expect(spelling.address.description == spelling.canonical ?? spelling.text)
    }

    @Test(arguments: spellings)
    func tableAgreesWithTheCLibrary(_ spelling: Spelling) {
        #expect(CLibraryAddress.parse(spelling.text) == spelling.address)
        #expect(CLibraryAddress.text(of: spelling.address) == spelling.address.description)
    }

    @Test func readsPartsOfALongerText() throws {
        let text = "10.0.0.1 fd00::1"
        let words = text.split(separator: " ")
        #expect(
            try words.map { try IPAddress($0) } == [
                .ipv4(0x0a00_0001), .ipv6(high: 0xfd00 << 48, low: 1),
            ]
        )
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func writesWhatTheCLibraryWritesAndReadsItBack(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let address = generator.address()
            let text = address.description
            #expect(text == CLibraryAddress.text(of: address))
            #expect(try IPAddress(text) == address)
        }
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func readsWhatTheCLibraryReadsAfterSlipsOfTheKeyboard(seed: UInt64) {
        var generator = SeededGenerator(seed: 100 + seed)
        let keys = Array("0123456789abcdefABCDEFg::..%/ -+x")
        for _ in 0..<3_000 {
            var text = Array(generator.address().description)
            for _ in 0..<Int.random(in: 0...2, using: &generator) {
                let place = Int.random(in: 0...text.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: text.insert(generator.pick(keys), at: place)
                case 1 where place < text.count: text.remove(at: place)
                case 2 where place < text.count: text[place] = generator.pick(keys)
                default: break
                }
            }
            expectAgreement(String(text))
        }
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func readsWhatTheCLibraryReadsOfPiecesOfAddresses(seed: UInt64) {
        var generator = SeededGenerator(seed: 200 + seed)
        let pieces = [
            "0", "1", "ffff", "a", "00", "012", "12345", "fffff", "255", "256", "999", ":", ":",
            ":", "::", ".", ".", "10.0.0.1", "1.2.3", "%", "é",
        ]
        for _ in 0..<4_000 {
            let count = Int.random(in: 0...16, using: &generator)
            expectAgreement((0..<count).map { _ in generator.pick(pieces) }.joined())
        }
        for _ in 0..<1_000 {
            let groups = (0..<Int.random(in: 6...9, using: &generator)).map { _ in
                generator.pick(["0", "1", "", "abcd", "00001", "1.2.3.4"])
            }
            expectAgreement(groups.joined(separator: ":"))
        }
    }

    private func expectAgreement(
        _ text: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let ours = try? IPAddress(text)
        #expect(
            ours == CLibraryAddress.parse(text),
            "\"\(text)\"",
            sourceLocation: sourceLocation
        )
    }
}
