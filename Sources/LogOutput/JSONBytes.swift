/// JSON text as it grows, in UTF-8 and without spaces (RFC 8259).
struct JSONBytes {
    private(set) var bytes: [UInt8] = []

    mutating func appendRaw(_ text: StaticString) {
        append(text.description)
    }

    mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    /// A string with its quotes.
    ///
    /// Also escaped is what JSON would let stand, but moves the cursor of a terminal: U+007F…U+009F.
    mutating func appendString(_ text: String) {
        appendRaw("\"")
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": appendRaw("\\\"")
            case "\\": appendRaw("\\\\")
            case "\n": appendRaw("\\n")
            case "\r": appendRaw("\\r")
            case "\t": appendRaw("\\t")
            case "\u{00}"..."\u{1F}", "\u{7F}"..."\u{9F}": appendEscaped(scalar)
            default: bytes.append(contentsOf: scalar.utf8)
            }
        }
        appendRaw("\"")
    }

    private mutating func appendEscaped(_ scalar: Unicode.Scalar) {
        appendRaw("\\u00")
        for shift in [4, 0] {
            let digit = UInt8(scalar.value >> UInt32(shift) & 0xf)
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }

    /// `{"name":value}`; the names must differ.
    mutating func appendObject<Value>(
        _ fields: some Sequence<(String, Value)>,
        _ appendValue: (inout JSONBytes, Value) -> Void
    ) {
        appendRaw("{")
        for (index, (name, value)) in fields.enumerated() {
            if index > 0 { appendRaw(",") }
            appendString(name)
            appendRaw(":")
            appendValue(&self, value)
        }
        appendRaw("}")
    }

    /// `[value,value]`.
    mutating func appendArray<Value>(
        _ values: some Sequence<Value>,
        _ appendValue: (inout JSONBytes, Value) -> Void
    ) {
        appendRaw("[")
        for (index, value) in values.enumerated() {
            if index > 0 { appendRaw(",") }
            appendValue(&self, value)
        }
        appendRaw("]")
    }
}
