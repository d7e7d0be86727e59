import Addressing
import DataplaneModel
import Planning
import Reconciliation
import Routing
import ServiceModel
import SimulatedDataplane
import Testing

/// What cannot be served as it was meant is said of its object, and everything else is served.
@Suite struct BadInputTests {
    private typealias World = FilterWorld

    /// A node with one Service that is in order, and whatever else is given.
    /// - Parameter look: sees what has become of it.
    private func problems(
        with changes: [ClusterChange],
        on kernel: SimulatedDataplane = World.kernel(),
        options: ReconcilerOptions = World.options(),
        look: (borrowing Reconciler<SimulatedDataplane>) -> Void = { _ in }
    ) throws -> [String] {
        var reconciler = Reconciler(device: kernel, options: options)
        try reconciler.start(now: .zero)
        reconciler.take(
            .changes([World.service(1, policy: .cluster), World.endpoints(1, here: [1])] + changes)
        )
        reconciler.take(.initialSetComplete(isWhole: true))
        let report = reconciler.reconcile(now: .zero)
        #expect(report.failures.isEmpty)
        let good = VirtualServerKey.address(SocketEndpoint(World.balancer(1), 80), .tcp)
        #expect(reconciler.device.state.virtualServers[good]?.realServers.count == 1)
        look(reconciler)
        return report.newProblems.map(\.description)
    }

    private func service(
        _ name: String,
        clusterIP: UInt32,
        nodePort: UInt16? = nil,
        external: ExternalAccess = ExternalAccess()
    ) -> ClusterChange {
        .service(
            Service(
                name: World.name(name),
                reachability: .clusterIPs([.ipv4(clusterIP)]),
                ports: [ServicePort(name: "http", port: 80, nodePort: nodePort)],
                external: external
            )
        )
    }

    @Test func twoServicesWithOneNodePort() throws {
        let problems = try problems(with: [
            service("web-0", clusterIP: 0x0a60_0063, nodePort: 30001)
        ])
        #expect(problems.count == 1)
        #expect(
            problems[0].hasPrefix(
                "Service default/web-1: spec.ports[].nodePort: node port 30001/TCP (IPv4) belongs to "
                    + "Service default/web-0"
            )
        )
    }

    @Test func hintsForZonesThatNobodyKnows() throws {
        let slice = EndpointSlice(
            name: World.name("zones-1"),
            service: World.name("zones"),
            family: .ipv4,
            ports: [EndpointPort(name: "http", port: 8080)],
            endpoints: [
                Endpoint(address: .ipv4(0x0af4_0007), hints: EndpointHints(zones: ["atlantis"]))
            ]
        )
        var options = World.options()
        options.routing.node.zone = "zone-1"
        let known = try problems(
            with: [service("zones", clusterIP: 0x0a60_0063), .endpointSlice(slice)],
            options: options
        )
        #expect(
            known == [
                "Service default/zones: endpoints[].hints.forZones: none of its endpoints is meant "
                    + "for this node's zone, \"zone-1\"; the hints are ignored, and all endpoints "
                    + "are used"
            ]
        )
        let unknown = try problems(
            with: [service("zones", clusterIP: 0x0a60_0063), .endpointSlice(slice)]
        )
        #expect(unknown.count == 1)
        #expect(unknown[0].contains("the zone of this node is not known"))
    }

    @Test func aNodeWithoutAnAddressOfAFamily() throws {
        let problems = try problems(with: [
            .service(
                Service(
                    name: World.name("six"),
                    reachability: .clusterIPs([.ipv6(high: 0xfd00 << 48, low: 1)]),
                    ports: [ServicePort(port: 80, nodePort: 30099)]
                )
            )
        ])
        #expect(
            problems == [
                "Node here: status.addresses: this node has no IPv6 address for node ports, so they "
                    + "are not served over IPv6; give it one, or widen nodePorts.addresses in the "
                    + "configuration"
            ]
        )
    }

    @Test func aRangeOfMarksThatOthersHaveTaken() throws {
        var kernel = World.kernel()
        for mark in [UInt32(0x1000), 0x1001] {
            let key = VirtualServerKey.firewallMark(mark, .ipv4)
            kernel.state.virtualServers[key] = IPVSState.Entry(
                server: VirtualServer(key: key, scheduler: .roundRobin),
                realServers: []
            )
        }
        let problems = try problems(
            with: [World.service(2), World.endpoints(2, here: [1], there: [2])],
            on: kernel,
            options: World.options(marks: MarkRange(base: 0x1000, bits: 1))
        )
        #expect(problems.count == 2)
        for problem in problems {
            #expect(
                problem.hasPrefix(
                    "Service default/web-2: spec.externalTrafficPolicy: none of the 2 firewall "
                        + "marks from 0x1000 on is free"
                )
            )
        }
    }

    @Test func anExternalAddressThatTheConfigurationDoesNotAllow() throws {
        var external = ExternalAccess()
        external.addresses = [.ipv4(0x0808_0808), .ipv4(0xcb00_7163)]
        var options = World.options()
        options.routing.allowedExternalIPs = [try IPPrefix("203.0.113.0/24")]
        let problems = try problems(
            with: [service("greedy", clusterIP: 0x0a60_0063, external: external)],
            options: options
        )
        #expect(
            problems == [
                "Service default/greedy: spec.externalIPs: 8.8.8.8 is in none of the ranges that "
                    + "externalIPs.allowed of the configuration has, so it is not served"
            ]
        )
    }

    @Test func aNodePortAtTheExternalAddressOfAnotherService() throws {
        var external = ExternalAccess()
        external.addresses = [World.nodeAddress]
        var listeners: [ServedNodePort] = []
        let problems = try problems(with: [
            .service(
                Service(
                    name: World.name("there-already"),
                    reachability: .clusterIPs([.ipv4(0x0a60_0063)]),
                    ports: [ServicePort(name: "http", port: 30001)],
                    external: external
                )
            )
        ]) { listeners = $0.nodePorts }
        // A relay must not lead to the other Service.
        #expect(listeners.isEmpty)
        #expect(problems.count == 1)
        #expect(
            problems[0].hasPrefix(
                "Service default/web-1: spec.ports[].nodePort: 192.0.2.10:30001/TCP is also an "
                    + "address of Service default/there-already (spec.externalIPs)"
            )
        )
    }
}
