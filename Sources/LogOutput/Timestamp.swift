/// A moment as logs write it: RFC 3339 in UTC, with milliseconds.
struct Timestamp: CustomStringConvertible {
    /// Since the beginning of 1970 in UTC, without leap seconds.
    let milliseconds: Int64

    /// `2026-02-28T23:59:59.007Z`.
    var description: String {
        let (day, time) = milliseconds.flooringDivision(by: 86_400_000)
        let date = Self.date(ofDay: day)
        let clock = [time / 3_600_000, time / 60_000 % 60, time / 1000 % 60]
            .map { Self.padded($0, 2) }.joined(separator: ":")
        return "\(Self.padded(date.year, 4))-\(Self.padded(date.month, 2))-"
            + "\(Self.padded(date.day, 2))T\(clock).\(Self.padded(time % 1000, 3))Z"
    }

    /// The date of a day counted from 1 January 1970, in the Gregorian calendar.
    ///
    /// Years are counted from 1 March, so that the day of a leap year comes last, and in eras of 400
    /// years, which all have the same days.
    private static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        // From 1 March of the year 0.
        let (era, dayOfEra) = (day + 719_468).flooringDivision(by: 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        // Five months from March, and the five that follow them, have 153 days each.
        let month = (5 * dayOfYear + 2) / 153
        return (
            year: era * 400 + yearOfEra + (month < 10 ? 0 : 1),
            month: month < 10 ? month + 3 : month - 9,
            day: dayOfYear - (153 * month + 2) / 5 + 1
        )
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Int64 {
    /// The greatest whole number of times that the divisor is in it, and what is left: never negative.
    fileprivate func flooringDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
