import Addressing
import DataplaneModel
import Glibc
import Iptables
import LinuxDataplane
import NetworkLab
import Planning
import Reconciliation
import ServiceModel

/// Measures the chains that stand in for virtual servers, on the kernel it runs in, with the programs
/// of one variant.
struct IptablesBenchmark {
    let cluster: SyntheticCluster
    let variant: FilterPrograms.Variant
    let repetitions: Int
    private let programs: FilterPrograms
    private let nodes = Nodes()
    /// Every kernel that has containers has it.
    private static let uplink = "bridge"
    private static let sources = PreferredSources(ipv4: .ipv4(0xc000_020a))

    /// Namespaces stay until the process ends: their removal would be measured otherwise.
    private final class Nodes {
        var all: [NetworkNamespace] = []
    }

    init(
        _ cluster: SyntheticCluster,
        _ variant: FilterPrograms.Variant,
        repetitions: Int
    ) throws {
        guard let programs = FilterPrograms(variant, .ipv4) else {
            throw LabError("this machine has no programs of the variant \(variant.rawValue)")
        }
        self.cluster = cluster
        self.variant = variant
        self.repetitions = repetitions
        self.programs = programs
    }

    /// Those whose rules this kernel can hold.
    static func variants() throws -> [FilterPrograms.Variant] {
        let probe = try NetworkNamespace("probe")
        return try [FilterPrograms.Variant.nft, .legacy].filter { variant in
            guard let programs = FilterPrograms(variant, .ipv4) else { return false }
            return try probe.perform {
                (try? programs.restore("*nat\n:PROBE - [0:0]\nCOMMIT\n")) != nil
            }
        }
    }

    func run() throws -> IptablesMeasurement {
        var measurement = IptablesMeasurement(
            variant: variant.rawValue,
            services: cluster.services,
            endpointsPerService: cluster.endpoints
        )
        let chains = try self.chains()
        let same = chains.transaction(rewriting: Set(chains.chains.keys))
        let flat = FlatRules.transaction(cluster)
        measurement.lines = Self.lines(same)
        measurement.flatLines = Self.lines(flat)
        var floors: [Double] = []
        var colds: [Double] = []
        var rules: [Double] = []
        var flats: [Double] = []
        // Taken in turn, so that whatever else the machine does meets all of them alike.
        for _ in 0..<repetitions {
            floors.append(try restore(same))
            colds.append(try cold(cluster.changes))
            rules.append(try cold([]))
            flats.append(try restore(flat))
        }
        measurement.floor = Timing.median(floors)
        measurement.cold = Timing.median(colds)
        measurement.rules = Timing.median(rules)
        measurement.flat = Timing.median(flats)
        try changeAndRead(chains, &measurement)
        measurement.handshakes = try handshakes(flat)
        let memory = try Command.run(
            "env",
            MachineMemory.keeping.flatMap { ["-u", $0] }
                + [CommandLine.arguments[0], "--only-memory", "--iptables"]
                + ["--sizes", "\(cluster.services)x\(cluster.endpoints)"]
                + ["--variant", variant.rawValue]
        )
        let numbers = memory.split { $0.isWhitespace }.compactMap { Int($0) }
        guard numbers.count == 2 else { throw LabError("no figures of memory: \(memory)") }
        (measurement.resident, measurement.residentPeak) = (numbers[0], numbers[1])
        return measurement
    }

    /// Bytes resident in this process once everything is programmed, and at the peak.
    func residentMemory() throws -> (now: Int, peak: Int) {
        try fresh().perform {
            var reconciler = try reconciler(directory())
            try reconciler.program(cluster.changes)
            return try MachineMemory.resident()
        }
    }

    private static func lines(_ text: String) -> Int { text.utf8.count { $0 == 0x0a } }

    private func fresh() throws -> NetworkNamespace {
        let node = try bareNode("benchmark-\(nodes.all.count)")
        try choose(node)
        nodes.all.append(node)
        return node
    }

    /// By this chain the node's agent says which variant the node uses.
    private func choose(_ node: NetworkNamespace) throws {
        try node.perform {
            for family in ["iptables", "ip6tables"] {
                let program = "\(family)-\(variant.rawValue)"
                try Command.run(program, ["-t", "mangle", "-N", "KUBE-IPTABLES-HINT"])
            }
        }
    }

    private func directory() -> String { "/run/fairlead-benchmark/\(nodes.all.count)-\(getpid())" }

    private func reconciler(_ directory: String) throws -> Reconciler<LinuxDataplane> {
        var reconciler = Reconciler(
            device: try LinuxDataplane(
                .iptables,
                device: "kube-ipvs0",
                stateDirectory: directory
            ),
            options: ReconcilerOptions(
                mode: .iptables,
                sources: Self.sources,
                filter: FilterPolicy(),
                retryInitial: .seconds(3600),
                auditInterval: .zero
            )
        )
        try reconciler.start(now: .zero)
        return reconciler
    }
}

// MARK: - Everything

extension IptablesBenchmark {
    /// The chains as they are once everything is programmed.
    private func chains() throws -> BalancingChains {
        try fresh().perform {
            var reconciler = try reconciler(directory())
            try reconciler.program(cluster.changes)
            let found = BalancingChains.read(try programs.save(), .ipv4)
            guard found.deviating.isEmpty, found.chains.servers.count == cluster.services else {
                throw LabError("the chains are not what was programmed")
            }
            return found.chains
        }
    }

    private func restore(_ transaction: String) throws -> Double {
        try fresh().perform {
            try Timing.seconds { try programs.restore(transaction) }
        }
    }

    private func cold(_ changes: [ClusterChange]) throws -> Double {
        try fresh().perform {
            var reconciler = try reconciler(directory())
            return try Timing.seconds { try reconciler.program(changes) }
        }
    }
}

