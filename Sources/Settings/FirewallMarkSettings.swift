/// The packet marks by which IPVS knows what belongs to one Service, where an address and a port do
/// not say it.
package struct FirewallMarkSettings: Hashable, Sendable {
    /// The first mark; a multiple of the number of marks, and not zero.
    package var base: UInt32 = 0x1000
    /// The number of bits in which the marks differ; 1…24.
    package var bits = 12

    package init() {}

    /// All marks.
    package var range: ClosedRange<UInt32> { base...(base | (size - 1)) }

    fileprivate var size: UInt32 { 1 << UInt32(bits) }
}

extension FirewallMarkSettings: ConfigurationSection {
    static var fields: [Field<FirewallMarkSettings>] {
        [
            .value(
                "base",
                \.base,
                .mark,
                "The first mark: a multiple of the number of marks that bits gives."
            ),
            .value(
                "bits",
                \.bits,
                .wholeNumber(1...24),
                "The number of bits in which the marks differ; 12 of them give 4096 marks."
            ),
        ]
    }

    var contradictions: [Contradiction] {
        guard !base.isMultiple(of: size) else { return [] }
        let text = ValueForm.mark.print(base)
        let unit = ValueForm.mark.print(size)
        return [
            Contradiction(
                "base",
                keys: ["base", "bits"],
                value: text,
                "\"\(text)\" is not a multiple of \(unit), which is the number of marks with bits: "
                    + "\(bits)"
            )
        ]
    }

    /// What is wrong between these marks and the bit for masquerading, in `configuration`.
    static func contradictions(in configuration: FairleadConfiguration) -> [Contradiction] {
        let marks = configuration.ipvs.firewallMarks
        let bit = configuration.masquerade.bit
        let isInside = bit < marks.bits
        guard isInside || marks.base >> UInt32(bit) & 1 == 1 else { return [] }
        let form = ValueForm.mark
        let range = "\(form.print(marks.range.lowerBound))…\(form.print(marks.range.upperBound))"
        return [
            Contradiction(
                "masquerade.bit",
                keys: ["masquerade.bit", "ipvs.firewallMarks.base", "ipvs.firewallMarks.bits"],
                value: "\(bit)",
                "\"\(bit)\" is the bit \(form.print(1 << UInt32(bit))), which is set in "
                    + "\(isInside ? "some" : "all") of the marks \(range) of ipvs.firewallMarks; "
                    + "choose another bit, or other marks"
            )
        ]
    }
}

extension ValueForm where Value == UInt32 {
    /// A packet mark other than zero, which is that of packets without one.
    static let mark = Self(
        allowed: "0x1…0xffffffff, or the same in decimal"
    ) { text throws(InvalidValue) in
        let isHexadecimal = text.hasPrefix("0x")
        let digits = isHexadecimal ? text.dropFirst(2) : text[...]
        let isNumber = !digits.isEmpty && digits.allSatisfy { $0.isASCII && $0.isHexDigit }
        guard isNumber, let mark = UInt32(digits, radix: isHexadecimal ? 16 : 10), mark > 0 else {
            throw InvalidValue(
                "\"\(text)\" is not a packet mark; allowed: 0x1…0xffffffff, or the same in decimal"
            )
        }
        return mark
    } print: {
        "0x" + String($0, radix: 16)
    }
}
