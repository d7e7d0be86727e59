/// The name that was probably meant, for error messages.
enum Spelling {
    /// The candidate that differs from `text` only in case, or else the closest that is at most two
    /// insertions, deletions or replacements away; the first of several.
    static func closest(to text: String, among candidates: [String]) -> String? {
        let lowercased = text.lowercased()
        if let same = candidates.first(where: { $0.lowercased() == lowercased }) { return same }
        let distances = candidates.map { (candidate: $0, distance: distance(text, $0)) }
        let best = distances.min { $0.distance < $1.distance }
        return best.flatMap { $0.distance <= 2 ? $0.candidate : nil }
    }

    /// The Levenshtein distance; 3 at once for lengths that differ by more than two.
    private static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left.unicodeScalars)
        let right = Array(right.unicodeScalars)
        guard abs(left.count - right.count) <= 2 else { return 3 }
        var row = Array(0...right.count)
        for (i, scalar) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in right.enumerated() {
                let replaced = diagonal + (scalar == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }

    /// `a`, `a and b`, `a, b and c`.
    static func enumeration(_ names: [String]) -> String {
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " and " + last
    }
}
