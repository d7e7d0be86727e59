import Addressing
import DataplaneModel
import LinuxDataplane
import NetworkLab
import Planning
import Reconciliation
import Routing
import ServiceModel

/// The reconciler at work on the node of a laboratory, with chains of one variant of `iptables`.
final class ChainedNode {
    let laboratory: Laboratory
    let variant: FilterPrograms.Variant
    let stateDirectory: String
    private let servers: [NamedServer]
    private var reconciler: Reconciler<LinuxDataplane>?
    private var now = Duration.zero
    private var said: [ClusterChange] = []

    init(_ variant: FilterPrograms.Variant, name: String) throws {
        self.variant = variant
        laboratory = try Laboratory()
        stateDirectory = TestKernel.stateDirectory("\(name)-\(variant.rawValue)")
        servers = try laboratory.pods.map {
            try NamedServer(in: $0, port: ServiceUnderTest.podPort, protocols: [.tcp, .udp])
        }
        try laboratory.node.perform { try variant.hint() }
        try restart()
    }

    deinit { _ = try? Command.run("rm", ["-rf", stateDirectory]) }

    static func options(_ policy: FilterPolicy = FilterPolicy()) throws -> ReconcilerOptions {
        ReconcilerOptions(
            routing: RoutingPolicy(node: RoutingNode(name: "node")),
            mode: .iptables,
            sources: PreferredSources(
                ipv4: try IPAddress("192.0.2.10"),
                ipv6: try IPAddress("2001:db8::10")
            ),
            filter: policy,
            auditInterval: .seconds(60)
        )
    }

    /// Forgets all that is known, and begins anew on the same node; answers what that wrote.
    @discardableResult
    func restart(_ policy: FilterPolicy = FilterPolicy()) throws -> ReconciliationReport {
        reconciler = nil
        try laboratory.node.perform {
            var fresh = Reconciler(
                device: try LinuxDataplane(
                    .iptables,
                    device: "kube-ipvs0",
                    stateDirectory: stateDirectory
                ),
                options: try Self.options(policy)
            )
            now += .seconds(1)
            try fresh.start(now: now)
            reconciler = consume fresh
        }
        return try reconcile(said, isWhole: true)
    }

    /// Hands over changes and writes what they come to.
    ///
    /// - Throws: the first failure.
    @discardableResult
    func apply(_ changes: [ClusterChange]) throws -> ReconciliationReport {
        let report = try attempt(changes)
        for failure in report.failures { throw failure.error }
        return report
    }

    /// The same, where failures are expected.
    @discardableResult
    func attempt(_ changes: [ClusterChange]) throws -> ReconciliationReport {
        said += changes
        return try reconcile(changes, isWhole: false)
    }

    /// Compares the kernel with what is wanted, now that it is time; with some directories empty.
    func audit(covering directories: [String] = []) throws -> ReconciliationReport {
        now += .seconds(60)
        return try reconcile([], isWhole: false, covering: directories)
    }

    private func reconcile(
        _ changes: [ClusterChange],
        isWhole: Bool,
        covering directories: [String] = []
    ) throws -> ReconciliationReport {
        now += .seconds(1)
        let moment = now
        guard var reconciler = reconciler.take() else { throw LabError("the reconciler is in use") }
        reconciler.take(.changes(changes))
        if isWhole { reconciler.take(.initialSetComplete(isWhole: true)) }
        let report = try Self.reconcile(
            &reconciler,
            at: moment,
            in: laboratory.node,
            covering: directories
        )
        self.reconciler = consume reconciler
        return report
    }

    private static func reconcile(
        _ reconciler: inout Reconciler<LinuxDataplane>,
        at now: Duration,
        in node: NetworkNamespace,
        covering directories: [String]
    ) throws -> ReconciliationReport {
        guard !directories.isEmpty else {
            return try node.perform { reconciler.reconcile(now: now) }
        }
        return try node.perform(covering: directories) { reconciler.reconcile(now: now) }
    }

    /// Does something behind the back of the reconciler.
    func applyDirectly(_ operations: [Operation]) throws -> [OperationFailure] {
        guard var reconciler = reconciler.take() else { throw LabError("the reconciler is in use") }
        let failures = try Self.apply(operations, by: &reconciler, in: laboratory.node)
        self.reconciler = consume reconciler
        return failures
    }

