/// Why a text is not a number of bytes.
package enum QuantityError: Error, Hashable, Sendable, CustomStringConvertible {
    case notAQuantity(String)
    /// `256M`, `256m` or `256MiB`: other units than the three that are allowed.
    case unknownUnit(String, unit: String)
    case tooLarge(String)

    package var description: String {
        switch self {
        case .notAQuantity(let text):
            "\"\(text)\" is not a number of bytes such as 4096, 64Ki, 256Mi or 1Gi"
        case .unknownUnit(let text, let unit):
            "\"\(text)\" has the unit \"\(unit)\"; allowed are Ki, Mi, Gi and no unit for bytes"
        case .tooLarge(let text):
            "\"\(text)\" is more than 2^63 bytes"
        }
    }
}

/// A number of bytes, written as a Kubernetes quantity: a whole number, alone or with Ki, Mi or Gi.
package struct ByteQuantity: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Never negative when read from a text.
    package let bytes: Int

    private static let units = [("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10), ("", 1)]

    package init(bytes: Int) {
        self.bytes = bytes
    }

    /// Reads what `description` writes, and the same number in smaller units.
    package init(_ text: some StringProtocol) throws(QuantityError) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty else { throw .notAQuantity(String(text)) }
        let name = String(text[digits.endIndex...])
        guard let unit = Self.units.first(where: { $0.0 == name }) else {
            throw .unknownUnit(String(text), unit: name)
        }
        guard let number = Int(digits) else { throw .tooLarge(String(text)) }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: unit.1)
        guard !overflow else { throw .tooLarge(String(text)) }
        self.init(bytes: bytes)
    }

    /// In the largest unit that leaves a whole number: `256Mi`, `1536Ki`, `1000`.
    package var description: String {
        let unit = Self.units.first { bytes != 0 && bytes.isMultiple(of: $0.1) } ?? ("", 1)
        return "\(bytes / unit.1)\(unit.0)"
    }

    package static func < (left: ByteQuantity, right: ByteQuantity) -> Bool {
        left.bytes < right.bytes
    }
}
