import Addressing
import DataplaneModel
import Planning
import Reconciliation
import Routing
import ServiceModel
import SimulatedDataplane
import Testing

/// Virtual servers that nobody may take over.
@Suite struct ExcludedRangeTests {
    private static func endpoint(_ address: String) throws -> SocketEndpoint {
        SocketEndpoint(try IPAddress(address), 80)
    }

    private static func key(_ address: String) throws -> VirtualServerKey {
        .address(try endpoint(address), .tcp)
    }

    private static func service(_ name: String, at addresses: [String]) throws -> [ClusterChange] {
        let name = ObjectName(namespace: "default", name: name)
        var external = ExternalAccess()
        external.addresses = try addresses.dropFirst().map { try IPAddress($0) }
        return [
            .service(
                Service(
                    name: name,
                    reachability: .clusterIPs([try IPAddress(addresses[0])]),
                    ports: [ServicePort(name: "http", port: 80)],
                    external: external
                )
            ),
            .endpointSlice(
                EndpointSlice(
                    name: name,
                    service: name,
                    family: .ipv4,
                    ports: [EndpointPort(name: "http", port: 8080)],
                    endpoints: [Endpoint(address: try IPAddress("10.244.0.1"))]
                )
            ),
        ]
    }

    private static func foreign(_ address: String) throws -> IPVSState.Entry {
        IPVSState.Entry(
            server: VirtualServer(key: try key(address), scheduler: Scheduler(rawValue: "lc")),
            realServers: [RealServer(address: try endpoint("192.0.2.7"))]
        )
    }

    /// A reconciler on a kernel with a virtual server of somebody else at an address.
    private static func started(
        _ address: String,
        claimed: Bool = false
    ) throws -> Reconciler<SimulatedDataplane> {
        var state = SimulatedDataplane.freshState
        state.virtualServers[try key(address)] = try foreign(address)
        if claimed { state.claims[.virtualServer(try key(address))] = "default/web:http" }
        let range = IPPrefix(holding: try IPAddress("203.0.113.0"), length: 29)
        var reconciler = Reconciler(
            device: SimulatedDataplane(state: state),
            options: ReconcilerOptions(excludedRanges: [range])
        )
        try reconciler.start(now: .zero)
        return reconciler
    }

    @Test func aVirtualServerInARangeStaysAndTheServiceIsServedEverywhereElse() throws {
        var reconciler = try Self.started("203.0.113.1")
        let addresses = ["10.96.0.1", "203.0.113.1", "203.0.113.2"]
        reconciler.take(.changes(try Self.service("web", at: addresses)))
        reconciler.take(.initialSetComplete(isWhole: true))
        let report = reconciler.reconcile(now: .seconds(1))
        #expect(
            report.newProblems.map(\.description) == [
                "Service default/web: spec.externalIPs: 203.0.113.1:80/TCP has a virtual server that "
                    + "Fairlead did not make, in 203.0.113.0/29 of ipvs.excludedRanges, so the "
                    + "Service is not served there; remove the virtual server, or the range from "
                    + "the configuration"
            ]
        )
        let key = try Self.key("203.0.113.1")
        var state = reconciler.device.state
        #expect(state.virtualServers[key] == (try Self.foreign("203.0.113.1")))
        #expect(state.claims[.virtualServer(key)] == nil)
        #expect(state.addresses[try IPAddress("203.0.113.1")] == nil)
        for address in ["10.96.0.1", "203.0.113.2"] {
            let served = state.virtualServers[try Self.key(address)]
            #expect(served?.realServers.count == 1)
            #expect(state.addresses[try IPAddress(address)] != nil)
        }

        // A change of the Service leaves it alone too, and an audit finds the place free.
        reconciler.take(.changes(try Self.service("web", at: addresses)))
        #expect(reconciler.reconcile(now: .seconds(2)).failures.isEmpty)
        #expect(reconciler.device.state.virtualServers[key] == (try Self.foreign("203.0.113.1")))
        #expect(reconciler.device.apply(Plan([.deleteVirtualServer(key)])).isEmpty)
        let audit = reconciler.reconcile(now: .seconds(61))
        #expect(audit.solvedProblems.count == 1 && audit.failures.isEmpty)
        state = reconciler.device.state
        #expect(state.virtualServers[key]?.server.scheduler == .roundRobin)
        #expect(state.claims[.virtualServer(key)] == "default/web:http")
    }

    @Test func oneThatCameAfterTheStartStaysToo() throws {
        var reconciler = try Self.started("192.0.2.9")
        reconciler.take(.initialSetComplete(isWhole: true))
        _ = reconciler.reconcile(now: .seconds(1))
        let foreign = try Self.foreign("203.0.113.1")
        let steps: [Operation] = [.addVirtualServer(foreign.server)]
        #expect(reconciler.device.apply(Plan(steps)).isEmpty)
        reconciler.take(.changes(try Self.service("web", at: ["203.0.113.1"])))
        let report = reconciler.reconcile(now: .seconds(2))
        #expect(report.failures.isEmpty && report.newProblems.count == 1)
        #expect(
            reconciler.device.state.virtualServers[foreign.server.key]?.server == foreign.server
        )
    }

    @Test func whatIsInTheRecordOrOutsideOfTheRangesIsBroughtToWhatTheServiceSays() throws {
        for (address, claimed) in [("203.0.113.1", true), ("203.0.113.9", false)] {
            var reconciler = try Self.started(address, claimed: claimed)
            reconciler.take(.changes(try Self.service("web", at: [address])))
            reconciler.take(.initialSetComplete(isWhole: true))
            #expect(reconciler.reconcile(now: .seconds(1)).newProblems.isEmpty)
            let entry = reconciler.device.state.virtualServers[try Self.key(address)]
            #expect(entry?.server.scheduler == .roundRobin)
        }
    }
}