    private static func apply(
        _ operations: [Operation],
        by reconciler: inout Reconciler<LinuxDataplane>,
        in node: NetworkNamespace
    ) throws -> [OperationFailure] {
        try node.perform { reconciler.device.apply(Plan(operations)) }
    }
}

// MARK: - What is in the kernel

extension ChainedNode {
    /// Runs `iptables` or another of its programs, of this node's variant.
    @discardableResult
    func run(
        _ arguments: [String],
        suffix: String = "",
        _ family: AddressFamily = .ipv4
    ) throws -> String {
        let name = family == .ipv4 ? "iptables" : "ip6tables"
        return try laboratory.node.perform {
            try Command.run("\(name)-\(variant.rawValue)\(suffix)", arguments)
        }
    }

    /// The lines of `iptables-save` of the table nat, each with what it has counted.
    func saved(_ family: AddressFamily = .ipv4) throws -> [String] {
        try run(["-c", "-t", "nat"], suffix: "-save", family).split(separator: "\n")
            .map(String.init).filter { !$0.hasPrefix("#") }
    }

    /// The rules of our chains of all tables, by chain, without what they have counted.
    func chains(_ family: AddressFamily = .ipv4) throws -> [String: [String]] {
        var chains: [String: [String]] = [:]
        for line in try run([], suffix: "-save", family).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard line.contains("FAIRLEAD-") else { continue }
            if line.hasPrefix(":") {
                chains[String(words[0].dropFirst()), default: []] += []
            } else if line.hasPrefix("-A ") {
                chains[String(words[1]), default: []].append(String(line))
            }
        }
        return chains
    }

    /// What has nothing to do with us, byte for byte.
    func foreignLines(_ family: AddressFamily = .ipv4) throws -> [String] {
        try run([], suffix: "-save", family).split(separator: "\n").map(String.init)
            .filter { !$0.contains("FAIRLEAD-") && !$0.hasPrefix("#") }
            .map { $0.hasPrefix(":") ? String($0.prefix { $0 != "[" }) : $0 }
    }

    /// The chain of the real servers of a Service port.
    func serviceChain(_ owner: String, _ family: AddressFamily = .ipv4) throws -> String {
        let found = try chains(family).first { name, rules in
            name.hasPrefix("FAIRLEAD-SVC-") && rules.contains { $0.contains("\"\(owner)\"") }
        }
        guard let found else { throw LabError("no chain of \(owner)") }
        return found.key
    }
}

// MARK: - Clients

extension ChainedNode {
    /// The names of the pods that answer requests of the client outside.
    func requests(
        _ count: Int = 1,
        to number: Int,
        _ family: AddressFamily = .ipv4,
        _ transport: TransportProtocol = .tcp,
        client: Int? = nil
    ) throws -> [String] {
        try Client.requests(
            count,
            from: laboratory.client,
            to: ServiceUnderTest.endpoint(number, family),
            transport,
            source: client.map { try laboratory.clientAddress($0, family) }
        )
    }

    /// A Service with one TCP port, at 10.96.0.*number*, and the pods that serve it.
    func service(
        _ number: Int,
        pods: some Sequence<Int>,
        affinity: Service.SessionAffinity = .none,
        nodePort: UInt16? = nil
    ) throws -> [ClusterChange] {
        let name = ObjectName(namespace: "test", name: "plain-\(number)")
        return [
            .service(
                Service(
                    name: name,
                    reachability: .clusterIPs([try ServiceUnderTest.address(number, .ipv4)]),
                    ports: [
                        ServicePort(
                            name: "web",
                            port: ServiceUnderTest.port,
                            nodePort: nodePort
                        )
                    ],
                    sessionAffinity: affinity
                )
            ),
            .endpointSlice(
                EndpointSlice(
                    name: name,
                    service: name,
                    family: .ipv4,
                    ports: [EndpointPort(name: "web", port: ServiceUnderTest.podPort)],
                    endpoints: try pods.map {
                        Endpoint(address: try laboratory.podAddress($0, .ipv4))
                    }
                )
            ),
        ]
    }

    /// Its owner, as chains name it.
    static func owner(_ number: Int) -> String { "test/plain-\(number):web" }

    /// Its virtual server.
    static func key(_ number: Int) throws -> VirtualServerKey {
        .address(try ServiceUnderTest.endpoint(number, .ipv4), .tcp)
    }
}
