/// What Prometheus reads, as it grows: its text format, version 0.0.4, as UTF-8 in one buffer.
///
/// The format is described in `docs/instrumenting/exposition_formats.md` of Prometheus. The caller
/// begins each family once and adds no series twice.
package struct Exposition: Sendable {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package private(set) var bytes: [UInt8] = []
    /// The series so far; a histogram is as many as it has lines.
    package private(set) var seriesCount = 0
    private var name: [UInt8] = []

    package init() {}

    package mutating func reserveCapacity(_ bytes: Int) { self.bytes.reserveCapacity(bytes) }

    /// Begins a family; what is added next belongs to it.
    package mutating func begin(_ family: MetricFamily) {
        name = Array(family.name.utf8)
        bytes += "# HELP \(family.name) ".utf8
        for byte in family.help.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes += #"\\"#.utf8
            case UInt8(ascii: "\n"): bytes += #"\n"#.utf8
            default: bytes.append(byte)
            }
        }
        bytes += "\n# TYPE \(family.name) \(family.kind.rawValue)\n".utf8
    }

    /// Adds a series to the family that was begun last.
    package mutating func add(_ labels: Labels, _ value: Double) {
        line(suffix: "", labels.bytes[...]) { $0.append(value) }
    }

    /// Adds a series with a whole number.
    package mutating func add(_ labels: Labels = [:], count: some BinaryInteger) {
        line(suffix: "", labels.bytes[...]) { $0.bytes.appendDigits(UInt64(clamping: count)) }
    }

    /// Adds a series whose labels are written already.
    mutating func add(written labels: ArraySlice<UInt8>, _ value: UInt64) {
        line(suffix: "", labels) { $0.bytes.appendDigits(value) }
    }

    /// Adds a histogram to the family that was begun last.
    package mutating func add(_ labels: Labels, _ histogram: Histogram) {
        var total: UInt64 = 0
        for (index, count) in histogram.counts.enumerated() {
            total += count
            var labels = labels.bytes
            let bound = index < histogram.bounds.count ? histogram.bounds[index] : .infinity
            labels.appendLabel("le", Self.text(of: bound))
            line(suffix: "_bucket", labels[...]) { $0.bytes.appendDigits(total) }
        }
        line(suffix: "_sum", labels.bytes[...]) { $0.append(histogram.sum) }
        line(suffix: "_count", labels.bytes[...]) { $0.bytes.appendDigits(total) }
    }

    /// Adds a family with one series that has no labels.
    package mutating func add(
        _ kind: MetricFamily.Kind,
        _ name: String,
        _ help: String,
        _ value: Double
    ) {
        begin(MetricFamily(kind, name, help))
        add([:], value)
    }

    private mutating func line(
        suffix: StaticString,
        _ labels: ArraySlice<UInt8>,
        _ value: (inout Exposition) -> Void
    ) {
        seriesCount += 1
        bytes += name
        if suffix.utf8CodeUnitCount > 0 { bytes += "\(suffix)".utf8 }
        if !labels.isEmpty {
            bytes.append(UInt8(ascii: "{"))
            bytes += labels
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: " "))
        value(&self)
        bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func append(_ value: Double) {
        if value >= 0, value < 0x1p53, Double(UInt64(value)) == value {
            bytes.appendDigits(UInt64(value))
        } else {
            bytes += Self.text(of: value).utf8
        }
    }

    /// `0.25`, `5`, `1e-05`, `+Inf`: what Go reads as the same number.
    private static func text(of value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
