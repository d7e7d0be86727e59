package import DataplaneModel

/// What was seen on a node.
package struct NodeObservation: Hashable, Sendable {
    /// The name of the node.
    package var node: String
    package var modules: ModuleCatalogue
    /// The effective capabilities of the process that looked; nil when they could not be read.
    package var capabilities: Capabilities?
    package var stateDirectory: DirectoryObservation
    /// By name, those that this kernel has.
    package var parameters: [KernelParameter: String] = [:]
    package var ipvs = Observed<IPVSObservation>.absent
    /// One for each pair of programs that there is.
    package var filters: [FilterObservation] = []
    /// The tables of `nf_tables`, whoever made them: `ip kube-proxy`.
    package var nftTables: Set<String> = []
    package var network = NetworkObservation()
    /// The names of the processes of other service proxies that can be seen.
    package var processes: Set<String> = []
    package var daemon = DaemonObservation.absent
    /// Nil when no cluster is followed.
    package var cluster: ClusterObservation?

    /// `release` is that of the kernel, such as `6.1.0-18-amd64`.
    package init(node: String, release: String, stateDirectory: DirectoryObservation) {
        self.node = node
        modules = ModuleCatalogue(release: release)
        self.stateDirectory = stateDirectory
    }

    package var version: KernelVersion? { KernelVersion(release: modules.release) }

    /// A kernel parameter as a number; nil when there is none, or when it is none.
    func number(_ name: String) -> UInt64? {
        parameters[KernelParameter(rawValue: name)].flatMap { UInt64($0) }
    }
}

/// Something that may not be there, or may not be looked at.
package enum Observed<Value: Hashable & Sendable>: Hashable, Sendable {
    case present(Value)
    case absent
    /// It is there, and could not be read, for this reason.
    case unreadable(String)
}

/// What IPVS holds in this network namespace.
package struct IPVSObservation: Hashable, Sendable {
    package var virtualServers: Int
    package var realServers: Int
    /// Connections and persistence templates of all real servers.
    package var connections: UInt64
    /// Buckets of the table of connections.
    package var tableSize: UInt64
    /// Those that are not in the record of what is ours.
    package var foreign: Int

    package init(
        virtualServers: Int = 0,
        realServers: Int = 0,
        connections: UInt64 = 0,
        tableSize: UInt64 = 4096,
        foreign: Int = 0
    ) {
        self.virtualServers = virtualServers
        self.realServers = realServers
        self.connections = connections
        self.tableSize = tableSize
        self.foreign = foreign
    }
}

/// Whether a daemon is at work on the node.
package enum DaemonObservation: Hashable, Sendable {
    case absent
    /// Holds the lock of the state directory; nil when its process is in another container.
    case running(process: Int?, hasControlSocket: Bool)
    /// It left its socket behind and is gone.
    case ended
}
