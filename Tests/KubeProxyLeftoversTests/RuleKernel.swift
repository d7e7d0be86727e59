/// A packet filter as text that obeys `iptables-restore --noflush`, as strictly as the kernel does.
struct RuleKernel {
    private(set) var lines: [String]

    /// What the kernel would refuse.
    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    init(_ text: String) { lines = text.split(separator: "\n").map { String($0) } }

    var text: String { lines.joined(separator: "\n") }

    /// Carries out a transaction.
    ///
    /// - Throws: `Refusal` for what the kernel would refuse. Nothing has been changed then.
    mutating func restore(_ input: String) throws {
        var changed = self
        var table = 0..<0
        for line in input.split(separator: "\n").map({ String($0) }) {
            let words = line.split(separator: " ").map { String($0) }
            switch line.first {
            case "*": table = try changed.range(of: line)
            case ":": try changed.declare(String(words[0].dropFirst()), in: &table)
            case "-":
                let rest = String(line.dropFirst(3))
                if words[0] == "-D" {
                    try changed.remove("-A \(rest)", in: &table)
                } else if words[0] == "-X" {
                    try changed.delete(rest, in: &table)
                } else {
                    throw Refusal(description: "unknown: \(line)")
                }
            default:
                guard line == "COMMIT" else { throw Refusal(description: "unknown: \(line)") }
                self = changed
            }
        }
    }

    private func range(of table: String) throws -> Range<Int> {
        guard let start = lines.firstIndex(of: table),
            let end = lines[start...].firstIndex(of: "COMMIT")
        else { throw Refusal(description: "no table \(table)") }
        return start..<end
    }

    private mutating func declare(_ chain: String, in table: inout Range<Int>) throws {
        guard lines[table].contains(where: { $0.hasPrefix(":\(chain) ") }) else {
            throw Refusal(description: "the chain \(chain) would be made")
        }
        removeAll(in: &table) { $0.hasPrefix("-A \(chain) ") }
    }

    private mutating func remove(_ rule: String, in table: inout Range<Int>) throws {
        guard let index = lines[table].firstIndex(of: rule) else {
            throw Refusal(description: "no rule \(rule)")
        }
        lines.remove(at: index)
        table = table.lowerBound..<table.upperBound - 1
    }

    private mutating func delete(_ chain: String, in table: inout Range<Int>) throws {
        let users = lines[table].filter {
            $0.hasPrefix("-A \(chain) ") || $0.hasSuffix("-j \(chain)")
                || $0.hasSuffix("-g \(chain)")
        }
        guard users.isEmpty else { throw Refusal(description: "\(chain) is in use: \(users)") }
        removeAll(in: &table) { $0.hasPrefix(":\(chain) ") }
    }

    private mutating func removeAll(in table: inout Range<Int>, where isMeant: (String) -> Bool) {
        let kept = lines[table].filter { !isMeant($0) }
        lines.replaceSubrange(table, with: kept)
        table = table.lowerBound..<table.lowerBound + kept.count
    }
}
