/// Moments as RFC 3339 writes them, in UTC.
package enum TimeText {
    /// `2026-11-21T15:42:00.25Z` for microseconds since 1970: as many digits behind the point as are
    /// needed, as Go does it.
    package static func text(microseconds: Int64) -> String {
        let (seconds, fraction) = dividing(microseconds, by: 1_000_000)
        let (days, second) = dividing(seconds, by: 86_400)
        let (year, month, day) = date(days)
        var text =
            "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
            + "T\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
        if fraction > 0 {
            var digits = padded(fraction, 6)[...]
            while digits.last == "0" { digits.removeLast() }
            text += "." + digits
        }
        return text + "Z"
    }

    private static func dividing(
        _ number: Int64,
        by divisor: Int64
    ) -> (quotient: Int64, remainder: Int64) {
        let remainder = (number % divisor + divisor) % divisor
        return ((number - remainder) / divisor, remainder)
    }

    /// The date in the Gregorian calendar so many days after 1 January 1970.
    ///
    /// Counted from 1 March of the year 0, so that the leap day is the last of a year.
    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = dividing(days + 719_468, by: 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let isNextYear: Int64 = month >= 10 ? 1 : 0
        return (yearOfEra + 400 * era + isNextYear, month < 10 ? month + 3 : month - 9, day)
    }

    private static func padded(_ number: Int64, _ digits: Int) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
