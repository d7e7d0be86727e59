import Addressing
import DataplaneModel
import FaultInjection
import LinuxDataplane
import NetworkLab
import Planning
import Reconciliation
import ServiceModel

// What must hold all the time, and what at the end.
extension Soak {
    /// The virtual servers that a client is served at; none without IPVS, where a reading costs a
    /// program.
    func usableServers() throws -> Set<VirtualServerKey> {
        guard mode == .ipvs else { return [] }
        var socket = try IPVSSocket.required()
        return Set(
            try socket.virtualServers().filter { reading in
                reading.realServers.contains { $0.server.weight > 0 }
            }.map(\.server.key)
        )
    }

    /// What had somebody to serve and still should have, has; unless others took somebody away and
    /// nobody noticed yet.
    mutating func check(_ before: Set<VirtualServerKey>) throws {
        guard !isDisturbed, mode == .ipvs else { return }
        let after = try usableServers()
        for (key, wanted) in reconciler.desired.state.virtualServers
        where wanted.realServers.contains(where: { $0.weight > 0 }) && before.contains(key) {
            if !after.contains(key) {
                problems.append("round \(figures.rounds): nobody serves \(key) any more")
            }
        }
    }

    /// Compares what was reached with what a node comes to that never knew anything else.
    mutating func compare() throws {
        try settle()
        figures.comparisons += 1
        let reached = try reconciler.device.base.observe()
        // Interfaces that came since the last reading have parameters that nobody asked for.
        var believed = reconciler.applied
        believed.parameters = reached.parameters
        for part in reached.differences(from: believed) {
            problems.append("what is believed of \(part) is not what the kernel holds")
        }
        for (parameter, value) in reconciler.desired.state.parameters.sorted(by: { $0.key < $1.key }
        )
        where reached.parameters[parameter] != value && reached.parameters[parameter] != nil {
            problems.append("\(parameter.rawValue) is not \(value)")
        }
        let foreignServers = reached.virtualServers.filter {
            reached.claims[.virtualServer($0.key)] == nil
        }
        if mode == .ipvs, foreignServers != foreign.virtualServers {
            problems.append(
                "virtual servers of others are \(foreignServers), not \(foreign.virtualServers)"
            )
        }
        let printed = Set(try ForeignObjects.printed())
        for line in foreign.expectedLines.subtracting(printed).sorted() {
            problems.append("somebody else's \"\(line)\" is gone")
        }
        let fresh = try freshState()
        let (found, wanted) = (reached.comparable(), fresh.comparable())
        for line in found.subtracting(wanted).sorted().prefix(10) {
            problems.append("\(line), which should not be")
        }
        for line in wanted.subtracting(found).sorted().prefix(10) {
            problems.append("it should be that \(line)")
        }
        // An audit that finds something now says that what was written does not last.
        now += .seconds(61)
        figures.simulated += .seconds(61)
        figures.audits += 1
        let drift = reconciler.reconcile(now: now).drift
        if drift > 0 {
            problems.append("an audit finds \(drift) steps of drift in what was reached")
        }
        reconciler.device.schedule.isActive = true
    }

    /// What an empty node of the same addresses comes to with the same cluster.
    private mutating func freshState() throws -> IPVSState {
        let everything = cluster.everything()
        let node = try bareNode("fresh")
        let (mode, directory, moment) = (mode, stateDirectory + "-fresh", now)
        let addresses = foreign.addresses
        defer { _ = try? Command.run("rm", ["-rf", directory]) }
        return try node.perform {
            if !addresses.isEmpty {
                let commands = addresses.sorted().map { "addr add \($0)/32 dev node0\n" }
                try Command.run("ip", ["-batch", "-"], input: commands.joined())
            }
            var plain = try Soak.started(
                FaultSchedule(seed: 0).switchedOff,
                mode,
                directory,
                now: moment
            )
            plain.take(.changes(everything))
            plain.take(.initialSetComplete(isWhole: true))
            let report = plain.reconcile(now: moment)
            for failure in report.failures {
                throw TrialError("the fresh node fails too: \(failure.error)")
            }
            return try plain.device.observe()
        }
    }
}
