import Addressing
import DataplaneModel
import Planning
import Reconciliation
import Routing
import ServiceModel
import SimulatedDataplane
import Testing

/// What follows from the addresses that the node has.
@Suite struct NodeAddressTests {
    private typealias World = FilterWorld

    private static let moved = IPAddress.ipv4(0xc000_024d)

    private static func nodePortServers(
        _ reconciler: borrowing Reconciler<SimulatedDataplane>
    ) -> [String] {
        reconciler.device.state.virtualServers.keys.filter { key in
            if case .address(let endpoint, _) = key { endpoint.port > 30000 } else { false }
        }.map { "\($0)" }.sorted()
    }

    @Test func aNodePortMovesWithTheNodesAddress() throws {
        let changes = [World.service(1, policy: .cluster), World.endpoints(1, there: [2])]
        var reconciler = try World.started(changes)
        #expect(Self.nodePortServers(reconciler) == ["TCP 192.0.2.10:30001"])
        reconciler.device.state.foreignAddresses = [Self.moved]
        reconciler.readNodeAddresses()
        let report = reconciler.reconcile(now: .seconds(1))
        #expect(report.failures.isEmpty && report.hasNewListeners)
        #expect(Self.nodePortServers(reconciler) == ["TCP 192.0.2.77:30001"])
        #expect(
            reconciler.device.state.members(.external)
                == ["192.0.2.77,tcp:30001", "203.0.113.1,tcp:80"]
        )
        #expect(reconciler.nodePorts.map(\.place.address) == [Self.moved])
    }

    @Test func aNodeWithoutAnAddressIsReportedUntilItHasOne() throws {
        let changes = [World.service(1, policy: .cluster), World.endpoints(1, there: [2])]
        var reconciler = try World.started(changes, on: World.kernel([]))
        #expect(Self.nodePortServers(reconciler) == [])
        #expect(reconciler.nodePorts.isEmpty)
        reconciler.device.state.foreignAddresses = [World.nodeAddress]
        reconciler.readNodeAddresses()
        let report = reconciler.reconcile(now: .seconds(1))
        #expect(
            report.solvedProblems.map(\.description) == [
                "Node here: status.addresses: this node has no IPv4 address for node ports, so "
                    + "they are not served over IPv4; give it one, or widen nodePorts.addresses in "
                    + "the configuration"
            ]
        )
        #expect(Self.nodePortServers(reconciler) == ["TCP 192.0.2.10:30001"])
    }

    @Test func theNodesOwnObjectSaysWhichAddressIsPrimary() throws {
        var options = World.options()
        options.nodePorts = .primary
        let changes = [
            World.service(1, policy: .cluster), World.endpoints(1, there: [2]),
            .node(Node(name: "here", addresses: [World.nodeAddress])),
        ]
        let kernel = World.kernel([World.nodeAddress, Self.moved])
        var reconciler = try World.started(changes, on: kernel, options: options)
        #expect(Self.nodePortServers(reconciler) == ["TCP 192.0.2.10:30001"])
        reconciler.take(.changes([.node(Node(name: "here", addresses: [Self.moved]))]))
        _ = reconciler.reconcile(now: .seconds(1))
        #expect(Self.nodePortServers(reconciler) == ["TCP 192.0.2.77:30001"])
        reconciler.take(.changes([.node(Node(name: "there", addresses: [World.nodeAddress]))]))
        let report = reconciler.reconcile(now: .seconds(2))
        #expect(report.applied == 0)
    }

    @Test func theNodesOwnObjectSaysWherePodsAre() throws {
        var options = World.options()
        options.detectsPodsByNode = true
        var reconciler = try World.started([], options: options)
        var policy = FilterPolicy(detection: .sources([]))
        #expect(reconciler.device.state.filters[.ipv4] == .services(.ipv4, policy))
        let range = IPPrefix(holding: .ipv4(0x0af4_0000), length: 24)
        reconciler.take(.changes([.node(Node(name: "here", podCIDRs: [range]))]))
        let report = reconciler.reconcile(now: .seconds(1))
        policy.detection = .sources([range])
        #expect(report.applied == 1)
        #expect(reconciler.device.state.filters[.ipv4] == .services(.ipv4, policy))
    }

    /// After any change of the node's addresses the loop must want what one that has just begun would.
    @Test(arguments: [IPVSLowering.AddressMode.routes, .bind])
    func whatFollowsFromAnAddressIsTheSameAsAfterARestart(
        mode: IPVSLowering.AddressMode
    ) throws {
        // An endpoint in the node's own network, and clients of its network alone.
        let hostPod = ClusterChange.endpointSlice(
            EndpointSlice(
                name: World.name("web-1-1"),
                service: World.name("web-1"),
                family: .ipv4,
                ports: [EndpointPort(name: "http", port: 8080)],
                endpoints: [Endpoint(address: Self.moved, nodeName: "here")]
            )
        )
        let network = IPPrefix(holding: Self.moved, length: 28)
        let changes = [World.service(1, policy: .cluster, ranges: [network]), hostPod]
        let options = World.options(addressMode: mode)
        var reconciler = try World.started(changes, options: options)
        reconciler.device.state.foreignAddresses = [World.nodeAddress, Self.moved]
        reconciler.readNodeAddresses()
        _ = reconciler.reconcile(now: .seconds(1))
        let fresh = try World.started(
            changes,
            on: World.kernel([World.nodeAddress, Self.moved]),
            options: options
        )
        for role in AddressSet.Role.allCases {
            #expect(
                reconciler.desired.state.sets[AddressSet(role, .ipv4)]
                    == fresh.desired.state.sets[AddressSet(role, .ipv4)],
                "\(role)"
            )
        }
        #expect(reconciler.desired.state.virtualServers == fresh.desired.state.virtualServers)
    }

    /// A frontend at an address comes before a node port there, with all that belongs to it.
    @Test func anExternalAddressOfTheNodeTakesAPlaceFromANodePortWhole() throws {
        var external = ExternalAccess()
        external.addresses = [World.nodeAddress]
        let taker = ClusterChange.service(
            Service(
                name: World.name("web-2"),
                reachability: .clusterIPs([.ipv4(0x0a60_0002)]),
                ports: [ServicePort(name: "http", port: 30001)],
                external: external
            )
        )
        let reconciler = try World.started([
            World.service(1), World.endpoints(1, there: [1]), taker,
            World.endpoints(2, there: [2]),
        ])
        let place = SocketEndpoint(World.nodeAddress, 30001)
        let server = reconciler.device.state.virtualServers[.address(place, .tcp)]
        #expect(server?.realServers.map(\.address.address) == [.ipv4(0x0af4_0002)])
        let member = SetMember.frontend(place, .tcp)
        let roles = AddressSet.Role.allCases.filter {
            reconciler.device.state.sets[AddressSet($0, .ipv4)]?[member] != nil
        }
        #expect(roles == [.external])
    }
}
