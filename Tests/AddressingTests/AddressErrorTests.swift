import Addressing
import Testing

@Suite struct AddressErrorTests {
    struct Refusal: CustomTestStringConvertible {
        let text: String
        let error: AddressError
        let sentence: String

        init(_ text: String, _ error: AddressError, _ sentence: String) {
            self.text = text
            self.error = error
            self.sentence = sentence
        }

        static func notAnAddress(_ text: String) -> Refusal {
            Refusal(text, .notAnAddress(text), "\"\(text)\" is not an IPv4 or IPv6 address")
        }

        static func leadingZero(_ text: String) -> Refusal {
            Refusal(
                text,
                .leadingZero(text),
                "\"\(text)\" has a number with a leading zero, which some programs read as octal; "
                    + "write it without the zero"
            )
        }

        static func zone(_ text: String) -> Refusal {
            Refusal(
                text,
                .zone(text),
                "\"\(text)\" carries a zone; write the address without what follows \"%\""
            )
        }

        static func notAPrefix(_ text: String) -> Refusal {
            Refusal(
                text,
                .notAPrefix(text),
                "\"\(text)\" is not a prefix such as 10.0.0.0/8 or fd00::/8"
            )
        }

        var testDescription: String { "\"\(text)\"" }
    }

    private func error(_ read: () throws(AddressError) -> Void) -> AddressError? {
        do throws(AddressError) {
            try read()
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        Refusal("", .empty, "is empty; an IPv4 or IPv6 address belongs here"),
        .notAnAddress("localhost"),
        .notAnAddress("10.0.0"),
        .notAnAddress("10.0.0.0.1"),
        .notAnAddress("10.0.0."),
        .notAnAddress(".10.0.0.1"),
        .notAnAddress("10..0.1"),
        .notAnAddress("10.0.0.256"),
        .notAnAddress("10.0.0.-1"),
        .notAnAddress("10.0.0.+1"),
        .notAnAddress("10.0.0.0x1"),
        .notAnAddress(" 10.0.0.1"),
        .notAnAddress("10.0.0.1 "),
        .notAnAddress("10.0.0.1/8"),
        .notAnAddress("10.0.0.1%eth0"),
        .notAnAddress("10.0.0.١"),
        .notAnAddress(":"),
        .notAnAddress(":::"),
        .notAnAddress(":1::2"),
        .notAnAddress("1::2:"),
        .notAnAddress("1::2::3"),
        .notAnAddress("1:2:3:4:5:6:7"),
        .notAnAddress("1:2:3:4:5:6:7:8:9"),
        .notAnAddress("1:2:3:4::5:6:7:8"),
        .notAnAddress("12345::"),
        .notAnAddress("00000::"),
        .notAnAddress("+1::"),
        .notAnAddress("g::"),
        .notAnAddress("[::1]"),
        .notAnAddress("::1.2.3"),
        .notAnAddress("::1.2.3.256"),
        .notAnAddress("1.2.3.4::"),
        .notAnAddress("1:2:3:4:5:6:7:1.2.3.4"),
        .leadingZero("010.0.0.1"),
        .leadingZero("10.0.0.00"),
        .leadingZero("10.0.08.1"),
        .leadingZero("::ffff:10.0.0.01"),
        .zone("fe80::1%eth0"),
        .zone("fe80::1%"),
        .zone("%::1"),
    ])
    func namesWhatIsWrongWithAnAddress(_ refusal: Refusal) {
        let found = error { () throws(AddressError) in _ = try IPAddress(refusal.text) }
        #expect(found == refusal.error)
        #expect(found?.description == refusal.sentence)
    }

    /// A number that is small only after it has left the range of its type.
    @Test(arguments: [
        "4294967297.0.0.1", "10.0.0.4294967296", "10.0.0.8589934593", "::4294967297.0.0.1",
        "99999999999999999999.0.0.1", "10.0.0.4294967551",
    ])
    func refusesNumbersFarAbove255(_ text: String) {
        let found = error { () throws(AddressError) in _ = try IPAddress(text) }
        #expect(found == .notAnAddress(text))
    }

    @Test(
        arguments: [
            .notAPrefix(""),
            .notAPrefix("10.0.0.0"),
            .notAPrefix("/8"),
            .notAPrefix("10.0.0.0/"),
            .notAPrefix("10.0.0.0/8/8"),
            .notAPrefix("10.0.0.0/+8"),
            .notAPrefix("10.0.0.0/-1"),
            .notAPrefix("10.0.0.0/255.0.0.0"),
            .notAPrefix("10.0.0.0/ 8"),
            .leadingZero("10.0.0.0/08"),
            .leadingZero("10.0.0.0/00"),
            .leadingZero("fd00::/0128"),
            .notAPrefix("10.0.0.0/٨"),
            Refusal(
                "10.0.0/8",
                .notAnAddress("10.0.0"),
                "\"10.0.0\" is not an IPv4 or IPv6 address"
            ),
            Refusal(
                "fe80::%eth0/64",
                .zone("fe80::%eth0"),
                "\"fe80::%eth0\" carries a zone; write the address without what follows \"%\""
            ),
            Refusal(
                "10.0.0.0/33",
                .prefixLength("10.0.0.0/33", allowed: 32),
                "\"10.0.0.0/33\" has a prefix length outside 0…32"
            ),
            Refusal(
                "fd00::/129",
                .prefixLength("fd00::/129", allowed: 128),
                "\"fd00::/129\" has a prefix length outside 0…128"
            ),
            Refusal(
                "10.1.2.3/8",
                .hostBits("10.1.2.3/8", prefix: "10.0.0.0/8"),
                "\"10.1.2.3/8\" has bits set behind its prefix length; 10.0.0.0/8 would be right"
            ),
            Refusal(
                "fd00::1/64",
                .hostBits("fd00::1/64", prefix: "fd00::/64"),
                "\"fd00::1/64\" has bits set behind its prefix length; fd00::/64 would be right"
            ),
            Refusal(
                "0.0.0.1/0",
                .hostBits("0.0.0.1/0", prefix: "0.0.0.0/0"),
                "\"0.0.0.1/0\" has bits set behind its prefix length; 0.0.0.0/0 would be right"
            ),
            Refusal(
                "::1/127",
                .hostBits("::1/127", prefix: "::/127"),
                "\"::1/127\" has bits set behind its prefix length; ::/127 would be right"
            ),
        ] as [Refusal]
    )
    func namesWhatIsWrongWithAPrefix(_ refusal: Refusal) {
        let found = error { () throws(AddressError) in _ = try IPPrefix(refusal.text) }
        #expect(found == refusal.error)
        #expect(found?.description == refusal.sentence)
    }
}
