import Yams

extension FairleadConfiguration {
    /// Every field with its value, as JSON on one line.
    package func json() -> String {
        // What it prints it can read.
        let document = YAMLDocument(parsing: commentedYAML(), file: "")
        return document.roots.first.map { Self.json($0) } ?? "{}"
    }

    private static func json(_ node: Node) -> String {
        switch node {
        case .mapping(let mapping):
            "{"
                + mapping.map { "\(quoted($0.key.string ?? "")):\(json($0.value))" }
                .joined(separator: ",") + "}"
        case .sequence(let sequence):
            "[" + sequence.map { json($0) }.joined(separator: ",") + "]"
        case .scalar(let scalar):
            json(scalar)
        case .alias:
            "null"
        }
    }

    private static func json(_ scalar: Node.Scalar) -> String {
        guard scalar.style == .plain || scalar.style == .any else { return quoted(scalar.string) }
        if scalar.string == "null" { return "null" }
        if let truth = Bool.construct(from: scalar) { return truth ? "true" : "false" }
        if let number = Int.construct(from: scalar) { return "\(number)" }
        return quoted(scalar.string)
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\0"..." ":
                let digits = String(scalar.value, radix: 16)
                quoted +=
                    scalar == " "
                    ? " " : "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
