import Addressing
package import DataplaneModel
package import KubeProxyLeftovers

/// Looks for what kube-proxy left in the network namespace of the calling thread.
///
/// Nothing is changed.
package enum KubeProxySearch {
    /// Reads everything where kube-proxy may have left something.
    ///
    /// `stateDirectory` is where the record of what is fairlead's is kept.
    ///
    /// - Throws: `DataplaneError` when something could not be read without which what is
    ///   kube-proxy's cannot be told from what is fairlead's.
    package static func observe(stateDirectory: String) throws(DataplaneError) -> ObservedNode {
        var node = ObservedNode()
        let tables = try FilterTables.all()
        node.tables = Set(
            (tables ?? []).filter { $0.name == ProxyNames.table }.map(\.family)
        )
        readRules(into: &node, tables)
        try readSets(into: &node)
        try readVirtualServers(into: &node)
        var device = try ProxyDevice()
        let reading = try device.read()
        node.device = reading.device
        node.addresses = reading.addresses
        // Last, as a claim is written before what it is for is made.
        node.claims = try claims(in: stateDirectory)
        guard !node.claims.isEmpty || reading.routed.isEmpty else {
            throw DataplaneError(
                action: "tell what is kube-proxy's from what is fairlead's",
                code: .noEntry,
                hint:
                    "there are local routes of fairlead (protocol 70) on this node, but no record "
                    + "of what is its own in \(stateDirectory); name the directory that has it "
                    + "with --state-directory, or start \"fairlead run\", which writes one"
            )
        }
        return node
    }

    /// A sentence for the log that says what kube-proxy left and which command removes it; nil
    /// where it left nothing.
    ///
    /// What is to be taken over has to be in the record by then, as it counts otherwise.
    package static func advice(stateDirectory: String) throws(DataplaneError) -> String? {
        let leftovers = Leftovers(on: try observe(stateDirectory: stateDirectory))
        guard !leftovers.isEmpty else { return nil }
        if let process = runningProcess() {
            return "kube-proxy (process \(process)) is running on this node, beside fairlead: both "
                + "program the same Services; stop it, then remove what it leaves with \"fairlead "
                + "cleanup --kube-proxy\" (now: \(leftovers.summary))"
        }
        return "kube-proxy has left on this node: \(leftovers.summary); \"fairlead cleanup "
            + "--kube-proxy\" removes it, and shows with --dry-run what that is"
    }

    /// The number of a process called kube-proxy; nil where there is none that can be seen.
    package static func runningProcess() -> Int? {
        HostFile.names(in: "/proc").lazy.compactMap { Int($0) }.first { number in
            let name = try? HostFile.read("/proc/\(number)/comm")
            return name == "kube-proxy\n"
        }
    }

    static func claims(in directory: String) throws(DataplaneError) -> Set<OwnedObject> {
        let text = try HostFile.read(OwnershipRecord.path(in: directory)) ?? ""
        return Set(OwnershipRecord.parse(text).owned.keys)
    }

    private static func readRules(
        into node: inout ObservedNode,
        _ tables: Set<FilterTables.Table>?
    ) {
        for family in AddressFamily.allCases {
            let all = RulePrograms.all(family)
            // A kernel without nftables has no rules of that variant, and its programs only fail.
            for programs in all where tables != nil || !programs.isModern {
                do throws(DataplaneError) {
                    node.rules[programs.name] = try programs.save()
                } catch {
                    node.doubts.append("rules of \(programs.name) could not be read: \(error)")
                }
            }
            if let doubt = doubt(family, all, tables ?? []) { node.doubts.append(doubt) }
        }
    }

    /// A part of the kernel that has rules, but no program to read them by.
    private static func doubt(
        _ family: AddressFamily,
        _ programs: [RulePrograms],
        _ tables: Set<FilterTables.Table>
    ) -> String? {
        let name = family == .ipv4 ? "iptables" : "ip6tables"
        var missing: [String] = []
        if !programs.contains(where: { !$0.isModern }) {
            let prefix = family == .ipv4 ? "ip" : "ip6"
            let names = (try? HostFile.read("/proc/net/\(prefix)_tables_names")) ?? nil
            if let names, !names.isEmpty { missing.append("\(name)-legacy") }
        }
        let usual = ["nat", "filter", "mangle"]
        let hasTables = tables.contains { $0.family == family && usual.contains($0.name) }
        if hasTables, !programs.contains(where: { $0.name != "\(name)-legacy" }) {
            missing.append("\(name)-nft")
        }
        guard !missing.isEmpty else { return nil }
        return "there may be rules of \(missing.joined(separator: " and ")), which this machine "
            + "does not have; install it (Debian's package iptables), then look again"
    }

    private static func readSets(into node: inout ObservedNode) throws(DataplaneError) {
        guard var socket = SetSocket.open() else { return }
        node.sets = try socket.allNames()
        for family in AddressFamily.allCases {
            for transport in TransportProtocol.allCases {
                let set = ProxyNames.nodePortSet(transport, family)
                if node.sets.contains(set) { node.nodePorts[set] = try socket.ports(of: set) }
            }
        }
    }

    private static func readVirtualServers(into node: inout ObservedNode) throws(DataplaneError) {
        guard var socket = try IPVSSocket.open() else { return }
        for reading in try socket.virtualServers() {
            node.virtualServers[reading.server.key] = IPVSState.Entry(
                server: reading.server,
                realServers: reading.realServers.map(\.server)
            )
        }
    }
}
