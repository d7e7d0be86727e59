import DataplaneModel

/// How full the tables of connections are.
enum TableChecks {
    static func findings(_ observation: NodeObservation) -> [Finding] {
        [tracked(observation), buckets(observation), balanced(observation)].compactMap(\.self)
    }

    private static func tracked(_ observation: NodeObservation) -> Finding? {
        let name = "nf_conntrack"
        guard let limit = observation.number("net.netfilter.nf_conntrack_max"),
            let count = observation.number("net.netfilter.nf_conntrack_count")
        else { return nil }
        guard limit > 0 else {
            return .ok(.trackedConnections, name, "\(counted(count, "connection")), no limit")
        }
        let share = Double(count) / Double(limit)
        let text =
            "\(counted(count, "connection")) of at most \(grouped(limit)) (\(Int(share * 100)) %)"
        guard share > 0.75 else { return .ok(.trackedConnections, name, text) }
        return .warning(
            .trackedConnections,
            name,
            share > 0.95
                ? "\(text): as good as full, and what finds no room is dropped"
                : "\(text): when it is full, new connections are dropped",
            remedy: "\"sysctl -w net.netfilter.nf_conntrack_max=\(2 * limit)\" doubles it; a "
                + "connection takes about 400 bytes of memory."
        )
    }

    private static func buckets(_ observation: NodeObservation) -> Finding? {
        let name = "net.netfilter.nf_conntrack_buckets"
        guard let buckets = observation.number(name), buckets > 0,
            let count = observation.number("net.netfilter.nf_conntrack_count")
        else { return nil }
        guard count > 4 * buckets else {
            return .ok(.trackingBuckets, "nf_conntrack_buckets", grouped(buckets))
        }
        return .note(
            .trackingBuckets,
            "nf_conntrack_buckets",
            "\(grouped(buckets)), with \(count / buckets) connections in each: every packet takes "
                + "longer to be looked up",
            remedy: "\"sysctl -w \(name)=\(powerOfTwo(notBelow: count))\"."
        )
    }

    /// Kernels whose table grows by itself have this parameter for it.
    private static let growing = KernelParameter(rawValue: "net.ipv4.vs.conn_lfactor")

    private static func balanced(_ observation: NodeObservation) -> Finding? {
        guard case .present(let ipvs) = observation.ipvs, ipvs.tableSize > 0 else { return nil }
        let connections = counted(ipvs.connections, "connection")
        let text = "\(connections) in a table of \(grouped(ipvs.tableSize)) buckets"
        if observation.parameters[growing] != nil {
            return .ok(.balancedConnections, "ip_vs", "\(text), which grows by itself")
        }
        guard ipvs.connections > 4 * ipvs.tableSize else {
            return .ok(.balancedConnections, "ip_vs", text)
        }
        // The kernel's limit of conn_tab_bits on all versions.
        let bits = min(20, powerOfTwo(notBelow: ipvs.connections).trailingZeroBitCount)
        return .warning(
            .balancedConnections,
            "ip_vs",
            "\(text): every packet takes longer to be looked up",
            remedy: "\"options ip_vs conn_tab_bits=\(bits)\" in /etc/modprobe.d/ip_vs.conf counts "
                + "when ip_vs is loaded the next time, at the latest after a restart of the machine."
        )
    }

    private static func powerOfTwo(notBelow number: UInt64) -> UInt64 {
        var power: UInt64 = 1
        while power < number, power < 1 << 62 { power <<= 1 }
        return power
    }
}
