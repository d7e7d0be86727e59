/// The kernel itself.
enum KernelChecks {
    static func findings(
        _ observation: NodeObservation,
        _ intent: ServingIntent
    ) -> [Finding] {
        [release(observation, intent), estimator(observation)].compactMap(\.self)
    }

    private static func release(
        _ observation: NodeObservation,
        _ intent: ServingIntent
    ) -> Finding {
        let release = observation.modules.release
        guard let version = observation.version else {
            return .note(
                .release,
                "release",
                "\"\(release)\" does not begin with a version",
                remedy: "Make sure that it is Linux 4.1 or newer."
            )
        }
        if version < KernelVersion(4, 1) {
            return .warning(
                .release,
                "release",
                "\(release) is older than Linux 4.1, and Fairlead was never tried on such a kernel",
                remedy: "Use a newer kernel; from 5.9 on IPVS has all that is needed here."
            )
        }
        if intent.prefersIPVS, version < KernelVersion(5, 9) {
            return .note(
                .release,
                "release",
                "\(release); before Linux 5.9 a client that uses a port again may be led to the "
                    + "endpoint it had before",
                remedy: "A kernel from 5.9 on does not have this problem."
            )
        }
        return .ok(.release, "release", release)
    }

    /// How many servers are few enough to be walked through in one go.
    private static let fewServers = 2_000

    /// Up to 6.1 a timer walks through all servers for their rates every two seconds, for every
    /// processor, and nothing else runs meanwhile; from 6.2 on threads do it in portions
    /// (`net/netfilter/ipvs/ip_vs_est.c`).
    private static func estimator(_ observation: NodeObservation) -> Finding? {
        guard case .present(let ipvs) = observation.ipvs, let version = observation.version else {
            return nil
        }
        let servers = ipvs.virtualServers + ipvs.realServers
        let text = "\(counted(servers, "server")) to estimate rates for"
        if observation.number("net.ipv4.vs.run_estimation") == 0 {
            return .ok(.estimator, "estimator", "off (net.ipv4.vs.run_estimation is 0)")
        }
        if version >= KernelVersion(6, 2) {
            return .ok(.estimator, "estimator", "\(text), by threads of their own")
        }
        guard servers > fewServers else { return .ok(.estimator, "estimator", text) }
        return .warning(
            .estimator,
            "estimator",
            "\(text), in one go every two seconds on a kernel before 6.2: packets may be held up "
                + "for many milliseconds",
            remedy: observation.number("net.ipv4.vs.run_estimation") == nil
                ? "Use a kernel from 6.2 on, which estimates in portions."
                : "\"sysctl -w net.ipv4.vs.run_estimation=0\" switches it off; \"fairlead list "
                    + "--rate\" then shows 0. A kernel from 6.2 on estimates in portions."
        )
    }
}
