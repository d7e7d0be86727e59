import ArgumentParser
import FoundationEssentials
import LinuxDataplane
import NetworkLab

@main
struct BenchmarkCommand: AsyncParsableCommand {
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

    @Flag(help: "Measure the chains of iptables that stand in for virtual servers instead.")
    var iptables = false

    @Flag(help: "Measure the program as it runs in a cluster, from the API's bytes to the kernel.")
    var api = false

    @Option(help: "With --api: the number of changed endpoints.")
    var changes = 1000

    @Option(help: "With --iptables: nft or legacy; without it, those that this kernel has.")
    var variant: String?

    @Flag(help: "This is no test kernel: leave its memory as it is.")
    var host = false

    @Flag(help: .hidden)
    var onlyMemory = false

    func run() async throws {
        if !onlyMemory, !host { try MachineMemory.warm() }
        let sizes = try sizes.split(separator: ",").map { size in
            let numbers = size.split(separator: "x").compactMap { Int($0) }
            guard numbers.count == 2, numbers[0] > 0, numbers[1] > 1 else {
                throw ValidationError("\"\(size)\" is not a size such as 5000x5.")
            }
            return SyntheticCluster(services: numbers[0], endpoints: numbers[1])
        }
        if api {
            try await measureAPI(sizes)
        } else if iptables {
            try measureIptables(sizes)
        } else {
            try measureIPVS(sizes)
        }
    }

    private func measureIPVS(_ sizes: [SyntheticCluster]) throws {
        var measurements: [Measurement] = []
        for size in sizes {
            let benchmark = Benchmark(cluster: size, repetitions: repetitions)
            if onlyMemory {
                let memory = try benchmark.residentMemory()
                print(memory.now, memory.peak)
                return
            }
            measurements.append(try benchmark.run())
        }
        let columns = measurements.map {
            ("\($0.services) × \($0.endpointsPerService)", $0.figures)
        }
        print(FigureTable.text("services × endpoints", columns))
        try write(measurements)
    }

    private func measureAPI(_ sizes: [SyntheticCluster]) async throws {
        guard let size = sizes.first, sizes.count == 1 else {
            throw ValidationError("--api measures one size in a kernel that nothing was done in.")
        }
        let measurement = try await APIBenchmark(cluster: size, changes: changes).run()
        let column = (
            "\(measurement.services) × \(measurement.endpointsPerService)", measurement.figures
        )
        print(FigureTable.text("services × endpoints", [column]))
        try write([measurement])
    }

    private func measureIptables(_ sizes: [SyntheticCluster]) throws {
        var variants = try IptablesBenchmark.variants()
        if let variant { variants = variants.filter { $0.rawValue == variant } }
        guard !variants.isEmpty else {
            throw ValidationError("This kernel holds no rules for the programs asked for.")
        }
        var measurements: [IptablesMeasurement] = []
        for size in sizes {
            for variant in variants {
                let benchmark = try IptablesBenchmark(size, variant, repetitions: repetitions)
                if onlyMemory {
                    let memory = try benchmark.residentMemory()
                    print(memory.now, memory.peak)
                    return
                }
                measurements.append(try benchmark.run())
            }
        }
        let columns = measurements.map {
            ("\($0.variant) \($0.services) × \($0.endpointsPerService)", $0.figures)
        }
        print(FigureTable.text("services × endpoints", columns))
        try write(measurements)
    }

    private func write(_ measurements: some Encodable) throws {
        guard let json else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try Data(try encoder.encode(measurements)).write(to: URL(fileURLWithPath: json))
    }
}
