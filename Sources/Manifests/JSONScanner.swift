/// Finds where JSON values end, and where JSON stops being JSON.
///
/// `JSONDecoder` of FoundationEssentials says neither where a mistake is nor that something follows
/// the value it decoded.
struct JSONScanner {
    private let bytes: [UInt8]
    private(set) var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Moves behind blanks; false at the end of the text.
    mutating func moveToNextValue() -> Bool {
        skipBlanks()
        return offset < bytes.count
    }

    /// Moves behind the value that starts here; on an error `offset` is where it is.
    mutating func skipValue() throws(UnreadableDocument) {
        // Without recursion, so that no depth of nesting exhausts the stack.
        var open: [UInt8] = []
        while true {
            skipBlanks()
            switch current {
            case UInt8(ascii: "{"):
                offset += 1
                skipBlanks()
                guard current == UInt8(ascii: "}") else {
                    open.append(UInt8(ascii: "}"))
                    try skipKey()
                    continue
                }
                offset += 1
            case UInt8(ascii: "["):
                offset += 1
                skipBlanks()
                guard current == UInt8(ascii: "]") else {
                    open.append(UInt8(ascii: "]"))
                    continue
                }
                offset += 1
            default:
                try skipScalar()
            }
            if try closeContainers(&open) { return }
        }
    }

    /// Moves to the next value within the innermost container; true when none is open any more.
    private mutating func closeContainers(
        _ open: inout [UInt8]
    ) throws(UnreadableDocument) -> Bool {
        while let end = open.last {
            skipBlanks()
            if current == UInt8(ascii: ",") {
                offset += 1
                if end == UInt8(ascii: "}") { try skipKey() }
                return false
            }
            guard current == end else {
                throw error("\",\" or \"\(Unicode.Scalar(end))\" is expected here")
            }
            offset += 1
            open.removeLast()
        }
        return true
    }

    private mutating func skipKey() throws(UnreadableDocument) {
        skipBlanks()
        guard current == UInt8(ascii: "\"") else {
            throw error("a key in double quotes is expected here")
        }
        try skipString()
        skipBlanks()
        guard current == UInt8(ascii: ":") else { throw error("\":\" is expected here") }
        offset += 1
    }

    private mutating func skipScalar() throws(UnreadableDocument) {
        switch current ?? 0 {
        case UInt8(ascii: "\""):
            try skipString()
        case UInt8(ascii: "t"):
            try skipWord("true")
        case UInt8(ascii: "f"):
            try skipWord("false")
        case UInt8(ascii: "n"):
            try skipWord("null")
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            // Whether it is well formed is for the decoder to say.
            while let byte = current, Self.isPartOfNumber(byte) { offset += 1 }
        default:
            throw error("a value is expected here")
        }
    }

    private mutating func skipWord(_ word: StaticString) throws(UnreadableDocument) {
        let start = offset
        for expected in "\(word)".utf8 {
            guard current == expected else {
                offset = start
                throw error("\(word) is expected here")
            }
            offset += 1
        }
    }

    private mutating func skipString() throws(UnreadableDocument) {
        let start = offset
        offset += 1
        while let byte = current, byte >= 0x20 {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"): offset += 1
            default: break
            }
        }
        if offset >= bytes.count {
            offset = start
            throw error("a text begins here and does not end")
        }
        throw error("a text goes over the end of its line or holds a control character")
    }

    private mutating func skipBlanks() {
        while let byte = current,
            byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
        { offset += 1 }
    }

    private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private static func isPartOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"),
            UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default:
            false
        }
    }

    private func error(_ message: String) -> UnreadableDocument {
        let before = bytes[..<min(offset, bytes.count)]
        let lineStart = before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
        // A column is a character, of which the bytes 10xxxxxx are continuations.
        let column = before[lineStart...].count { $0 & 0xc0 != 0x80 } + 1
        let line = before.count { $0 == 0x0a } + 1
        guard offset < bytes.count else {
            return UnreadableDocument(
                line: line,
                column: column,
                message: "is not JSON: it ends too early"
            )
        }
        return UnreadableDocument(line: line, column: column, message: "is not JSON: \(message)")
    }
}
