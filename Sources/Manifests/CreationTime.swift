/// A time as Kubernetes writes it (RFC 3339), read without calendar, locale or time zone data.
enum CreationTime {
    /// Seconds since 1970, without a fraction; nil for what is no such time.
    static func seconds(_ text: String) -> Int64? { parse(text)?.seconds }

    /// Milliseconds since 1970, without what is finer; nil for what is no such time.
    static func milliseconds(_ text: String) -> Int64? {
        parse(text).map { $0.seconds * 1000 + $0.milliseconds }
    }

    private static func parse(_ text: String) -> (seconds: Int64, milliseconds: Int64)? {
        var rest = Array(text.utf8)[...]
        guard let year = number(of: 4, from: &rest), skip("-", in: &rest),
            let month = number(of: 2, from: &rest), (1...12).contains(month), skip("-", in: &rest),
            let day = number(of: 2, from: &rest), day >= 1,
            day <= days(in: month, of: year), skip("T", in: &rest) || skip("t", in: &rest),
            let hour = number(of: 2, from: &rest), hour < 24, skip(":", in: &rest),
            let minute = number(of: 2, from: &rest), minute < 60, skip(":", in: &rest),
            let second = number(of: 2, from: &rest), second <= 60
        else { return nil }
        var milliseconds: Int64 = 0
        if skip(".", in: &rest) {
            let digits = rest.prefix { isDigit($0) }
            guard !digits.isEmpty else { return nil }
            milliseconds = (digits.prefix(3) + [0x30, 0x30, 0x30]).prefix(3)
                .reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
            rest = rest.dropFirst(digits.count)
        }
        guard let offset = offset(from: &rest), rest.isEmpty else { return nil }
        let hours = daysSince1970(year, month, day) * 24 + hour
        return (hours * 3600 + minute * 60 + second - offset, milliseconds)
    }

    private static func offset(from rest: inout ArraySlice<UInt8>) -> Int64? {
        if skip("Z", in: &rest) || skip("z", in: &rest) { return 0 }
        let east = skip("+", in: &rest)
        guard east || skip("-", in: &rest), let hours = number(of: 2, from: &rest), hours < 24,
            skip(":", in: &rest), let minutes = number(of: 2, from: &rest), minutes < 60
        else { return nil }
        return (hours * 3600 + minutes * 60) * (east ? 1 : -1)
    }

    /// Years are counted from March, so that the day that comes and goes is the last one.
    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let leapDays = year / 4 - year / 100 + year / 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return year * 365 + leapDays + dayOfYear - 719_468
    }

    private static func days(in month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func number(of digits: Int, from rest: inout ArraySlice<UInt8>) -> Int64? {
        let taken = rest.prefix(digits)
        guard taken.count == digits, taken.allSatisfy({ isDigit($0) }) else { return nil }
        rest = rest.dropFirst(digits)
        return taken.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }

    private static func skip(_ character: Unicode.Scalar, in rest: inout ArraySlice<UInt8>) -> Bool
    {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }
}
