import Logging

extension JSONBytes {
    /// What it is in JSON: whole numbers, finite fractions, true and false are themselves, and all
    /// else that is no dictionary or array is its description as a string.
    mutating func appendValue(_ value: Logger.Metadata.Value) {
        switch value {
        case .string(let text): appendString(text)
        case .stringConvertible(let value): appendConvertible(value)
        case .dictionary(let fields):
            appendObject(fields.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }) {
                $0.appendValue($1)
            }
        case .array(let values): appendArray(values) { $0.appendValue($1) }
        }
    }

    private mutating func appendConvertible(_ value: any CustomStringConvertible) {
        switch value {
        case let number as any BinaryInteger: append(String(describing: number))
        case let number as Double where number.isFinite: append(number.description)
        case let number as Float where number.isFinite: append(number.description)
        case let flag as Bool: append(flag.description)
        default: appendString(value.description)
        }
    }
}
