import Testing

@testable import Listing

@Suite struct LargeNumberTests {
    struct Number: CustomTestStringConvertible {
        let number: UInt64
        let short: String
        let exact: String

        var testDescription: String { "\(number)" }
    }

    @Test(arguments: [
        Number(number: 0, short: "        0", exact: "        0"),
        Number(number: 7, short: "        7", exact: "        7"),
        Number(number: 12_345_678, short: " 12345678", exact: " 12345678"),
        Number(number: 99_999_999, short: " 99999999", exact: " 99999999"),
        Number(number: 100_000_000, short: "  100000K", exact: " 100000000"),
        Number(number: 120_567_890, short: "  120567K", exact: " 120567890"),
        Number(number: 999_999_999, short: "  999999K", exact: " 999999999"),
        Number(number: 1_000_000_000, short: "    1000M", exact: " 1000000000"),
        Number(number: 99_999_999_999, short: "   99999M", exact: " 99999999999"),
        Number(number: 100_000_000_000, short: "     100G", exact: " 100000000000"),
        Number(number: 99_999_999_999_999, short: "   99999G", exact: " 99999999999999"),
        Number(number: 100_000_000_000_000, short: "     100T", exact: " 100000000000000"),
        Number(number: .max - 1, short: "18446744T", exact: " 18446744073709551614"),
        Number(number: .max, short: "18446744T", exact: " 18446744073709551615"),
    ])
    func takesTheUnitsOfIpvsadm(_ number: Number) {
        #expect(largeNumber(number.number, exact: false) == number.short)
        #expect(largeNumber(number.number, exact: true) == number.exact)
    }
}
