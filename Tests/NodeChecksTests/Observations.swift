import Addressing
import DataplaneModel
import NodeChecks
import Testing

extension NodeObservation {
    /// A node where nothing is to be said: everything is loaded, nobody else is at work.
    static func healthy(
        _ change: (inout NodeObservation) -> Void = { _ in }
    ) -> NodeObservation {
        var node = NodeObservation(
            node: "worker-1",
            release: "6.6.30",
            stateDirectory: DirectoryObservation(
                path: "/run/fairlead",
                kind: .directory(owner: 0, mode: 0o755, isWritable: true)
            )
        )
        let parts =
            [.ipvs, .connectionTracking, .addressSets, .dummy, .nfTables]
            + KernelModule.setTypes + KernelModule.matches + [KernelModule.compatibility]
            + Scheduler.wellKnown.map { KernelModule.scheduler($0) }
        node.modules.loaded = Set(parts.map(\.name))
        node.modules.builtIn = []
        node.modules.loadable = []
        node.modules.evident = [.ipvs]
        node.capabilities = [.networkAdministration, .moduleLoading, .rawSockets]
        node.set([
            "kernel.osrelease": "6.6.30", "net.ipv4.ip_forward": "1",
            "net.ipv6.conf.all.forwarding": "1", "net.ipv4.vs.conntrack": "1",
            "net.ipv4.vs.expire_nodest_conn": "1", "net.ipv4.vs.expire_quiescent_template": "1",
            "net.ipv4.vs.conn_reuse_mode": "1", "net.ipv4.vs.run_estimation": "1",
            "net.ipv4.conf.all.rp_filter": "0", "net.ipv4.conf.eth0.rp_filter": "0",
            "net.ipv4.conf.lo.rp_filter": "0", "net.netfilter.nf_conntrack_max": "262144",
            "net.netfilter.nf_conntrack_count": "1000",
            "net.netfilter.nf_conntrack_buckets": "65536",
        ])
        node.ipvs = .present(IPVSObservation(virtualServers: 2, realServers: 4))
        node.filters = AddressFamily.allCases.map { FilterObservation($0, .nft, .absent) }
        node.network.interfaces = ["lo", "eth0", "kube-ipvs0"]
        node.network.defaultRoutes = ["eth0"]
        node.network.reversePathDrops = 0
        node.daemon = .running(process: 4711, hasControlSocket: true)
        change(&node)
        return node
    }

    /// Sets kernel parameters; an empty text removes one.
    mutating func set(_ values: [String: String]) {
        for (name, value) in values {
            parameters[KernelParameter(rawValue: name)] = value.isEmpty ? nil : value
        }
    }

    /// Takes parts out of the kernel, so that they are nowhere.
    mutating func remove(_ parts: KernelModule...) {
        for part in parts {
            modules.loaded?.remove(part.name)
            modules.evident.remove(part)
        }
    }

    /// Takes parts out of the kernel that can be loaded again.
    mutating func unload(_ parts: KernelModule...) {
        for part in parts {
            modules.loaded?.remove(part.name)
            modules.evident.remove(part)
            modules.loadable?.insert(part.name)
        }
    }
}

extension ServingIntent {
    static func asking(_ change: (inout ServingIntent) -> Void) -> ServingIntent {
        var intent = ServingIntent()
        change(&intent)
        return intent
    }

    static let ipvs = asking { $0.mode = .ipvs }
    static let iptables = asking { $0.mode = .iptables }
}

extension NodeReport {
    /// What one check found, of the subject that begins so.
    func finding(_ check: Check, _ subject: String = "") -> Finding? {
        findings.first { $0.check == check && $0.subject.hasPrefix(subject) }
    }

    /// All that is not well, as `check verdict`.
    var complaints: [String] {
        findings.filter { $0.verdict != .ok }.map { "\($0.check.rawValue) \($0.verdict.rawValue)" }
    }
}

/// A row of a table: a node, what its daemon is to do, and what one check has to say of it.
struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let node: NodeObservation
    let intent: ServingIntent
    let check: Check
    let subject: String
    let verdict: Verdict
    let words: [String]

    /// `words` must be in the finding or its remedy.
    init(
        _ name: String,
        _ check: Check,
        of subject: String = "",
        _ verdict: Verdict,
        _ words: String...,
        intent: ServingIntent = ServingIntent(),
        node change: (inout NodeObservation) -> Void = { _ in }
    ) {
        testDescription = name
        node = .healthy(change)
        self.intent = intent
        self.check = check
        self.subject = subject
        self.verdict = verdict
        self.words = words
    }
}
