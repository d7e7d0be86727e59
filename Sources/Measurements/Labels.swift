/// The labels of one series, as they are written: `code="200",verb="GET"`.
///
/// Names are letters, digits and `_`, and none is given twice; values may be anything.
package struct Labels: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    package private(set) var bytes: [UInt8] = []

    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { append(name, value) }
    }

    package mutating func append(_ name: String, _ value: some StringProtocol) {
        bytes.appendLabel(name, value)
    }
}

extension [UInt8] {
    /// Adds a label behind those that are there; of its value, the three bytes that have a meaning in
    /// the format are escaped.
    mutating func appendLabel(_ name: String, _ value: some StringProtocol) {
        beginLabel(name)
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: "\""):
                append(UInt8(ascii: "\\"))
                append(byte)
            case UInt8(ascii: "\n"):
                append(UInt8(ascii: "\\"))
                append(UInt8(ascii: "n"))
            default:
                append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }

    /// Adds the name and the first quote of a label; the caller adds the value and the other quote.
    mutating func beginLabel(_ name: String) {
        if let last, last != UInt8(ascii: "{") { append(UInt8(ascii: ",")) }
        append(contentsOf: name.utf8)
        append(UInt8(ascii: "="))
        append(UInt8(ascii: "\""))
    }

    /// Adds a number in decimal digits, without making a text of it first.
    mutating func appendDigits(_ number: UInt64) {
        var rest = number
        let start = count
        repeat {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        var (low, high) = (start, count - 1)
        while low < high {
            swapAt(low, high)
            low += 1
            high -= 1
        }
    }
}
