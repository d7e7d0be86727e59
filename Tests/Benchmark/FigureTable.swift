/// A number with its name, for people.
struct Figure {
    enum Value {
        case seconds(Double)
        case ratio(Double)
        case bytes(Int)
        case count(Int)
        case missing(String)
    }

    let title: String
    let value: Value

    init(_ title: String, _ value: Value) {
        self.title = title
        self.value = value
    }
}

extension Figure.Value: CustomStringConvertible {
    var description: String {
        switch self {
        case .seconds(let seconds):
            Self.fixed(seconds * 1000, seconds < 0.01 ? 3 : 1) + " ms"
        case .ratio(let value): Self.fixed(value, value < 10 ? 2 : 1) + " ×"
        case .bytes(let bytes): Self.fixed(Double(bytes) / 1_048_576, 1) + " MiB"
        case .count(let count): "\(count)"
        case .missing(let reason): reason
        }
    }

    private static func fixed(_ value: Double, _ digits: Int) -> String {
        var scale = 1
        for _ in 0..<digits { scale *= 10 }
        let number = Int((value * Double(scale)).rounded())
        let fraction = String(number % scale)
        return "\(number / scale)."
            + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}

/// Figures in rows, a column for each measurement.
enum FigureTable {
    /// `columns` have the same figures in the same order.
    static func text(_ corner: String, _ columns: [(title: String, figures: [Figure])]) -> String {
        var rows = [[corner] + columns.map(\.title)]
        for (index, figure) in (columns.first?.figures ?? []).enumerated() {
            rows.append([figure.title] + columns.map { "\($0.figures[index].value)" })
        }
        let widths = (rows.first ?? []).indices.map { column in
            rows.map { $0[column].count }.max() ?? 0
        }
        return rows.map { row in
            zip(row, widths).enumerated().map { column, cell in
                let blanks = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 0 ? cell.0 + blanks : blanks + cell.0
            }.joined(separator: "   ")
        }.joined(separator: "\n")
    }
}
