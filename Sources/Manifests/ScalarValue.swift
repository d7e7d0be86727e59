import Yams

/// What a YAML scalar means in YAML 1.1, which `kubectl` reads.
///
/// But `y` and `n` are texts: they are names more often than answers.
enum ScalarValue: Equatable {
    case null
    case boolean(Bool)
    case wholeNumber(Int)
    case number(Double)
    case text(String)
    /// A mapping or a sequence.
    case none

    init(_ node: Node) {
        guard case .scalar(let scalar) = node else {
            self = .none
            return
        }
        let tag = scalar.tag.rawValue
        // A quoted scalar is a text, unless a tag such as !!int says otherwise.
        let isText =
            tag == Tag.Name.implicit.rawValue
            ? scalar.style != .plain
            : tag == Tag.Name.str.rawValue || tag == Tag.Name.nonSpecific.rawValue
        self = isText ? .text(scalar.string) : Self(plain: scalar.string)
    }

    init(plain text: String) {
        switch text {
        case "", "~", "null", "Null", "NULL":
            self = .null
        case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON":
            self = .boolean(true)
        case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF":
            self = .boolean(false)
        default:
            self = Self.number(text) ?? .text(text)
        }
    }

    private static func number(_ text: String) -> ScalarValue? {
        // No number starts otherwise; this spares most texts the attempts below.
        guard let first = text.utf8.first,
            first >= UInt8(ascii: "0") && first <= UInt8(ascii: "9")
                || first == UInt8(ascii: "-") || first == UInt8(ascii: "+")
                || first == UInt8(ascii: ".")
        else { return nil }
        let sign = text.hasPrefix("-") ? "-" : ""
        let digits = text.drop { $0 == "-" || $0 == "+" }.filter { $0 != "_" }
        guard text.count - digits.count <= 1 || text.contains("_"), !digits.isEmpty else {
            return nil
        }
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
            return Int(sign + digits.dropFirst(prefix.count), radix: radix).map { .wholeNumber($0) }
        }
        if digits.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) {
            // 010 is eight to some readers and ten to others: neither is what was meant.
            if digits.count > 1, digits.hasPrefix("0") { return nil }
            return Int(sign + digits).map { .wholeNumber($0) }
                ?? Double(sign + digits).map { .number($0) }
        }
        guard digits.utf8.allSatisfy({ isPartOfDecimal($0) }) else { return nil }
        return Double(sign + digits).map { .number($0) }
    }

    /// `Double` alone would take `nan`, `inf` and hexadecimal too.
    private static func isPartOfDecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "e"),
            UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"):
            true
        default:
            false
        }
    }
}
