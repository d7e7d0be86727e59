/// What a stopwatch says.
enum Timing {
    static func median(_ values: [Double]) -> Double {
        values.sorted()[values.count / 2]
    }

    static func seconds(_ body: () throws -> Void) rethrows -> Double {
        seconds(try ContinuousClock().measure(body))
    }

    static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }
}