// MARK: - A change, and reading

extension IptablesBenchmark {
    /// One endpoint of a Service in the middle goes, and comes back, again and again; the same lines
    /// follow by `iptables-restore` alone.
    private func changeAndRead(
        _ chains: BalancingChains,
        _ result: inout IptablesMeasurement
    ) throws {
        let index = cluster.services / 2
        let key = VirtualServerKey.address(cluster.serviceEndpoint(index), .tcp)
        guard let whole = chains.servers[key] else { throw LabError("\(key) is not there") }
        var reduced = whole
        reduced.remove(cluster.podEndpoint(index, cluster.endpoints - 1))
        var copy = chains
        let transactions = [reduced, whole].map { server in
            copy.set(server, for: key)
            let names = copy.settle()
            return copy.transaction(rewriting: names)
        }
        result.changeLines = transactions.map(Self.lines).max() ?? 0
        var own: [[Double]] = [[], []]
        var floors: [[Double]] = [[], []]
        var observations: [Double] = []
        var restarts: [Double] = []
        var savings: [Double] = []
        let saves = try ["iptables", "ip6tables"].map { family in
            guard let path = HostProgram.path(of: "\(family)-\(variant.rawValue)-save") else {
                throw LabError("this machine has no \(family)-\(variant.rawValue)-save")
            }
            return path
        }
        try fresh().perform {
            let directory = directory()
            var reconciler = try reconciler(directory)
            try reconciler.program(cluster.changes)
            for round in 0..<5 * repetitions {
                for kind in 0...1 {
                    let endpoints = 0..<(cluster.endpoints - 1 + kind)
                    let change = cluster.slice(index, endpoints: endpoints)
                    own[kind].append(
                        Timing.seconds {
                            reconciler.take(.changes([change]))
                            let report = reconciler.reconcile(now: .seconds(2 + round))
                            precondition(report.applied == 1 && report.failures.isEmpty)
                        }
                    )
                }
                for kind in 0...1 {
                    floors[kind].append(
                        try Timing.seconds { try programs.restore(transactions[kind]) }
                    )
                }
            }
            for _ in 0..<2 * repetitions + 1 {
                observations.append(
                    try Timing.seconds { _ = try reconciler.device.observe() }
                )
                var restarted = try LinuxDataplane(
                    .iptables,
                    device: "kube-ipvs0",
                    stateDirectory: directory
                )
                restarts.append(try Timing.seconds { _ = try restarted.observe() })
                savings.append(
                    try Timing.seconds {
                        for path in saves {
                            let outcome = try HostProgram.run(path, [])
                            precondition(outcome.status == 0)
                        }
                    }
                )
            }
        }
        (result.removal, result.addition) = (Timing.median(own[0]), Timing.median(own[1]))
        result.removalFloor = Timing.median(floors[0])
        result.additionFloor = Timing.median(floors[1])
        result.observation = Timing.median(observations)
        result.restart = Timing.median(restarts)
        result.saving = Timing.median(savings)
    }
}

// MARK: - First packets

extension IptablesBenchmark {
    /// A node between a client and pods, which have one address for each endpoint there is.
    private func laboratory() throws -> (laboratory: Laboratory, server: SilentServer) {
        let laboratory = try Laboratory(pods: 1)
        try choose(laboratory.node)
        try laboratory.pods[0].perform {
            try Command.run("ip", ["route", "add", "local", "10.128.0.0/12", "dev", "lo"])
        }
        try laboratory.node.perform {
            try Command.run("ip", ["route", "add", "10.128.0.0/12", "via", "10.244.1.2"])
        }
        return (laboratory, try SilentServer(in: laboratory.pods[0], port: 8080))
    }

    /// Which Service is first, and which last, on the way of a packet through our chains: by the last
    /// five bits of the address, by the next five, and then by the address.
    private func order(_ index: Int) -> (UInt64, UInt64, Int) {
        let bits = cluster.serviceEndpoint(index).address.low
        return (bits & 0x1f, bits & 0x3e0, index)
    }

    private func handshakes(_ flat: String) throws -> IptablesMeasurement.Handshakes {
        let ours = try laboratory()
        let flats = try laboratory()
        let none = try laboratory()
        try ours.laboratory.node.perform {
            var reconciler = try reconciler(directory() + "-connect")
            try reconciler.program(cluster.changes)
        }
        try flats.laboratory.node.perform { try programs.restore(flat) }
        let services = (0..<cluster.services).sorted { order($0) < order($1) }
        let ways: [(Laboratory, SocketEndpoint)] = [
            (none.laboratory, cluster.podEndpoint(0, 0)),
            (ours.laboratory, cluster.serviceEndpoint(services[0])),
            (ours.laboratory, cluster.serviceEndpoint(services[services.count - 1])),
            (flats.laboratory, cluster.serviceEndpoint(0)),
            (flats.laboratory, cluster.serviceEndpoint(cluster.services - 1)),
        ]
        var times = ways.map { _ in [Double]() }
        for round in 0..<21 {
            for (index, (laboratory, endpoint)) in ways.enumerated() {
                let taken = try laboratory.client.perform {
                    try (0..<25).map { _ in
                        Timing.seconds(try Handshake.duration(to: endpoint))
                    }
                }
                // The first round asks for link addresses and warms everything.
                if round > 0 { times[index] += taken }
            }
        }
        withExtendedLifetime((ours, flats, none)) {}
        let medians = times.map(Timing.median)
        return IptablesMeasurement.Handshakes(
            direct: medians[0],
            first: medians[1],
            last: medians[2],
            flatFirst: medians[3],
            flatLast: medians[4]
        )
    }
}
