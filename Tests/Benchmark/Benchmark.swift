import Addressing
import DataplaneModel
import Glibc
import LinuxDataplane
import Measurements
import NetworkLab
import Planning
import Reconciliation
import ServiceModel

/// Measures on the kernel it runs in; each run has a network namespace of its own, since a kernel
/// that has deleted many real servers is slow at adding others.
struct Benchmark {
    let cluster: SyntheticCluster
    let repetitions: Int

    /// Namespaces stay until the process ends: their removal would be measured otherwise.
    private final class Nodes {
        var all: [NetworkNamespace] = []

        func fresh() throws -> NetworkNamespace {
            try all.last?.perform {
                // The kernel would go on estimating the rates of every server there, every two
                // seconds, through all that is measured afterwards.
                try HostFile.write("0", to: "/proc/sys/net/ipv4/vs/run_estimation")
            }
            let node = try bareNode("benchmark-\(all.count)")
            all.append(node)
            return node
        }
    }

    private let nodes = Nodes()
    private static let sources = PreferredSources(ipv4: .ipv4(0xc000_020a))

    init(cluster: SyntheticCluster, repetitions: Int) {
        self.cluster = cluster
        self.repetitions = repetitions
    }

    func run() throws -> Measurement {
        var measurement = Measurement(
            services: cluster.services,
            endpointsPerService: cluster.endpoints
        )
        // First, as an audit is slower where other namespaces have virtual servers too.
        try changeAndRestart(&measurement)
        let hasIPVSAdm = (try? Command.execute("ipvsadm", ["--version"])) != nil
        var floors: [Double] = []
        var colds: [Double] = []
        var rules: [Double] = []
        var restores: [Double] = []
        _ = try floor()
        _ = try cold(cluster.changes)
        // Taken in turn, so that whatever else the machine does meets all of them alike.
        for _ in 0..<repetitions {
            floors.append(try floor())
            colds.append(try cold(cluster.changes))
            rules.append(try cold([]))
            if hasIPVSAdm { restores.append(try ipvsadmRestore()) }
        }
        measurement.floor = Timing.median(floors)
        measurement.cold = Timing.median(colds)
        measurement.rules = Timing.median(rules)
        if hasIPVSAdm { measurement.ipvsadmRestore = Timing.median(restores) }
        let size = "\(cluster.services)x\(cluster.endpoints)"
        // In a process that has done nothing else.
        let memory = try Command.run(
            "env",
            MachineMemory.keeping.flatMap { ["-u", $0] }
                + [CommandLine.arguments[0], "--sizes", size, "--only-memory"]
        )
        let numbers = memory.split { $0.isWhitespace }.compactMap { Int($0) }
        guard numbers.count == 2 else { throw LabError("no figures of memory: \(memory)") }
        (measurement.resident, measurement.residentPeak) = (numbers[0], numbers[1])
        return measurement
    }

    /// Bytes resident in this process once everything is programmed, and at the peak.
    func residentMemory() throws -> (now: Int, peak: Int) {
        try nodes.fresh().perform {
            var reconciler = try Self.reconciler(stateDirectory: directory())
            try reconciler.program(cluster.changes)
            return try MachineMemory.resident()
        }
    }

    private func floor() throws -> Double {
        let operations = cluster.operations
        return try nodes.fresh().perform {
            guard var socket = try IPVSSocket.open() else {
                throw LabError("this kernel has no IPVS")
            }
            var batch = socket.encode(operations[...])
            var failures = 0
            let seconds = Timing.seconds { failures = socket.send(&batch).count }
            guard failures == 0 else { throw LabError("\(failures) messages failed") }
            return seconds
        }
    }

    private func cold(_ changes: [ClusterChange]) throws -> Double {
        try nodes.fresh().perform {
            var reconciler = try Self.reconciler(stateDirectory: directory())
            return try Timing.seconds { try reconciler.program(changes) }
        }
    }

    private func ipvsadmRestore() throws -> Double {
        let commands = cluster.commands
        return try nodes.fresh().perform {
            try Timing.seconds { try Command.run("ipvsadm", ["-R"], input: commands) }
        }
    }

    private func changeAndRestart(_ measurement: inout Measurement) throws {
        let directory = directory()
        var result = measurement
        try nodes.fresh().perform {
            var reconciler = try Self.reconciler(stateDirectory: directory)
            try reconciler.program(cluster.changes)
            try scrape(reconciler.desired.state, &result)
            try change(&reconciler, &result)
            try restart(directory, &result)
        }
        measurement = result
    }

