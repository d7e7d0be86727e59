/// `1 packet`, `2 packets`; digits in groups of three.
func counted(_ number: some BinaryInteger, _ one: String, _ many: String? = nil) -> String {
    "\(grouped(number)) \(number == 1 ? one : many ?? one + "s")"
}

/// `12,345`.
func grouped(_ number: some BinaryInteger) -> String {
    var text = ""
    for (index, digit) in String(number).reversed().enumerated() {
        if index > 0, index.isMultiple(of: 3) { text.append(",") }
        text.append(digit)
    }
    return String(text.reversed())
}

/// The first few of a list, and how many more there are: `a, b, c and 4 more`.
func listed(_ names: some Sequence<String>, atMost limit: Int = 4) -> String {
    let sorted = names.sorted()
    guard sorted.count > limit + 1 else { return sorted.joined(separator: ", ") }
    return sorted.prefix(limit).joined(separator: ", ") + " and \(sorted.count - limit) more"
}
