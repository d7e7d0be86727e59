import Addressing
import DataplaneModel

/// What is there of Fairlead itself.
enum OwnChecks {
    static func findings(_ observation: NodeObservation) -> [Finding] {
        [daemon(observation)] + AddressFamily.allCases.compactMap { rules($0, observation) }
    }

    private static func daemon(_ observation: NodeObservation) -> Finding {
        let directory = observation.stateDirectory.path
        switch observation.daemon {
        case .absent:
            return .ok(.daemon, "daemon", "none runs with its record in \(directory)")
        case .ended:
            return .ok(
                .daemon,
                "daemon",
                "none runs; the last one with its record in \(directory) has ended, and what it "
                    + "programmed goes on serving"
            )
        case .running(let process, hasControlSocket: true):
            return .ok(.daemon, "daemon", "runs\(words(process))")
        case .running(let process, hasControlSocket: false):
            return .warning(
                .daemon,
                "daemon",
                "runs\(words(process)), but has no control socket in \(directory): it cannot be "
                    + "asked anything",
                remedy: "Its log says why; starting it anew makes the socket."
            )
        }
    }

    private static func words(_ process: Int?) -> String {
        process.map { " (process \($0))" } ?? " in another container"
    }

    /// Rules in both variants act on every packet twice, and only those of one are kept right.
    private static func rules(
        _ family: AddressFamily,
        _ observation: NodeObservation
    ) -> Finding? {
        let filters = observation.filters.filter { $0.family == family }
        let ours = filters.filter { filter in
            filter.chains.contains { $0.hasPrefix(AddressSet.prefix) }
        }
        guard !ours.isEmpty else { return nil }
        let subject = family == .ipv4 ? "rules of IPv4" : "rules of IPv6"
        let programs = ours.map(\.program)
        guard programs.count > 1 else {
            return .ok(.ownRules, subject, "in \(programs.joined(separator: ", "))")
        }
        let used = FilterObservation.choice(among: filters)?.filter
        let stale = ours.first { $0 != used }?.program ?? programs[0]
        return .warning(
            .ownRules,
            subject,
            "in \(programs.joined(separator: " and in ")): those of \(stale) were left behind, and "
                + "still act on packets",
            remedy: "\"\(stale)-save | grep -v FAIRLEAD- | \(stale)-restore\" removes them."
        )
    }
}
