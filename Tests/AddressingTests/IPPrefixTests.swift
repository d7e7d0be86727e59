import Addressing
import Testing
import TestSupport

@Suite struct IPPrefixTests {
    struct Range: CustomTestStringConvertible {
        let prefix: String
        let inside: [String]
        let outside: [String]

        var testDescription: String { prefix }
    }

    @Test(arguments: [
        Range(
            prefix: "0.0.0.0/0",
            inside: ["0.0.0.0", "255.255.255.255"],
            outside: ["::", "::1"]
        ),
        Range(prefix: "::/0", inside: ["::", "ffff::"], outside: ["0.0.0.0", "10.0.0.1"]),
        Range(
            prefix: "10.96.0.1/32",
            inside: ["10.96.0.1"],
            outside: ["10.96.0.0", "10.96.0.2", "::10.96.0.1"]
        ),
        Range(prefix: "fd00::1/128", inside: ["fd00::1"], outside: ["fd00::", "fd00::2"]),
        Range(
            prefix: "10.96.0.0/12",
            inside: ["10.96.0.0", "10.111.255.255"],
            outside: ["10.95.255.255", "10.112.0.0"]
        ),
        Range(
            prefix: "128.0.0.0/1",
            inside: ["128.0.0.0", "255.255.255.255"],
            outside: ["127.255.255.255"]
        ),
        Range(
            prefix: "10.0.0.2/31",
            inside: ["10.0.0.2", "10.0.0.3"],
            outside: ["10.0.0.1", "10.0.0.4"]
        ),
        Range(
            prefix: "fd00:10:96::/48",
            inside: ["fd00:10:96::", "fd00:10:96:ffff::1"],
            outside: ["fd00:10:95:ffff::", "fd00:10:97::"]
        ),
        Range(
            prefix: "fd00::/64",
            inside: ["fd00::ffff:ffff:ffff:ffff"],
            outside: ["fd00:0:0:1::"]
        ),
        Range(
            prefix: "fd00::/65",
            inside: ["fd00::7fff:ffff:ffff:ffff"],
            outside: ["fd00::8000:0:0:0"]
        ),
        Range(prefix: "fd00::2/127", inside: ["fd00::3"], outside: ["fd00::1", "fd00::4"]),
    ])
    func holdsTheAddressesOfItsRange(_ range: Range) throws {
        let prefix = try IPPrefix(range.prefix)
        #expect(prefix.description == range.prefix)
        for text in range.inside { #expect(try prefix.contains(IPAddress(text)), "\(text)") }
        for text in range.outside { #expect(try !prefix.contains(IPAddress(text)), "\(text)") }
    }

    struct Cut: CustomTestStringConvertible {
        let address: String
        let length: Int
        let prefix: String

        var testDescription: String { "\(address)/\(length) → \(prefix)" }
    }

    @Test(arguments: [
        Cut(address: "10.1.2.3", length: 8, prefix: "10.0.0.0/8"),
        Cut(address: "10.1.2.3", length: 32, prefix: "10.1.2.3/32"),
        Cut(address: "10.1.2.3", length: 0, prefix: "0.0.0.0/0"),
        Cut(address: "10.1.2.3", length: -5, prefix: "0.0.0.0/0"),
        Cut(address: "10.1.2.3", length: 99, prefix: "10.1.2.3/32"),
        Cut(address: "fd00:1:2:3:4:5:6:7", length: 0, prefix: "::/0"),
        Cut(address: "fd00:1:2:3:4:5:6:7", length: 63, prefix: "fd00:1:2:2::/63"),
        Cut(address: "fd00:1:2:3:4:5:6:7", length: 64, prefix: "fd00:1:2:3::/64"),
        Cut(address: "fd00:1:2:3:84:5:6:7", length: 72, prefix: "fd00:1:2:3::/72"),
        Cut(address: "fd00:1:2:3:4:5:6:7", length: 128, prefix: "fd00:1:2:3:4:5:6:7/128"),
        Cut(address: "fd00:1:2:3:4:5:6:7", length: .max, prefix: "fd00:1:2:3:4:5:6:7/128"),
        Cut(address: "fd00:1:2:3:4:5:6:7", length: .min, prefix: "::/0"),
    ])
    func clearsTheBitsBehindItsLength(_ cut: Cut) throws {
        let prefix = IPPrefix(holding: try IPAddress(cut.address), length: cut.length)
        #expect(prefix.description == cut.prefix)
        #expect(try IPPrefix(cut.prefix) == prefix)
    }

    @Test func readsWhatHasHostBitsWhereThatIsAllowed() throws {
        #expect(try IPPrefix(clearingHostBitsOf: "10.1.2.3/8").description == "10.0.0.0/8")
        #expect(try IPPrefix(clearingHostBitsOf: "fd00::1/64").description == "fd00::/64")
        #expect(try IPPrefix(clearingHostBitsOf: "10.1.2.3/32").description == "10.1.2.3/32")
        #expect(throws: AddressError.prefixLength("10.1.2.3/33", allowed: 32)) {
            try IPPrefix(clearingHostBitsOf: "10.1.2.3/33")
        }
    }

    @Test(arguments: 0..<4 as Swift.Range<UInt64>)
    func holdsExactlyTheAddressesThatAgreeInItsBits(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        func bits(_ address: IPAddress) -> [Bool] {
            address.bytes.flatMap { byte in (0..<8).map { byte & 0x80 >> UInt8($0) != 0 } }
        }
        for _ in 0..<500 {
            let address = generator.address()
            let length = Int.random(in: 0...address.family.bits, using: &generator)
            let prefix = IPPrefix(holding: address, length: length)
            #expect(prefix.contains(address))
            #expect(try IPPrefix(prefix.description) == prefix)
            #expect(bits(prefix.address).dropFirst(length).allSatisfy { !$0 })

            // A neighbour with one bit turned is inside when that bit is a free one.
            let turned = Int.random(in: 0..<address.family.bits, using: &generator)
            var bytes = address.bytes
            bytes[turned / 8] ^= 0x80 >> UInt8(turned % 8)
            let neighbour = try #require(
                IPAddress(family: address.family, bytes: bytes)
            )
            #expect(prefix.contains(neighbour) == (turned >= length))
        }
    }
}
