/// A counter in the nine columns that `ipvsadm` has for one: in units from 100 million on.
///
/// `exact` prints all digits, with one blank in front of what is longer than eight.
func largeNumber(_ number: UInt64, exact: Bool) -> String {
    if exact {
        let digits = String(number)
        return digits.aligned(to: digits.count <= 8 ? 9 : digits.count + 1)
    }
    // The steps are ipvsadm's own: a billion is already counted in millions.
    let units: [(limit: UInt64, divisor: UInt64, unit: String)] = [
        (1_000_000_000, 1_000, "K"),
        (100_000_000_000, 1_000_000, "M"),
        (100_000_000_000_000, 1_000_000_000, "G"),
        (.max, 1_000_000_000_000, "T"),
    ]
    if number < 100_000_000 { return String(number).aligned(to: 9) }
    let step = units.first { number < $0.limit } ?? units[3]
    return String(number / step.divisor).aligned(to: 8) + step.unit
}
