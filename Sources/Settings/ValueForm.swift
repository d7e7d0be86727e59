/// A text that a field does not take; `message` says so with the text in it.
struct InvalidValue: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

/// How one value is written in the file: what is allowed, how it is read and how it is printed.
struct ValueForm<Value>: Sendable {
    /// The end of the sentence "Allowed: …", without the full stop.
    let allowed: String
    let parse: @Sendable (String) throws(InvalidValue) -> Value
    /// The value as YAML, quoted where it must be.
    let print: @Sendable (Value) -> String

    init(
        allowed: String,
        parse: @escaping @Sendable (String) throws(InvalidValue) -> Value,
        print: @escaping @Sendable (Value) -> String
    ) {
        self.allowed = allowed
        self.parse = parse
        self.print = print
    }
}

extension ValueForm where Value == String {
    /// A text that `isValid` accepts; `noun` comes behind "is not".
    static func text(
        _ noun: String,
        allowed: String,
        where isValid: @escaping @Sendable (String) -> Bool
    ) -> Self {
        Self(allowed: allowed) { text throws(InvalidValue) in
            guard isValid(text) else {
                throw InvalidValue("\"\(text)\" is not \(noun); allowed: \(allowed)")
            }
            return text
        } print: {
            CommentedYAML.scalar($0)
        }
    }

    static let optionalPath = Self.text(
        "a path",
        allowed: "a path; a relative one begins where the program is started"
    ) { $0.isEmpty || isPath($0) }

    static let absolutePath = Self.text(
        "an absolute path",
        allowed: "an absolute path without \"..\", other than /"
    ) { text in
        let parts = text.split(separator: "/")
        return isPath(text) && text.hasPrefix("/") && !parts.isEmpty && !parts.contains("..")
    }

    /// Whether the kernel takes this as a path, and a message can show it.
    private static func isPath(_ text: String) -> Bool {
        1...4095 ~= text.utf8.count
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    /// The names the kernel takes, less those it takes for a pattern (`%`) or a label (`:`).
    static let interfaceName = Self.text(
        "a name for a network interface",
        allowed: "1…15 characters of ASCII, without \"/\", \":\", \"%\" and spaces"
    ) { text in
        1...15 ~= text.utf8.count && text != "." && text != ".."
            && text.utf8.allSatisfy {
                0x21...0x7e ~= $0 && !"/:%".utf8.contains($0)
            }
    }

    /// A namespace: an RFC 1123 label.
    static let namespace = Self.text(
        "a namespace",
        allowed: "1…63 lower-case letters, digits and \"-\" inside"
    ) { $0.utf8.count <= 63 && isWord($0[...]) }

    /// A Node's name, or the empty text.
    static let nodeName = Self.text(
        "the name of a Node",
        allowed: "lower-case letters, digits, \"-\" and \".\" inside, at most 253 characters"
    ) { text in
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.isEmpty || (text.utf8.count <= 253 && labels.allSatisfy { isWord($0) })
    }

    /// A zone: the value of a label in Kubernetes, or the empty text.
    static let zone = Self.text(
        "a zone",
        allowed: "letters, digits, and \"-\", \"_\" and \".\" inside, at most 63 characters"
    ) { text in
        func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
            scalar.isASCII
                && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        }
        let scalars = text.unicodeScalars
        return scalars.count <= 63
            && [scalars.first, scalars.last].allSatisfy { $0.map(isLetterOrDigit) ?? true }
            && scalars.allSatisfy { isLetterOrDigit($0) || "-_.".unicodeScalars.contains($0) }
    }

    /// Whether this is one or more of a-z, 0-9 and "-", with no "-" at either end.
    private static func isWord(_ text: Substring) -> Bool {
        let hyphen = UInt8(ascii: "-")
        return !text.isEmpty && text.utf8.first != hyphen && text.utf8.last != hyphen
            && text.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default:
                    $0 == hyphen
                }
            }
    }
}

extension ValueForm where Value: RawRepresentable<String> & CaseIterable & Sendable {
    /// One of the cases, by its raw value; `noun` comes behind "is not".
    static func oneOf(_ noun: String) -> Self {
        let names = Value.allCases.map(\.rawValue)
        let allowed = Spelling.enumeration(names)
        return Self(allowed: allowed) { text throws(InvalidValue) in
            guard let value = Value(rawValue: text) else {
                throw InvalidValue("\"\(text)\" is not \(noun); allowed are \(allowed)")
            }
            return value
        } print: {
            CommentedYAML.scalar($0.rawValue)
        }
    }
}

extension ValueForm where Value == Bool {
    static let truth = Self(allowed: "true and false") { text throws(InvalidValue) in
        switch text {
        case "true": true
        case "false": false
        default: throw InvalidValue("\"\(text)\" is not a truth value; write true or false")
        }
    } print: {
        $0 ? "true" : "false"
    }
}