    /// One endpoint of a Service in the middle goes, and comes back, again and again.
    private func change(
        _ reconciler: inout Reconciler<LinuxDataplane>,
        _ result: inout Measurement
    ) throws {
        let index = cluster.services / 2
        var times: [Double] = []
        var calls: [Int] = []
        var departures: [Double] = []
        for round in 0..<200 {
            let change = cluster.slice(
                index,
                endpoints: 0..<(round % 2 == 0 ? cluster.endpoints - 1 : cluster.endpoints)
            )
            let before = reconciler.device.systemCalls
            Marker.begin.leave()
            times.append(
                Timing.seconds {
                    reconciler.take(.changes([change]))
                    let report = reconciler.reconcile(now: .seconds(2 + round))
                    precondition(report.applied == 1 && report.failures.isEmpty)
                }
            )
            Marker.end.leave()
            calls.append(reconciler.device.systemCalls - before)
            // One that goes has left a moment later, as it has no connections.
            departures.append(
                Timing.seconds {
                    let report = reconciler.reconcile(now: .milliseconds(2500 + 1000 * round))
                    precondition(report.departed.count == (round % 2 == 0 ? 1 : 0))
                }
            )
        }
        result.change = times.sorted()[times.count / 2]
        // Every second one.
        result.departure = departures.sorted()[departures.count * 3 / 4]
        result.changeSystemCalls = calls.max() ?? 0
    }

    /// As a scrape of a running daemon, but for the way there and back.
    private func scrape(_ state: IPVSState, _ result: inout Measurement) throws {
        var served: [VirtualServerKey: ServedPort] = [:]
        for (key, entry) in state.virtualServers {
            served[key] = ServedPort(
                owner: state.claims[.virtualServer(key)] ?? "",
                realServers: entry.realServers.count
            )
        }
        let usual = ServerMeasurements(maximumSeries: 100_000)
        let whole = ServerMeasurements(maximumSeries: .max)
        let short = ServerMeasurements(showsRealServers: false, maximumSeries: .max)
        var times: [[Double]] = [[], [], [], []]
        for _ in 0..<max(3, repetitions) {
            let first = try scrape(served, usual)
            (result.scrapeBytes, result.scrapeSeries) = (first.bytes, first.series)
            times[0].append(first.reading + first.writing)
            times[1].append(first.reading)
            let second = try scrape(served, whole)
            (result.wholeScrapeBytes, result.wholeScrapeSeries) = (second.bytes, second.series)
            times[2].append(second.reading + second.writing)
            let third = try scrape(served, short)
            times[3].append(third.reading + third.writing)
        }
        result.scrape = Timing.median(times[0])
        result.scrapeReading = Timing.median(times[1])
        result.wholeScrape = Timing.median(times[2])
        result.shortScrape = Timing.median(times[3])
    }

    private func scrape(
        _ served: [VirtualServerKey: ServedPort],
        _ measurements: ServerMeasurements
    ) throws -> (reading: Double, writing: Double, bytes: Int, series: Int) {
        var found: [VirtualServerReading] = []
        let reading = try Timing.seconds {
            var socket = try IPVSSocket.required()
            let keys = measurements.withRealServers(among: served)
            found = try socket.virtualServers { keys.contains($0) }
        }
        var exposition = Exposition()
        let writing = Timing.seconds {
            _ = measurements.write(found, served: served, to: &exposition)
        }
        return (reading, writing, exposition.bytes.count, exposition.seriesCount)
    }

    private func restart(_ directory: String, _ result: inout Measurement) throws {
        let changes = cluster.changes
        var restarted = Reconciler(
            device: try LinuxDataplane(device: "kube-ipvs0", stateDirectory: directory),
            options: ReconcilerOptions(
                sources: Self.sources,
                filter: FilterPolicy(),
                draining: DrainingPolicy()
            )
        )
        result.observation = try Timing.seconds { try restarted.start(now: .zero) }
        result.restart = Timing.seconds {
            restarted.take(.changes(changes))
            restarted.take(.initialSetComplete(isWhole: true))
            let report = restarted.reconcile(now: .seconds(1))
            result.restartOperations = report.applied + report.failures.count
        }
        result.audit = Timing.seconds {
            let report = restarted.reconcile(now: .seconds(61))
            result.restartOperations += report.drift
        }
    }

    private static func reconciler(
        stateDirectory: String
    ) throws -> Reconciler<LinuxDataplane> {
        var reconciler = Reconciler(
            device: try LinuxDataplane(device: "kube-ipvs0", stateDirectory: stateDirectory),
            options: ReconcilerOptions(
                sources: sources,
                filter: FilterPolicy(),
                retryInitial: .seconds(3600),
                auditInterval: .zero,
                draining: DrainingPolicy()
            )
        )
        try reconciler.start(now: .zero)
        return reconciler
    }

    private func directory() -> String { "/run/fairlead-benchmark/\(nodes.all.count)-\(getpid())" }
}

/// A system call that does nothing but show in a trace where a measured part begins and ends.
enum Marker: String {
    case begin = "/fairlead-benchmark-begin"
    case end = "/fairlead-benchmark-end"

    func leave() { _ = unsafe access(rawValue, F_OK) }
}
