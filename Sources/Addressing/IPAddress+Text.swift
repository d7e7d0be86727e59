extension IPAddress: CustomStringConvertible {
    /// The text that `inet_ntop` of the GNU C library gives, which `ipvsadm` and `ip` print.
    ///
    /// For IPv6 that is RFC 5952, and dotted decimal for the last 32 bits of `::ffff:0:0/96` and of
    /// `::/96` when more than the last 16 bits are set.
    package var description: String {
        family == .ipv4 ? Self.dotted(UInt32(truncatingIfNeeded: low)) : ipv6Text
    }

    private static func dotted(_ bits: UInt32) -> String {
        "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
    }

    private func group(_ index: Int) -> UInt16 {
        let half = index < 4 ? high : low
        return UInt16(truncatingIfNeeded: half >> UInt64(48 - 16 * (index & 3)))
    }

    private var ipv6Text: String {
        var best = 0..<0
        var index = 0
        while index < 8 {
            var end = index
            while end < 8, group(end) == 0 { end += 1 }
            if end - index > best.count, end - index >= 2 { best = index..<end }
            index = end + 1
        }
        var text = ""
        index = 0
        while index < 8 {
            if index == best.lowerBound, !best.isEmpty {
                text += "::"
                index = best.upperBound
                continue
            }
            if index > 0, index != best.upperBound || best.isEmpty { text += ":" }
            if index == 6, best.lowerBound == 0,
                best.count == 6 || (best.count == 5 && group(5) == 0xffff)
            {
                return text + Self.dotted(UInt32(truncatingIfNeeded: low))
            }
            text += String(group(index), radix: 16)
            index += 1
        }
        return text
    }
}

extension IPAddress {
    /// Reads an address as `inet_pton` does, and nothing more lenient.
    ///
    /// - Throws: `AddressError` for anything else; leading zeros and zones get an error of their own.
    package init(_ text: some StringProtocol) throws(AddressError) {
        guard !text.isEmpty else { throw .empty }
        if text.utf8.contains(UInt8(ascii: ":")) {
            guard !text.utf8.contains(UInt8(ascii: "%")) else { throw .zone(String(text)) }
            self = try Self.ipv6(parsing: text)
        } else {
            self = .ipv4(try Self.ipv4Bits(parsing: text.utf8, whole: text))
        }
    }

    private static func ipv4Bits(
        parsing bytes: some Sequence<UInt8>,
        whole text: some StringProtocol
    ) throws(AddressError) -> UInt32 {
        var bits: UInt32 = 0
        var number: UInt32 = 0
        var digits = 0
        var parts = 0
        var leadingZero = false
        func close() throws(AddressError) {
            guard digits > 0, number <= 255, parts < 4 else { throw .notAnAddress(String(text)) }
            bits = bits << 8 | number
            parts += 1
            number = 0
            digits = 0
        }
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if digits > 0, number == 0 { leadingZero = true }
                guard digits < 9 else { throw .notAnAddress(String(text)) }
                number = number &* 10 &+ UInt32(byte - UInt8(ascii: "0"))
                digits += 1
            case UInt8(ascii: "."):
                try close()
            default:
                throw .notAnAddress(String(text))
            }
        }
        try close()
        guard parts == 4 else { throw .notAnAddress(String(text)) }
        guard !leadingZero else { throw .leadingZero(String(text)) }
        return bits
    }

    private static func ipv6(parsing text: some StringProtocol) throws(AddressError) -> IPAddress {
        let wrong = AddressError.notAnAddress(String(text))
        let bytes = Array(text.utf8)
        let colon = UInt8(ascii: ":")
        var groups: [UInt16] = []
        var gap: Int?
        var index = 0
        if bytes[0] == colon {
            guard bytes.count >= 2, bytes[1] == colon else { throw wrong }
            gap = 0
            index = 2
        }
        while index < bytes.count {
            let end = bytes[index...].firstIndex(of: colon) ?? bytes.count
            if end == bytes.count, bytes[index...].contains(UInt8(ascii: ".")) {
                let bits = try ipv4Bits(parsing: bytes[index...], whole: text)
                groups.append(UInt16(truncatingIfNeeded: bits >> 16))
                groups.append(UInt16(truncatingIfNeeded: bits))
                index = end
                break
            }
            guard end - index <= 4, end > index,
                bytes[index..<end].allSatisfy({ isHexDigit($0) }),
                let group = UInt16(String(decoding: bytes[index..<end], as: UTF8.self), radix: 16)
            else { throw wrong }
            groups.append(group)
            guard end < bytes.count else {
                index = end
                break
            }
            index = end + 1
            if index < bytes.count, bytes[index] == colon {
                guard gap == nil else { throw wrong }
                gap = groups.count
                index += 1
            } else if index == bytes.count {
                throw wrong
            }
        }
        if let gap {
            guard groups.count < 8 else { throw wrong }
            groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
        }
        guard groups.count == 8 else { throw wrong }
        let half = { (range: Range<Int>) in
            range.reduce(UInt64(0)) { $0 << 16 | UInt64(groups[$1]) }
        }
        return .ipv6(high: half(0..<4), low: half(4..<8))
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default:
            false
        }
    }
}
