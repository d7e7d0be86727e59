import ArgumentParser
import FoundationEssentials
import LinuxDataplane
import NetworkLab

@main
struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Measure Fairlead against the kernel's floor and ipvsadm, on this kernel."
    )

    @Option(help: "Sizes as services×endpoints, separated by commas.")
    var sizes = "1000x5,5000x5"

    @Option(help: "Runs of which the median counts.")
    var repetitions = 3

    @Option(help: "Also write the figures to this file, as JSON.")
    var json: String?

    @Flag(help: .hidden)
    var onlyMemory = false

    func run() throws {
        if !onlyMemory { try MachineMemory.warm() }
        var measurements: [Measurement] = []
        for size in sizes.split(separator: ",") {
            let numbers = size.split(separator: "x").compactMap { Int($0) }
            guard numbers.count == 2, numbers[0] > 0, numbers[1] > 1 else {
                throw ValidationError("\"\(size)\" is not a size such as 5000x5.")
            }
            let benchmark = Benchmark(
                services: numbers[0],
                endpoints: numbers[1],
                repetitions: repetitions
            )
            if onlyMemory {
                let memory = try benchmark.residentMemory()
                print(memory.now, memory.peak)
                return
            }
            measurements.append(try benchmark.run())
        }
        print(Table.text(of: measurements))
        if let json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try Data(try encoder.encode(measurements)).write(to: URL(fileURLWithPath: json))
        }
    }
}

/// The figures in rows, for people.
enum Table {
    static func text(of measurements: [Measurement]) -> String {
        let titles = measurements.map { "\($0.services) × \($0.endpointsPerService)" }
        var rows: [[String]] = [["services × endpoints"] + titles]
        func row(_ title: String, _ value: (Measurement) -> String) {
            rows.append([title] + measurements.map(value))
        }
        row("floor: raw batched messages") { milliseconds($0.floor) }
        row("fairlead: objects to kernel") { milliseconds($0.cold) }
        row("  rules and no Service") { milliseconds($0.rules) }
        row("ipvsadm -R") { $0.ipvsadmRestore.map(milliseconds) ?? "not installed" }
        row("  fairlead / floor") { ratio($0.coldToFloor) }
        row("  ipvsadm / fairlead") { $0.ipvsadmToCold.map(ratio) ?? "-" }
        row("one changed endpoint") { milliseconds($0.change) }
        row("  system calls") { "\($0.changeSystemCalls)" }
        row("restart: reading the kernel") { milliseconds($0.observation) }
        row("restart: nothing changed") { milliseconds($0.restart) }
        row("  operations written") { "\($0.restartOperations)" }
        row("resident memory") { megabytes($0.resident) }
        row("  at the peak") { megabytes($0.residentPeak) }
        let widths = (0..<(rows.first?.count ?? 0)).map { column in
            rows.map { $0[column].count }.max() ?? 0
        }
        return rows.map { row in
            zip(row, widths).enumerated().map { column, cell in
                let blanks = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 0 ? cell.0 + blanks : blanks + cell.0
            }.joined(separator: "   ")
        }.joined(separator: "\n")
    }

    private static func fixed(_ value: Double, _ digits: Int) -> String {
        var scale = 1
        for _ in 0..<digits { scale *= 10 }
        let number = Int((value * Double(scale)).rounded())
        let fraction = String(number % scale)
        return "\(number / scale)."
            + String(repeating: "0", count: digits - fraction.count) + fraction
    }

    private static func milliseconds(_ seconds: Double) -> String {
        fixed(seconds * 1000, seconds < 0.01 ? 3 : 1) + " ms"
    }

    private static func ratio(_ value: Double) -> String { fixed(value, 1) + " ×" }

    private static func megabytes(_ bytes: Int) -> String {
        fixed(Double(bytes) / 1_048_576, 1) + " MiB"
    }
}
