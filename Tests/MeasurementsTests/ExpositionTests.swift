import Measurements
import TestSupport
import Testing

@Suite struct ExpositionTests {
    private func text(_ body: (inout Exposition) -> Void) -> String {
        var exposition = Exposition()
        body(&exposition)
        return String(decoding: exposition.bytes, as: UTF8.self)
    }

    @Test func aFamilyIsItsTwoCommentsAndItsSeries() {
        let text = text {
            $0.begin(MetricFamily(.counter, "answers_total", "Answers, by code."))
            $0.add(["code": "200", "path": "/"], count: 12)
            $0.add(["code": "404", "path": "/"], count: 0)
            $0.add(.gauge, "age_seconds", "Age.", 0.25)
        }
        #expect(
            text == """
                # HELP answers_total Answers, by code.
                # TYPE answers_total counter
                answers_total{code="200",path="/"} 12
                answers_total{code="404",path="/"} 0
                # HELP age_seconds Age.
                # TYPE age_seconds gauge
                age_seconds 0.25

                """
        )
    }

    @Test(arguments: [
        (#"plain"#, #"plain"#), (#"a"b"#, #"a\"b"#), (#"a\b"#, #"a\\b"#), ("a\nb", #"a\nb"#),
        ("Grüße {},= 🚢", "Grüße {},= 🚢"), ("", ""),
    ])
    func escapesWhatHasAMeaningInLabels(value: String, written: String) throws {
        let text = text {
            $0.begin(MetricFamily(.gauge, "one", "One."))
            $0.add(["label": value], 1)
        }
        #expect(text.contains("one{label=\"\(written)\"} 1\n"))
        #expect(try ParsedExposition(text)["one", ["label": value]] == 1)
    }

    @Test func escapesHelp() {
        let text = text { $0.begin(MetricFamily(.gauge, "one", "a\\b\nc \"d\"")) }
        #expect(text.hasPrefix("# HELP one a\\\\b\\nc \"d\"\n"))
    }

    @Test(
        arguments: [
            (0.0, "0"), (1, "1"), (0.1, "0.1"), (-2, "-2"), (1e15, "1000000000000000"),
            (1e-7, "1e-07"),
            (1e300, "1e+300"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
            (1_763_740_000.125, "1763740000.125"),
        ] as [(Double, String)]
    )
    func writesNumbersAsGoReadsThem(value: Double, written: String) {
        let text = text {
            $0.begin(MetricFamily(.gauge, "one", "One."))
            $0.add([:], value)
        }
        #expect(text.hasSuffix("\none \(written)\n"))
    }

    @Test(arguments: [0, 7, 10, 1_234_567_890_123_456_789, UInt64.max])
    func writesWholeNumbersWhole(_ number: UInt64) {
        let text = text {
            $0.begin(MetricFamily(.counter, "one_total", "One."))
            $0.add(count: number)
        }
        #expect(text.hasSuffix("\none_total \(number)\n"))
    }

    @Test func aHistogramIsCumulative() {
        var histogram = Histogram(bounds: [0.5, 1])
        for value in [0.25, 0.5, 0.75, 4] { histogram.observe(value) }
        var exposition = Exposition()
        exposition.begin(MetricFamily(.histogram, "time_seconds", "Time."))
        exposition.add(["ip_family": "IPv4"], histogram)
        #expect(
            String(decoding: exposition.bytes, as: UTF8.self) == """
                # HELP time_seconds Time.
                # TYPE time_seconds histogram
                time_seconds_bucket{ip_family="IPv4",le="0.5"} 2
                time_seconds_bucket{ip_family="IPv4",le="1"} 3
                time_seconds_bucket{ip_family="IPv4",le="+Inf"} 4
                time_seconds_sum{ip_family="IPv4"} 5.5
                time_seconds_count{ip_family="IPv4"} 4

                """
        )
        #expect(exposition.seriesCount == 5)
    }

    @Test func hasTheBoundsOfKubeProxy() {
        #expect(Histogram.roundBounds.count == 15)
        #expect(Histogram.roundBounds.last == 16.384)
        #expect(Histogram.programmingBounds.count == 2 + 59 + 12 + 7)
        #expect(Histogram.programmingBounds == Histogram.programmingBounds.sorted())
        #expect(Set(Histogram.programmingBounds).count == 80)
        #expect(Histogram.programmingBounds.last == 300)
    }

    @Test(arguments: [
        "one 1\n", "# TYPE one gauge\none 1\n", "# HELP one One.\none 1\n",
        "# HELP one One.\n# TYPE one gauge\none 1",
        "# HELP one One.\n# TYPE one gauge\none 1\none 1\n",
        "# HELP one One.\n# TYPE one gauge\none{a=\"b\",} 1\n",
        "# HELP one One.\n# TYPE one gauge\none{a=\"\\x\"} 1\n",
        "# HELP one One.\n# TYPE one gauge\none{a=\"b\",a=\"c\"} 1\n",
        "# HELP one One.\n# TYPE one gauge\none one\n",
        "# HELP one One.\n# TYPE one counter\none 1\n",
        "# HELP one One.\n# TYPE one gauge\ntwo 1\n", "# HELP 1 One.\n# TYPE 1 gauge\n1 1\n",
        "# HELP one One.\n# TYPE one histogram\none_bucket{le=\"1\"} 1\none_sum 1\none_count 1\n",
    ])
    func theParserOfTheTestsRefusesWhatIsWrong(_ text: String) {
        #expect(throws: ParsedExposition.Mistake.self) { try ParsedExposition(text) }
    }
}
