import Addressing
import DataplaneModel
import Glibc
import LinuxDataplane
import NetworkLab
import ScriptedAPI

/// Measures the program from the bytes of an API server to the kernel: the server is in this process
/// and tells a synthetic cluster, the program runs as it does on a node, and the kernel is asked
/// whether a change has arrived.
struct APIBenchmark {
    let cluster: SyntheticCluster
    let changes: Int

    func run() async throws -> APIMeasurement {
        let api = SyntheticAPI(cluster: cluster)
        let server = try await ScriptedAPI { api.answer($0) }
        let directory = try Command.run("mktemp", ["-d", "-p", "/run"]).filter { $0 != "\n" }
        var measurement = APIMeasurement(
            services: cluster.services,
            endpointsPerService: cluster.endpoints
        )
        let clock = ContinuousClock()
        let begin = clock.now
        let daemon = try Self.start(directory, port: server.port)
        defer { kill(daemon, SIGKILL) }
        let last = cluster.services - 1
        var kernel = try IPVSSocket.required()
        try Self.await(seconds: 300) {
            Self.has(cluster.podEndpoint(last, cluster.endpoints - 1), at: key(last), &kernel)
                && Self.has(cluster.podEndpoint(0, 0), at: key(0), &kernel)
        }
        measurement.cold = Timing.seconds(begin.duration(to: clock.now))
        try Self.await(seconds: 60) {
            server.requests.contains { $0.isWatch && $0.path.hasSuffix("endpointslices") }
        }
        // Whatever follows the first synchronisation shall not be measured.
        sleep(5)
        var times: [Double] = []
        for round in 0..<changes {
            // Anywhere in the cluster, and never the same twice in a row.
            let index = (round * 7919) % cluster.services
            let address = SocketEndpoint(.ipv4(0x0af0_0000 + UInt32(round)), 8080)
            let event = api.event(
                index,
                version: SyntheticAPI.version + 1 + round,
                changed: address
            )
            // On one processor, whoever asks and asks must not keep the program from working.
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 19)
            let begin = clock.now
            try await server.push(event) { $0.isWatch && $0.path.hasSuffix("endpointslices") }
            try Self.await(seconds: 10, pause: 0) { Self.has(address, at: key(index), &kernel) }
            times.append(Timing.seconds(begin.duration(to: clock.now)))
        }
        times.sort()
        measurement.median = times[times.count / 2]
        measurement.ninetyNinth = times[min(times.count * 99 / 100, times.count - 1)]
        measurement.longest = times[times.count - 1]
        measurement.question = Timing.median(
            try (0..<101).map { _ in
                try Timing.seconds { _ = try kernel.realServers(of: key(0)) }
            }
        )
        let memory = try MachineMemory.resident(of: daemon)
        measurement.resident = memory.now
        measurement.residentPeak = memory.peak
        await server.close()
        return measurement
    }

    private func key(_ index: Int) -> VirtualServerKey {
        .address(cluster.serviceEndpoint(index), .tcp)
    }

    /// Whether a virtual server has a real server by now.
    private static func has(
        _ address: SocketEndpoint,
        at key: VirtualServerKey,
        _ kernel: inout IPVSSocket
    ) -> Bool {
        // As long as there is no such virtual server, there is no such real server either.
        let servers = try? kernel.realServers(of: key)
        return servers?.contains { $0.server.address == address } ?? false
    }

    /// Starts the program beside this one.
    private static func start(_ directory: String, port: Int) throws -> pid_t {
        let program =
            CommandLine.arguments[0].split(separator: "/", omittingEmptySubsequences: false)
            .dropLast().joined(separator: "/") + "/fairlead"
        let kubeconfig = """
            clusters: [{name: test, cluster: {server: "http://127.0.0.1:\(port)"}}]
            users: [{name: test, user: {token: none}}]
            contexts: [{name: test, context: {cluster: test, user: test}}]
            current-context: test

            """
        let configuration = """
            apiVersion: fairlead.dev/v1alpha1
            kind: FairleadConfiguration
            nodeName: node-a
            clusterCIDRs: [10.128.0.0/9]
            stateDirectory: \(directory)/state
            kubernetes: {kubeconfig: \(directory)/kubeconfig}

            """
        try HostFile.replace(directory + "/kubeconfig", with: kubeconfig)
        try HostFile.replace(directory + "/fairlead.yaml", with: configuration)
        try Command.run(
            "sh",
            [
                "-c", "log=$1 pid=$2; shift 2; \"$@\" >\"$log\" 2>&1 & echo $! >\"$pid\"", "sh",
                directory + "/log", directory + "/pid", "env",
            ]
                + MachineMemory.keeping.flatMap { ["-u", $0] }
                + [program, "run", "--config", directory + "/fairlead.yaml"]
        )
        let text = try Command.run("cat", [directory + "/pid"])
        guard let process = pid_t(text.prefix { $0.isNumber }) else {
            throw LabError("no process number in \(text)")
        }
        return process
    }

    private static func await(
        seconds: Int,
        pause microseconds: UInt32 = 10_000,
        _ condition: () -> Bool
    ) throws {
        let deadline = ContinuousClock.now.advanced(by: .seconds(seconds))
        while !condition() {
            guard ContinuousClock.now < deadline else { throw LabError("waited in vain") }
            if microseconds > 0 { usleep(microseconds) } else { sched_yield() }
        }
    }
}

/// What was measured at one size, with the program as a whole.
struct APIMeasurement: Encodable {
    let services: Int
    let endpointsPerService: Int
    /// Seconds from the start of the program to its last real server, the reading of the API and the
    /// loading of the program in it.
    var cold = 0.0
    /// Seconds from the event on its way to the new real server in the kernel.
    var median = 0.0
    var ninetyNinth = 0.0
    var longest = 0.0
    /// Seconds that the question costs by which the kernel is asked.
    var question = 0.0
    /// Bytes resident in the program at rest and at the peak.
    var resident = 0
    var residentPeak = 0

    var figures: [Figure] {
        [
            Figure("start to the last real server", .seconds(cold)),
            Figure("one changed endpoint, p50", .seconds(median)),
            Figure("one changed endpoint, p99", .seconds(ninetyNinth)),
            Figure("one changed endpoint, longest", .seconds(longest)),
            Figure("  of that the question to the kernel", .seconds(question)),
            Figure("resident memory", .bytes(resident)),
            Figure("  at the peak", .bytes(residentPeak)),
        ]
    }
}
