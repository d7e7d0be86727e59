import ServiceModel
import Testing
import TestSupport

@Suite struct KubernetesDurationTests {
    @Test(
        "A duration is the sum of its parts",
        arguments: [
            ("0", Duration.zero), ("0s", .zero), ("-0s", .zero), ("0h0m", .zero),
            ("1h30m", .seconds(5400)), ("30m1h", .seconds(5400)), ("1m1m", .seconds(120)),
            ("500ms", .milliseconds(500)), ("1.5s", .milliseconds(1500)),
            (".5s", .milliseconds(500)),
            ("1.s", .seconds(1)), ("1us", .microseconds(1)), ("1µs", .microseconds(1)),
            ("1μs", .microseconds(1)), ("7ns", .nanoseconds(7)), ("-2s", .seconds(-2)),
            ("+2s", .seconds(2)), ("0.000000001s", .nanoseconds(1)), ("0.5us", .nanoseconds(500)),
            ("0.10000000000000000000000000s", .milliseconds(100)), ("007s", .seconds(7)),
            ("9223372036854775807ns", .nanoseconds(Int64.max)),
        ]
    )
    func reads(_ text: String, _ duration: Duration) throws(DurationError) {
        #expect(try Duration(kubernetesText: text) == duration)
    }

    @Test(
        "A text that is not a duration says why",
        arguments: [
            ("", DurationError.notADuration("")), ("-", .notADuration("-")),
            ("s", .notADuration("s")), (".s", .notADuration(".s")), (" 1s", .notADuration(" 1s")),
            ("--1s", .notADuration("--1s")), ("5", .missingUnit("5")), ("1h5", .missingUnit("1h5")),
            ("00", .missingUnit("00")), ("1d", .unknownUnit("1d", unit: "d")),
            ("1 s", .unknownUnit("1 s", unit: " s")), ("1S", .unknownUnit("1S", unit: "S")),
            ("1h-5m", .unknownUnit("1h-5m", unit: "h-")), ("1e3s", .unknownUnit("1e3s", unit: "e")),
            ("0.5ns", .notRepresentable("0.5ns")),
            ("9223372036854775808ns", .notRepresentable("9223372036854775808ns")),
            ("99999999999999999999s", .notRepresentable("99999999999999999999s")),
            ("9223372036854775807h", .notRepresentable("9223372036854775807h")),
            (
                "0.0000000000000000001s", .notRepresentable("0.0000000000000000001s")
            ),
        ]
    )
    func refuses(_ text: String, _ error: DurationError) {
        #expect(throws: error) { try Duration(kubernetesText: text) }
    }

    @Test(
        "A duration is printed in its shortest form",
        arguments: [
            (Duration.zero, "0s"), (.seconds(60), "1m"), (.seconds(3600), "1h"),
            (.seconds(5400), "1h30m"), (.seconds(3601), "1h1s"), (.milliseconds(1500), "1.5s"),
            (.milliseconds(500), "500ms"), (.microseconds(1500), "1.5ms"),
            (.nanoseconds(1500), "1.5us"), (.nanoseconds(1), "1ns"), (.seconds(-90), "-1m30s"),
            (.milliseconds(-1), "-1ms"), (.seconds(31 * 24 * 3600), "744h"),
        ]
    )
    func prints(_ duration: Duration, _ text: String) {
        #expect(duration.kubernetesText == text)
    }

    @Test("Every whole number of nanoseconds survives printing and reading", arguments: 0..<8)
    func roundTrips(_ seed: UInt64) throws(DurationError) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let bits =
                Int64(bitPattern: generator.next()) >> Int64.random(in: 1...63, using: &generator)
            let unit = generator.pick(
                [1, 1000, 1_000_000, 1_000_000_000, 3_600_000_000_000] as [Int64]
            )
            let duration = Duration.nanoseconds(bits / unit * unit)
            #expect(try Duration(kubernetesText: duration.kubernetesText) == duration)
        }
    }
}
