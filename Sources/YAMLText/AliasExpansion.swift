/// How long a YAML text would be with its aliases written out.
///
/// A parser of YAML hands out what an alias (`*name`) stands for in its place. Aliases in what an
/// alias stands for make a few lines into more than a machine can hold ("billion laughs"), and some
/// parsers look through all of it.
package enum AliasExpansion {
    /// What a text may become, in bytes, where that is more than four times what it is.
    package static let limit = 16 << 20

    /// Why a text is better not given to a parser, as the second half of a sentence; nil for nearly
    /// all.
    package static func objection(to text: some StringProtocol) -> String? {
        let (bound, isTooLong) = text.utf8.count.multipliedReportingOverflow(by: 4)
        guard length(of: text) > max(limit, isTooLong ? .max : bound) else { return nil }
        return "has aliases in what its aliases stand for, and would have more than "
            + "\(limit >> 20) MiB with all of them written out; write out some of them"
    }

    /// An upper bound of the length in bytes; `Int.max` where it is beyond counting.
    ///
    /// What an anchor (`&name`) stands for is over before the first alias to it, and so is not longer
    /// than what is between the two. Something that only looks like an anchor, in a text in quotation
    /// marks for example, makes the bound no smaller.
    package static func length(of text: some StringProtocol) -> Int {
        // Nearly all texts have no alias, and some are long.
        guard text.utf8.contains(UInt8(ascii: "*")), text.utf8.contains(UInt8(ascii: "&")) else {
            return text.utf8.count
        }
        let bytes = Array(text.utf8)
        /// Where each anchor is in the written-out text, until an alias shows its length.
        var starts: [ArraySlice<UInt8>: Int] = [:]
        var lengths: [ArraySlice<UInt8>: Int] = [:]
        var length = 0
        var index = 0
        while index < bytes.count {
            let sign = bytes[index]
            index += 1
            length += 1
            guard sign == UInt8(ascii: "*") || sign == UInt8(ascii: "&") else { continue }
            let end = bytes[index...].firstIndex(where: endsName) ?? bytes.count
            let name = bytes[index..<end]
            guard !name.isEmpty else { continue }
            index = end
            length += name.count
            if sign == UInt8(ascii: "&") {
                starts[name] = length
                lengths[name] = nil
            } else if let start = starts[name] {
                let copied = lengths[name] ?? length - start
                lengths[name] = copied
                let (sum, isTooLong) = length.addingReportingOverflow(copied)
                if isTooLong { return .max }
                length = sum
            }
        }
        return length
    }

    /// White space and the characters of flow collections (YAML 1.2, `ns-anchor-char`).
    private static func endsName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"),
            UInt8(ascii: "}"):
            true
        default: false
        }
    }
}
