/// Why a text is not a duration.
package enum DurationError: Error, Hashable, Sendable, CustomStringConvertible {
    case notADuration(String)
    /// `30`: seconds to one reader, nanoseconds to another.
    case missingUnit(String)
    case unknownUnit(String, unit: String)
    /// Finer than a nanosecond, or longer than 2^63 − 1 of them.
    case notRepresentable(String)

    package var description: String {
        switch self {
        case .notADuration(let text):
            "\"\(text)\" is not a duration such as 500ms, 1.5s or 1h30m"
        case .missingUnit(let text):
            "\"\(text)\" is a duration without a unit; write for example \(text)s"
        case .unknownUnit(let text, unit: "d"):
            "\"\(text)\" counts in days; the largest unit is h, so that one day is 24h"
        case .unknownUnit(let text, let unit):
            "\"\(text)\" has the unit \"\(unit)\"; allowed are ns, us, ms, s, m and h"
        case .notRepresentable(let text):
            "\"\(text)\" is finer than a nanosecond or longer than 292 years"
        }
    }
}

extension Duration {
    /// Reads a duration as Kubernetes and Go write it: `1h30m`, `500ms`, `1.5s`, `0`, `-2s`.
    ///
    /// The parts may stand in any order and are added up. The result is a whole number of
    /// nanoseconds; a text that is not is an error and never rounded.
    package init(kubernetesText text: some StringProtocol) throws(DurationError) {
        var rest = Substring(text).utf8
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        guard !rest.isEmpty else { throw .notADuration(String(text)) }
        var total: Int128 = 0
        if !rest.elementsEqual("0".utf8) {
            while !rest.isEmpty {
                total += try Self.nextPart(of: &rest, whole: text)
                guard total <= Int128(Int64.max) else { throw .notRepresentable(String(text)) }
            }
        }
        self = .nanoseconds(Int64(isNegative ? -total : total))
    }

    /// The nanoseconds of the number and unit at the front of `rest`, which it takes off.
    private static func nextPart(
        of rest: inout Substring.UTF8View,
        whole text: some StringProtocol
    ) throws(DurationError) -> Int128 {
        func takeDigits() -> Substring {
            let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            rest = rest[digits.endIndex...]
            return Substring(digits)
        }
        let wholeDigits = takeDigits()
        var fraction = Substring()
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = takeDigits()
        }
        guard !(wholeDigits.isEmpty && fraction.isEmpty) else { throw .notADuration(String(text)) }
        let unitBytes = rest.prefix {
            !($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")) && $0 != UInt8(ascii: ".")
        }
        rest = rest[unitBytes.endIndex...]
        let unit = String(Substring(unitBytes))
        guard !unit.isEmpty else { throw .missingUnit(String(text)) }
        guard let scale = nanosecondsPerUnit[unit] else {
            throw .unknownUnit(String(text), unit: unit)
        }
        while fraction.last == "0" { fraction.removeLast() }
        guard fraction.count <= 18,
            let number = Int64(wholeDigits.isEmpty ? "0" : wholeDigits),
            let numerator = Int64(fraction.isEmpty ? "0" : fraction)
        else { throw .notRepresentable(String(text)) }
        let denominator = fraction.reduce(Int128(1)) { power, _ in power * 10 }
        let part = (Int128(numerator) * scale).quotientAndRemainder(dividingBy: denominator)
        guard part.remainder == 0 else { throw .notRepresentable(String(text)) }
        return Int128(number) * scale + part.quotient
    }

    /// Micro has two signs in Unicode, and Go reads both.
    private static let nanosecondsPerUnit: [String: Int128] = [
        "ns": 1, "us": 1000, "\u{b5}s": 1000, "\u{3bc}s": 1000, "ms": 1_000_000,
        "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000,
    ]

    /// The shortest text that `init(kubernetesText:)` reads as this duration: `1h30m`, `1.5s`.
    ///
    /// What is finer than a nanosecond is cut off.
    package var kubernetesText: String {
        let seconds = components.seconds.magnitude
        let nanoseconds = (components.attoseconds / 1_000_000_000).magnitude
        var text = ""
        if seconds == 0, nanoseconds > 0 {
            text =
                switch nanoseconds {
                case 1_000_000...: Self.decimal(nanoseconds, scale: 6) + "ms"
                case 1000...: Self.decimal(nanoseconds, scale: 3) + "us"
                default: "\(nanoseconds)ns"
                }
        } else {
            if seconds >= 3600 { text += "\(seconds / 3600)h" }
            if seconds / 60 % 60 > 0 { text += "\(seconds / 60 % 60)m" }
            if seconds % 60 > 0 || nanoseconds > 0 || text.isEmpty {
                text += Self.decimal(seconds % 60 * 1_000_000_000 + nanoseconds, scale: 9) + "s"
            }
        }
        return self < .zero && text != "0s" ? "-" + text : text
    }

    /// `number` / 10^`scale`, without zeros at the end: `(1500, 3)` is `1.5`.
    private static func decimal(_ number: UInt64, scale: Int) -> String {
        let divisor = (0..<scale).reduce(UInt64(1)) { power, _ in power * 10 }
        let (whole, rest) = number.quotientAndRemainder(dividingBy: divisor)
        guard rest > 0 else { return "\(whole)" }
        var digits = String(String(divisor + rest).dropFirst())
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}
