import Settings
import Testing
import TestSupport

@Suite struct ByteQuantityTests {
    @Test(
        "A quantity is a whole number of bytes, Ki, Mi or Gi",
        arguments: [
            ("0", 0), ("1000", 1000), ("1Ki", 1024), ("256Mi", 268_435_456), ("1Gi", 1 << 30),
            ("1024Ki", 1 << 20), ("9223372036854775807", Int.max),
        ]
    )
    func reads(_ text: String, _ bytes: Int) throws(QuantityError) {
        #expect(try ByteQuantity(text).bytes == bytes)
    }

    @Test(
        "A text that is not a quantity says why",
        arguments: [
            ("", QuantityError.notAQuantity("")), ("Mi", .notAQuantity("Mi")),
            ("-1Ki", .notAQuantity("-1Ki")), ("٣Ki", .notAQuantity("٣Ki")),
            ("256M", .unknownUnit("256M", unit: "M")),
            ("1.5Gi", .unknownUnit("1.5Gi", unit: ".5Gi")),
            ("1 Ki", .unknownUnit("1 Ki", unit: " Ki")), ("1ki", .unknownUnit("1ki", unit: "ki")),
            ("9223372036854775808", .tooLarge("9223372036854775808")),
            ("8589934592Gi", .tooLarge("8589934592Gi")),
        ]
    )
    func refuses(_ text: String, _ error: QuantityError) {
        #expect(throws: error) { try ByteQuantity(text) }
    }

    @Test(
        "A quantity is printed in the largest unit that leaves a whole number",
        arguments: [
            (0, "0"), (1, "1"), (1023, "1023"), (1024, "1Ki"), (1536, "1536"),
            (1_572_864, "1536Ki"), (1 << 30, "1Gi"), (3 << 40, "3072Gi"),
        ]
    )
    func prints(_ bytes: Int, _ text: String) {
        #expect(ByteQuantity(bytes: bytes).description == text)
    }

    @Test("Every quantity survives printing and reading", arguments: 0..<4)
    func roundTrips(_ seed: UInt64) throws(QuantityError) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let bytes = Int(generator.next() >> UInt64.random(in: 1...63, using: &generator))
            let quantity = ByteQuantity(bytes: bytes & ~generator.pick([0, 1023, 1 << 20 - 1]))
            #expect(try ByteQuantity("\(quantity)") == quantity)
        }
    }
}
