/// Text in Prometheus's format 0.0.4, read as strictly as it is written.
///
/// Beyond the format it wants every family to have a HELP and a TYPE line, in that order, names of
/// counters to end in `_total`, and each series once.
package struct ParsedExposition: Sendable {
    package struct Series: Hashable, Sendable {
        package let name: String
        package let labels: [String: String]

        package init(_ name: String, _ labels: [String: String] = [:]) {
            self.name = name
            self.labels = labels
        }
    }

    package struct Mistake: Error, CustomStringConvertible {
        package let description: String
    }

    package private(set) var values: [Series: Double] = [:]
    /// By the names of families.
    package private(set) var kinds: [String: String] = [:]
    private var family = ""
    private var helped: String?

    package subscript(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        values[Series(name, labels)]
    }

    /// The series of a name whose labels include these.
    package func series(_ name: String, where labels: [String: String] = [:]) -> [Series: Double] {
        values.filter { series, _ in
            series.name == name && labels.allSatisfy { series.labels[$0.key] == $0.value }
        }
    }

    /// - Throws: `Mistake` with the first line that is wrong.
    package init(_ text: String) throws {
        guard text.isEmpty || text.utf8.last == UInt8(ascii: "\n") else {
            throw Mistake(description: "the last line has no end")
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            do {
                if line.hasPrefix("#") { try comment(line) } else { try sample(line) }
            } catch let mistake as Mistake {
                throw Mistake(description: "\(mistake.description): \(line)")
            }
        }
        if let helped { throw Mistake(description: "\(helped) has no TYPE") }
        try checkHistograms()
    }

    private mutating func comment(_ line: Substring) throws {
        let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
        guard words.count == 4, words[0] == "#", Self.isName(words[2]) else {
            throw Mistake(description: "neither HELP nor TYPE")
        }
        let name = String(words[2])
        switch words[1] {
        case "HELP":
            guard helped == nil else { throw Mistake(description: "HELP without TYPE before") }
            guard kinds[name] == nil else { throw Mistake(description: "a family in two parts") }
            helped = name
        case "TYPE":
            guard helped == name else { throw Mistake(description: "TYPE without HELP") }
            guard ["counter", "gauge", "histogram"].contains(words[3]) else {
                throw Mistake(description: "unknown type")
            }
            guard words[3] != "counter" || name.hasSuffix("_total") else {
                throw Mistake(description: "a counter without _total")
            }
            kinds[name] = String(words[3])
            family = name
            helped = nil
        default:
            throw Mistake(description: "neither HELP nor TYPE")
        }
    }

    private mutating func sample(_ line: Substring) throws {
        guard helped == nil else { throw Mistake(description: "a sample before TYPE") }
        var rest = Array(line.unicodeScalars)[...]
        var name = ""
        while let next = rest.first, next != "{", next != " " {
            name.unicodeScalars.append(next)
            rest.removeFirst()
        }
        guard Self.isName(name[...]) else { throw Mistake(description: "no name") }
        let suffixes = kinds[family] == "histogram" ? ["_bucket", "_sum", "_count"] : [""]
        guard suffixes.contains(where: { family + $0 == name }) else {
            throw Mistake(description: "not of the family \(family)")
        }
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest.removeFirst()
            while rest.first != "}" {
                let (label, value) = try Self.label(&rest)
                guard labels.updateValue(value, forKey: label) == nil else {
                    throw Mistake(description: "the label \(label) twice")
                }
                guard rest.first == "," else { continue }
                rest.removeFirst()
                guard rest.first != "}" else { throw Mistake(description: "a comma too many") }
            }
            rest.removeFirst()
        }
        guard rest.first == " " else { throw Mistake(description: "no space before the value") }
        let text = String(String.UnicodeScalarView(rest.dropFirst()))
        let value: Double? =
            switch text {
            case "+Inf": .infinity
            case "-Inf": -.infinity
            case "NaN": .nan
            default: text.contains(where: \.isLetter) && !text.contains("e") ? nil : Double(text)
            }
        guard let value else { throw Mistake(description: "no number") }
        guard values.updateValue(value, forKey: Series(name, labels)) == nil else {
            throw Mistake(description: "a series twice")
        }
    }

    private static func label(
        _ rest: inout ArraySlice<Unicode.Scalar>
    ) throws -> (String, String) {
        var name = ""
        while let next = rest.first, next != "=" {
            name.unicodeScalars.append(next)
            rest.removeFirst()
        }
        guard isName(name[...]), !name.contains(":"), !name.hasPrefix("__"),
            rest.prefix(2).elementsEqual(["=", "\""])
        else { throw Mistake(description: "no label") }
        rest.removeFirst(2)
        var value = ""
        while let next = rest.popFirst() {
            switch next {
            case "\"": return (name, value)
            case "\\":
                switch rest.popFirst() {
                case "\\": value += "\\"
                case "\"": value += "\""
                case "n": value += "\n"
                default: throw Mistake(description: "an unknown escape")
                }
            default: value.unicodeScalars.append(next)
            }
        }
        throw Mistake(description: "a label without an end")
    }

    private static func isName(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, !(48...57).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "_"), UInt8(ascii: ":"): true
            default: false
            }
        }
    }

    private func checkHistograms() throws {
        for name in kinds.filter({ $0.value == "histogram" }).keys {
            var buckets: [[String: String]: [(bound: Double, count: Double)]] = [:]
            for (series, count) in values where series.name == name + "_bucket" {
                var labels = series.labels
                let text = labels.removeValue(forKey: "le") ?? ""
                guard let bound = text == "+Inf" ? .infinity : Double(text) else {
                    throw Mistake(description: "\(name) has a bucket without a bound")
                }
                buckets[labels, default: []].append((bound, count))
            }
            for (labels, found) in buckets {
                let sorted = found.sorted { $0.bound < $1.bound }
                for (left, right) in zip(sorted, sorted.dropFirst())
                where left.count > right.count {
                    throw Mistake(description: "\(name) is not cumulative at \(right.bound)")
                }
                guard let last = sorted.last, last.bound == .infinity,
                    last.count == self[name + "_count", labels], self[name + "_sum", labels] != nil
                else { throw Mistake(description: "\(name) lacks +Inf, _sum or _count") }
            }
        }
    }
}
