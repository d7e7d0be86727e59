/// A field that holds another type of value than the API has there.
struct FieldMismatch: CustomStringConvertible {
    /// As `kubectl explain` writes it, below the decoder that was asked; empty for its own value.
    let field: String
    /// What is there and what would be right.
    let message: String

    var description: String { field.isEmpty ? message : "\(field): \(message)" }

    /// Looks up in `decoder` what the error is about, for no decoder's own text says what is there.
    init(_ error: any Error, in decoder: any Decoder) {
        guard let error = error as? DecodingError else {
            self.init(field: "", message: "\(error)")
            return
        }
        let (context, expected) = error.contextAndExpectation
        let path = context.codingPath.dropFirst(decoder.codingPath.count)
        if case .dataCorrupted = error, path.isEmpty {
            self.init(field: "", message: "holds a text or number that cannot be read")
            return
        }
        let found = FoundValue(at: path, below: decoder)
        self.init(
            field: Self.fieldPath(path),
            message: "is \(found); \(expected)\(found.hint(expected))"
        )
    }

    private init(field: String, message: String) {
        self.field = field
        self.message = message
    }

    /// `spec.ports[0].port`; a key that is no plain word is put in brackets.
    private static func fieldPath(_ path: some Sequence<any CodingKey>) -> String {
        var text = ""
        for key in path {
            if let index = key.intValue {
                text += "[\(index)]"
            } else if key.stringValue.contains(where: { !$0.isLetter && !$0.isNumber }) {
                text += "[\(key.stringValue)]"
            } else {
                text += text.isEmpty ? key.stringValue : "." + key.stringValue
            }
        }
        return text
    }
}

extension DecodingError {
    fileprivate var contextAndExpectation: (Context, FieldExpectation) {
        switch self {
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            (context, FieldExpectation(type))
        case .keyNotFound(_, let context):
            (context, .mapping)
        case .dataCorrupted(let context):
            (context, .wholeNumber)
        @unknown default:
            (Context(codingPath: [], debugDescription: ""), .mapping)
        }
    }
}

/// The type of value that belongs into a field.
private enum FieldExpectation: String, CustomStringConvertible {
    case text = "a text"
    case wholeNumber = "a whole number"
    case boolean = "true or false"
    case list = "a list"
    case mapping = "a mapping"

    init(_ type: any Any.Type) {
        self =
            if type is String.Type {
                .text
            } else if type is Int.Type {
                .wholeNumber
            } else if type is Bool.Type {
                .boolean
            } else if type is [Any].Type {
                .list
            } else {
                .mapping
            }
    }

    var description: String { "\(rawValue) belongs here" }
}

/// A value of any type, as a message names it.
private enum FoundValue: CustomStringConvertible {
    case nothing
    case boolean(Bool)
    case number(String)
    case text(String)
    case list
    case mapping
    case unknown

    init(at path: ArraySlice<any CodingKey>, below decoder: any Decoder) {
        do {
            self.init(try Self.decoder(at: path, below: decoder))
        } catch {
            self = .unknown
        }
    }

    private static func decoder(
        at path: ArraySlice<any CodingKey>,
        below decoder: any Decoder
    ) throws -> any Decoder {
        guard let key = path.first else { return decoder }
        let next: any Decoder
        if let index = key.intValue {
            var list = try decoder.unkeyedContainer()
            for _ in 0..<index { _ = try list.superDecoder() }
            next = try list.superDecoder()
        } else {
            next = try decoder.container(keyedBy: FieldKey.self)
                .superDecoder(forKey: FieldKey(stringValue: key.stringValue))
        }
        return try Self.decoder(at: path.dropFirst(), below: next)
    }

    private init(_ decoder: any Decoder) {
        guard let value = try? decoder.singleValueContainer() else {
            self = .unknown
            return
        }
        if value.decodeNil() {
            self = .nothing
        } else if let boolean = try? value.decode(Bool.self) {
            self = .boolean(boolean)
        } else if let number = try? value.decode(Int.self) {
            self = .number("\(number)")
        } else if let number = try? value.decode(Double.self) {
            self = .number("\(number)")
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if (try? decoder.unkeyedContainer()) != nil {
            self = .list
        } else if (try? decoder.container(keyedBy: FieldKey.self)) != nil {
            self = .mapping
        } else {
            self = .unknown
        }
    }

    var description: String {
        switch self {
        case .nothing: "null"
        case .boolean(let value): "\(value)"
        case .number(let text): "the number \(text)"
        case .text(let text): "the text \"\(text.prefix(80))\(text.count > 80 ? "…" : "")\""
        case .list: "a list"
        case .mapping: "a mapping"
        case .unknown: "unreadable"
        }
    }

    /// What to do about it where that is not plain to see.
    func hint(_ expected: FieldExpectation) -> String {
        switch (self, expected) {
        case (.text(let text), .wholeNumber) where Int(text) != nil: ", without quotes"
        case (.text("true"), .boolean), (.text("false"), .boolean): ", without quotes"
        case (.number, .text), (.boolean, .text): ", in quotes"
        default: ""
        }
    }
}
