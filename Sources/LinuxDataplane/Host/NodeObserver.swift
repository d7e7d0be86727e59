import Addressing
package import DataplaneModel
import Glibc
package import NodeChecks

/// Looks at a node and changes nothing: it loads no module, and writes no rule.
///
/// It sees the network namespace of the calling thread.
package struct NodeObserver {
    let device: String
    let stateDirectory: String
    let release: String

    /// Looks at this machine; `device` is the name of the service device.
    ///
    /// - Throws: `DataplaneError` when /proc cannot be read.
    package init(device: String, stateDirectory: String) throws(DataplaneError) {
        self.device = device
        self.stateDirectory = stateDirectory
        guard let release = try KernelRequirements.release.read() else {
            throw DataplaneError(
                action: "read the version of the kernel",
                code: .noEntry,
                hint: "there is no /proc/sys/kernel/osrelease; mount /proc"
            )
        }
        self.release = release
    }

    /// Everything that can be seen; `node` is the name of this machine's Node object.
    ///
    /// What cannot be looked at is told as such; it is no error.
    package func observe(node: String) -> NodeObservation {
        var observation = NodeObservation(
            node: node,
            release: release,
            stateDirectory: DirectoryObservation(path: stateDirectory, kind: directoryKind())
        )
        observation.modules = moduleCatalogue()
        observation.capabilities = Self.text("/proc/self/status").flatMap {
            Capabilities(procStatus: $0)
        }
        observation.network = network()
        observation.parameters = parameters(observation.network.interfaces)
        let owned = OwnershipRecord.parse(Self.text(OwnershipRecord.path(in: stateDirectory)) ?? "")
            .owned
        lookAtDevice(owned, for: &observation.network)
        observation.ipvs = ipvs(observation.modules, owned)
        observation.filters = filters(observation.modules)
        observation.nftTables = nftTables(observation.modules)
        observation.processes = Self.processes()
        observation.daemon = daemon()
        return observation
    }

    /// The text of a file; nil when there is none, or when it may not be read.
    static func text(_ path: String) -> String? {
        (try? HostFile.read(path)).flatMap(\.self)
    }

    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    private func parameters(_ interfaces: Set<String>) -> [KernelParameter: String] {
        var values = KernelParameter.routerAdvertisements()
        let further = [
            "net.ipv4.vs.run_estimation", "net.ipv4.vs.conn_lfactor",
            "net.netfilter.nf_conntrack_max", "net.netfilter.nf_conntrack_count",
            "net.netfilter.nf_conntrack_buckets", "net.bridge.bridge-nf-call-iptables",
        ]
        let reversePaths = interfaces.union(["all"]).map { interface in
            "net.ipv4.conf.\(String(interface.map { $0 == "." ? "/" : $0 })).rp_filter"
        }
        let names = (further + reversePaths).map { KernelParameter(rawValue: $0) }
        for parameter in KernelRequirements.observed + names {
            values[parameter] = (try? parameter.read()).flatMap(\.self)
        }
        return values
    }

    /// Asking for IPVS by its name would make the kernel load it, so that is done only when it is
    /// there.
    private func ipvs(
        _ modules: ModuleCatalogue,
        _ owned: [OwnedObject: String]
    ) -> Observed<IPVSObservation> {
        guard modules.evident.contains(.ipvs) else { return .absent }
        do throws(DataplaneError) {
            guard var socket = try IPVSSocket.open() else { return .absent }
            let servers = try socket.virtualServers()
            let realServers = servers.flatMap(\.realServers)
            return .present(
                IPVSObservation(
                    virtualServers: servers.count,
                    realServers: realServers.count,
                    connections: realServers.reduce(0) { sum, server in
                        sum + UInt64(server.activeConnections) + UInt64(server.inactiveConnections)
                            + UInt64(server.persistentConnections)
                    },
                    tableSize: UInt64(try socket.information().connectionTableSize),
                    foreign: servers.count { owned[.virtualServer($0.server.key)] == nil }
                )
            )
        } catch {
            return .unreadable(error.hint.isEmpty ? "\(error.code)" : error.hint)
        }
    }

    private func lookAtDevice(
        _ owned: [OwnedObject: String],
        for network: inout NetworkObservation
    ) {
        guard var routes = try? RouteSocket(device: device) else { return }
        do throws(DataplaneError) {
            try routes.checkDevice()
        } catch {
            network.isServiceDeviceUnfit = error.code == .invalid
        }
        // The addresses of another kind of interface are its own.
        guard !network.isServiceDeviceUnfit, let addresses = try? routes.addresses() else { return }
        network.foreignBoundAddresses = addresses.announced.count { address, announcement in
            // An interface that is up gives itself a link-local address.
            announcement == .bound && !address.isLinkLocal && owned[.address(address)] == nil
        }
    }

    private func network() -> NetworkObservation {
        var network = NetworkObservation()
        network.interfaces = NetworkObservation.interfaces(
            inDeviceTable: Self.text("/proc/net/dev") ?? ""
        )
        network.defaultRoutes = NetworkObservation.defaultRoutes(
            inRouteTable: Self.text("/proc/net/route") ?? ""
        )
        network.advertisedRoutes = NetworkObservation.advertisedRoutes(
            inRouteTable: Self.text("/proc/net/ipv6_route") ?? ""
        )
        network.reversePathDrops = NetworkObservation.counter(
            "IPReversePathFilter",
            of: "TcpExt",
            in: Self.text("/proc/net/netstat") ?? ""
        )
        // /sys shows the namespace that it was mounted in, which may be another one.
        for name in network.interfaces.sorted() {
            let path = "/sys/class/net/\(name)"
            guard Self.exists(path + "/bridge") else { continue }
            let calls = Self.text(path + "/bridge/nf_call_iptables") ?? "0"
            network.bridges.append(
                NetworkObservation.Bridge(
                    name: name,
                    ports: HostFile.names(in: path + "/brif").count,
                    callsFilter: calls.first == "1"
                )
            )
        }
        return network
    }

    /// Which of the programs are at work that would do the same as this one.
    private static func processes() -> Set<String> {
        var found: Set<String> = []
        for process in HostFile.names(in: "/proc") where process.allSatisfy(\.isNumber) {
            let name = text("/proc/\(process)/comm")?.prefix { $0 != "\n" } ?? ""
            if ["kube-proxy", "cilium-agent", "kube-router"].contains(name) {
                found.insert(String(name))
            }
        }
        return found
    }
}
