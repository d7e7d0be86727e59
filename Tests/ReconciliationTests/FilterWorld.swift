import Addressing
import DataplaneModel
import Planning
import Reconciliation
import Routing
import ServiceModel
import SimulatedDataplane

/// A node `here` at 192.0.2.10 with the packet filter, and Services on it.
enum FilterWorld {
    static func options(
        _ mode: DataplaneMode = .ipvs,
        addressMode: IPVSLowering.AddressMode = .routes,
        marks: MarkRange = MarkRange(base: 0x1000, bits: 12),
        auditInterval: Duration = .zero
    ) -> ReconcilerOptions {
        ReconcilerOptions(
            routing: RoutingPolicy(node: RoutingNode(name: "here")),
            mode: mode,
            addressMode: addressMode,
            filter: FilterPolicy(marks: marks),
            auditInterval: auditInterval
        )
    }

    static let nodeAddress = IPAddress.ipv4(0xc000_020a)

    static func kernel(
        _ addresses: Set<IPAddress> = [nodeAddress],
        mode: DataplaneMode = .ipvs
    ) -> SimulatedDataplane {
        var kernel = SimulatedDataplane(mode: mode)
        kernel.state.foreignAddresses = addresses
        return kernel
    }

    static func name(_ name: String) -> ObjectName { ObjectName(namespace: "default", name: name) }

    /// `default/web-number`, by its number.
    ///
    /// Its load balancer has the address 203.0.113.`number`, its node port is 30000 + `number`, and
    /// its cluster IP 10.96.0.`number`.
    static func service(
        _ number: UInt32,
        policy: TrafficPolicy = .local,
        ranges: [IPPrefix]? = nil,
        healthCheck: UInt16? = nil
    ) -> ClusterChange {
        var external = ExternalAccess()
        external.policy = policy
        external.loadBalancerAddresses = [balancer(number)]
        external.sourceRanges = ranges
        external.healthCheckNodePort = healthCheck
        return .service(
            Service(
                name: name("web-\(number)"),
                reachability: .clusterIPs([.ipv4(0x0a60_0000 + number)]),
                ports: [
                    ServicePort(name: "http", port: 80, nodePort: UInt16(30000 + number))
                ],
                external: external
            )
        )
    }

    static func balancer(_ number: UInt32) -> IPAddress { .ipv4(0xcb00_7100 + number) }

    /// Endpoints of `service(number)` at 10.244.0.`n`, by the nodes they are on.
    static func endpoints(
        _ number: UInt32,
        here: [UInt32] = [],
        there: [UInt32] = []
    ) -> ClusterChange {
        let all = here.map { ($0, "here") } + there.map { ($0, "there") }
        return .endpointSlice(
            EndpointSlice(
                name: name("web-\(number)-1"),
                service: name("web-\(number)"),
                family: .ipv4,
                ports: [EndpointPort(name: "http", port: 8080)],
                endpoints: all.map { Endpoint(address: .ipv4(0x0af4_0000 + $0), nodeName: $1) }
            )
        )
    }

    /// A reconciler that has taken in these changes and written what they come to.
    static func started(
        _ changes: [ClusterChange],
        on kernel: SimulatedDataplane = kernel(),
        options: ReconcilerOptions = options()
    ) throws -> Reconciler<SimulatedDataplane> {
        var reconciler = Reconciler(device: kernel, options: options)
        try reconciler.start(now: .zero)
        reconciler.take(.changes(changes))
        reconciler.take(.initialSetComplete(isWhole: true))
        _ = reconciler.reconcile(now: .zero)
        return reconciler
    }
}

extension IPVSState {
    /// The marks that have a virtual server, sorted.
    var marks: [UInt32] {
        virtualServers.keys.compactMap { key in
            if case .firewallMark(let mark, _) = key { mark } else { nil }
        }.sorted()
    }

    /// The members of a set for IPv4 as text, sorted, with marks that are not 0.
    func members(_ role: AddressSet.Role, _ family: AddressFamily = .ipv4) -> [String] {
        (sets[AddressSet(role, family)] ?? [:]).map { member, mark in
            "\(member)" + (mark == 0 ? "" : " \(mark)")
        }.sorted()
    }

    /// What serves, as text; marks depend on who asked first, so each is called by its owner.
    var namedByOwners: Set<String> {
        var owners: [UInt32: String] = [:]
        for (object, owner) in claims {
            if case .virtualServer(.firewallMark(let mark, _)) = object { owners[mark] = owner }
        }
        var lines: Set<String> = []
        for (key, entry) in virtualServers {
            let servers = entry.realServers.map { "\($0.address)" }.joined(separator: " ")
            var name = "\(key)"
            if case .firewallMark(let mark, _) = key { name = "mark of \(owners[mark] ?? "?")" }
            lines.insert("\(name) \(entry.server.scheduler) \(servers)")
        }
        for (set, members) in sets {
            for (member, mark) in members {
                lines.insert("\(set) \(member) \(mark == 0 ? "" : owners[mark] ?? "?")")
            }
        }
        for address in addresses.keys { lines.insert("\(address)") }
        return lines
    }
}
