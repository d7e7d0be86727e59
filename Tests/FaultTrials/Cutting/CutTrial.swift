import Addressing
import DataplaneModel
import FaultInjection
import NetworkLab

/// Runs from one world to another and back, each cut at a boundary and finished by another process.
struct CutTrial {
    private let node: CutNode
    private let vantages: [NetworkNamespace]
    private let worlds: [World]
    /// What is in the kernel after a run that was not cut, for each world.
    private var expected: [Set<String>] = []
    private var probes: [Probe] = []
    private(set) var problems: [String] = []
    private var boundaries = 0
    private var requests = 0

    init(node: CutNode, vantages: [NetworkNamespace], before: World, after: World) {
        self.node = node
        self.vantages = vantages
        worlds = [before, after]
    }

    /// Programs both worlds without any cut, and notes what comes of it.
    mutating func begin() throws {
        var served: [Set<VirtualServerKey>] = []
        var answered: [Set<String>] = []
        var candidates: [Probe] = []
        for world in worlds {
            try node.run(to: world)
            let state = try node.observe(withFilters: true)
            expected.append(state.comparable())
            served.append(
                Set(state.virtualServers.filter { !$0.value.realServers.isEmpty }.keys)
            )
            candidates = vantages.flatMap { source in
                served[0].sorted().compactMap { key in
                    guard case .address(let endpoint, let transport) = key,
                        served.allSatisfy({ $0.contains(key) })
                    else { return nil }
                    return Probe(source: source, endpoint: endpoint, transport: transport)
                }
            }
            answered.append(Set(try Probe.answered(candidates).map(\.description)))
        }
        probes = candidates.filter { probe in
            answered.allSatisfy { $0.contains(probe.description) }
        }
        guard probes.count >= 12 else {
            throw TrialError("only \(probes.count) of \(candidates.count) requests are answered")
        }
        // From here on the way back is known too.
        try node.run(to: worlds[0])
        compare(try node.observe(withFilters: true), worlds[0], "without any cut")
    }

    /// Tries boundaries in both directions until no run is long enough to have one: where not all of
    /// them are tried, others on the way back than on the way there.
    mutating func cut(first: Int, every: Int, cutsPrograms: Bool) throws {
        var number = first
        var hasReachedEnd = [false, false]
        while hasReachedEnd.contains(false), problems.count < 20 {
            for (target, number) in [(1, number), (0, number + every / 2)] {
                let cut: CutNode.Cut =
                    cutsPrograms ? .beforeProgram(number) : .behindOperation(number)
                try go(to: target, cut: hasReachedEnd[target] ? nil : cut, &hasReachedEnd[target])
            }
            number += every
        }
    }

    private mutating func go(
        to target: Int,
        cut: CutNode.Cut?,
        _ hasReachedEnd: inout Bool
    ) throws {
        let world = worlds[target]
        let place = "on the way to \(world.name), \(cut.map { "cut \($0)" } ?? "not cut")"
        if let cut, try node.begin(world, cut: cut) {
            boundaries += 1
            requests += probes.count
            for failure in try Probe.unanswered(probes, timeout: .seconds(5)) {
                note("\(place): \(failure)")
            }
            for key in try node.unclaimed() {
                note("\(place): nothing says whose virtual server \(key) is")
            }
        } else {
            hasReachedEnd = true
        }
        try node.run(to: world)
        // Reading the rules takes programs, and nothing on the way changes them.
        let seesRules = hasReachedEnd || node.mode == .iptables
        compare(try node.observe(withFilters: seesRules), world, place, seesRules: seesRules)
    }

    private mutating func compare(
        _ state: IPVSState,
        _ world: World,
        _ place: String,
        seesRules: Bool = true
    ) {
        for key in state.virtualServers.keys.sorted()
        where state.claims[.virtualServer(key)] == nil {
            note("\(place): virtual server \(key) is left behind")
        }
        let found = state.comparable()
        var wanted = expected[world.name == worlds[0].name ? 0 : 1]
        if !seesRules { wanted = wanted.filter { !$0.hasPrefix("rules for ") } }
        for line in found.subtracting(wanted).sorted().prefix(10) {
            note("\(place): \(line), which should not be")
        }
        for line in wanted.subtracting(found).sorted().prefix(10) {
            note("\(place): it should be that \(line)")
        }
    }

    private mutating func note(_ problem: String) {
        problems.append(problem)
        Output.line(problem)
    }

    var summary: String {
        "\(node.mode): \(boundaries) boundaries tried, \(probes.count) requests at each "
            + "(\(requests) in all), \(problems.count) problems"
    }
}
