import Addressing
import DataplaneModel
import Planning
import Reconciliation
import Routing
import ServiceModel
import SimulatedDataplane
import Testing

@Suite struct ReconcilerTests {
    private static func endpoint(_ address: String, _ port: UInt16) throws -> SocketEndpoint {
        SocketEndpoint(try IPAddress(address), port)
    }

    private static func name(_ name: String) -> ObjectName {
        ObjectName(namespace: "default", name: name)
    }

    private static func service(
        _ name: String,
        at address: String,
        annotations: [String: String] = [:],
        created: Int64? = nil
    ) throws -> ClusterChange {
        .service(
            Service(
                name: Self.name(name),
                reachability: .clusterIPs([try IPAddress(address)]),
                ports: [ServicePort(name: "http", port: 80)],
                creationTime: created,
                annotations: annotations
            )
        )
    }

    private static func slice(_ name: String, _ pods: Range<Int>) throws -> ClusterChange {
        .endpointSlice(
            EndpointSlice(
                name: Self.name(name + "-1"),
                service: Self.name(name),
                family: .ipv4,
                ports: [EndpointPort(name: "http", port: 8080)],
                endpoints: try pods.map { Endpoint(address: try IPAddress("10.244.0.\($0)")) }
            )
        )
    }

    private static func started(
        _ kernel: SimulatedDataplane = SimulatedDataplane(),
        options: ReconcilerOptions = ReconcilerOptions(auditInterval: .zero)
    ) throws -> Reconciler<SimulatedDataplane> {
        var reconciler = Reconciler(device: kernel, options: options)
        try reconciler.start(now: .zero)
        return reconciler
    }

    private static let web = "10.96.0.1"

    private static func key(_ address: String) throws -> VirtualServerKey {
        .address(try endpoint(address, 80), .tcp)
    }

    @Test func writesNothingBeforeTheInitialSetIsComplete() throws {
        var reconciler = try Self.started()
        reconciler.take(.changes([try Self.service("web", at: Self.web)]))
        #expect(reconciler.reconcile(now: .seconds(1)).isEmpty)
        #expect(reconciler.device.log.isEmpty)
        reconciler.take(.initialSetComplete(isWhole: true))
        let report = reconciler.reconcile(now: .seconds(2))
        #expect(report.isInitialSync)
        #expect(reconciler.device.state.virtualServers.count == 1)
    }

    @Test func oneEndpointCostsOneOperationWhateverTheNumberOfServices() throws {
        var reconciler = try Self.started()
        for number in 1...200 {
            reconciler.take(
                .changes([
                    try Self.service("web-\(number)", at: "10.96.1.\(number)"),
                    try Self.slice("web-\(number)", 1..<4),
                ])
            )
        }
        reconciler.take(.initialSetComplete(isWhole: true))
        _ = reconciler.reconcile(now: .seconds(1))
        let before = reconciler.device.log.count
        reconciler.take(.changes([try Self.slice("web-100", 1..<5)]))
        let report = reconciler.reconcile(now: .seconds(2))
        #expect(report.applied == 1)
        let pod = RealServer(address: try Self.endpoint("10.244.0.4", 8080))
        #expect(
            reconciler.device.log[before...]
                == [.addRealServer(pod, of: try Self.key("10.96.1.100"))]
        )
    }

    @Test func manyServicesAreAppliedInPortionsAndAllOfThem() throws {
        var reconciler = try Self.started()
        var changes: [ClusterChange] = []
        for number in 0..<1000 {
            changes.append(
                try Self.service("web-\(number)", at: "10.96.\(number / 250).\(number % 250)")
            )
            changes.append(try Self.slice("web-\(number)", 1..<3))
        }
        reconciler.take(.changes(changes))
        reconciler.take(.initialSetComplete(isWhole: true))
        let report = reconciler.reconcile(now: .seconds(1))
        #expect(report.failures.isEmpty)
        #expect(reconciler.device.state.virtualServers.count == 1000)
        #expect(reconciler.device.state.addresses.count == 1000)
        #expect(reconciler.device.state == reconciler.applied)
    }

    @Test func aSecondStartWithNothingChangedWritesNothing() throws {
        var first = try Self.started()
        let changes = [
            try Self.service("web", at: Self.web), try Self.slice("web", 1..<4),
            try Self.service("api", at: "10.96.0.2", annotations: ["scheduler": "mh"]),
            try Self.slice("api", 1..<4),
        ]
        first.take(.changes(changes))
        first.take(.initialSetComplete(isWhole: true))
        _ = first.reconcile(now: .seconds(1))
        var kernel = first.device
        kernel.clearLog()
        var second = try Self.started(kernel)
        second.take(.changes(changes))
        second.take(.initialSetComplete(isWhole: true))
        let report = second.reconcile(now: .seconds(1))
        #expect(report.applied == 0 && report.isInitialSync)
        #expect(second.device.log.isEmpty)
        #expect(second.device.probes.isEmpty, "a probe writes too")
    }

    @Test func adoptsWhatIsThereAndLeavesWhatIsForeign() throws {
        var kernel = SimulatedDataplane()
        let foreign = IPVSState.Entry(
            server: VirtualServer(key: try Self.key("192.0.2.1"), scheduler: .leastConnection),
            realServers: []
        )
        let same = IPVSState.Entry(
            server: VirtualServer(key: try Self.key(Self.web), scheduler: .roundRobin),
            realServers: [RealServer(address: try Self.endpoint("10.244.0.1", 8080))]
        )
        kernel.state.virtualServers = [foreign.server.key: foreign, same.server.key: same]
        var reconciler = try Self.started(kernel)
        reconciler.take(
            .changes([try Self.service("web", at: Self.web), try Self.slice("web", 1..<3)])
        )
        reconciler.take(.initialSetComplete(isWhole: true))
        _ = reconciler.reconcile(now: .seconds(1))
        #expect(reconciler.device.state.virtualServers[foreign.server.key] == foreign)
        let added = reconciler.device.log.filter {
            switch $0 {
            case .addVirtualServer, .editVirtualServer, .deleteVirtualServer: true
            default: false
            }
        }
        #expect(added.isEmpty, "the virtual server was there already")
        reconciler.take(.changes([.serviceRemoved(Self.name("web"))]))
        _ = reconciler.reconcile(now: .seconds(2))
        #expect(Array(reconciler.device.state.virtualServers.keys) == [foreign.server.key])
        #expect(reconciler.device.state.claims.isEmpty)
    }

    @Test func aFailingServiceHarmsNoOtherAndIsTriedAgainLaterAndLater() throws {
        var kernel = SimulatedDataplane()
        kernel.unroutable = [try IPAddress("10.244.0.9")]
        var reconciler = try Self.started(
            kernel,
            options: ReconcilerOptions(
                retryInitial: .seconds(1),
                retryMaximum: .seconds(4),
                auditInterval: .zero
            )
        )
        reconciler.take(
            .changes([
                try Self.service("bad", at: "10.96.0.9"), try Self.slice("bad", 9..<10),
                try Self.service("web", at: Self.web), try Self.slice("web", 1..<3),
            ])
        )
        reconciler.take(.initialSetComplete(isWhole: true))
        let first = reconciler.reconcile(now: .seconds(10))
        #expect(first.failures.map(\.owner) == ["default/bad:http"])
        #expect(
            first.failures.first?.error.description
                == "add real server 10.244.0.9:8080 of TCP 10.96.0.9:80: EINVAL: the kernel has "
                + "no unicast route to the real server; it will be tried again, as a route may come"
        )
        #expect(
            reconciler.device.state.virtualServers[try Self.key(Self.web)]?.realServers.count == 2
        )
        var due: [Duration] = []
        var now = Duration.seconds(10)
        for _ in 0..<4 {
            let deadline = reconciler.nextDeadline
            let next = try #require(deadline)
            due.append(next - now)
            now = next
            #expect(reconciler.reconcile(now: now).failures.count == 1)
        }
        #expect(due == [.seconds(1), .seconds(2), .seconds(4), .seconds(4)])
    }

    @Test func saysWhenAFailureIsOver() throws {
        var kernel = SimulatedDataplane()
        kernel.refusal = { operation in
            if case .addRealServer(_, of: let key) = operation,
                key.description == "TCP 10.96.0.1:80"
            {
                return .noBuffers
            }
            return nil
        }
        var reconciler = try Self.started(kernel)
        reconciler.take(
            .changes([try Self.service("web", at: Self.web), try Self.slice("web", 1..<2)])
        )
        reconciler.take(.initialSetComplete(isWhole: true))
        #expect(reconciler.reconcile(now: .seconds(1)).failures.count == 1)
        #expect(reconciler.counts.failing == 1)
        // The endpoint that was refused goes away: nothing is left to do.
        reconciler.take(.changes([try Self.slice("web", 1..<1)]))
        let report = reconciler.reconcile(now: .seconds(1))
        #expect(report.recovered == [.virtualServer(try Self.key(Self.web))])
        #expect(reconciler.counts.failing == 0)
    }

    @Test func afterAFailureTheKernelIsReadAgain() throws {
        var reconciler = try Self.started()
        reconciler.take(.initialSetComplete(isWhole: true))
        _ = reconciler.reconcile(now: .seconds(1))
        // Somebody makes the virtual server behind our back.
        let other = IPVSState.Entry(
            server: VirtualServer(key: try Self.key(Self.web), scheduler: .leastConnection),
            realServers: [RealServer(address: try Self.endpoint("10.244.0.7", 8080))]
        )
        reconciler.device.state.virtualServers[other.server.key] = other
        reconciler.take(
            .changes([try Self.service("web", at: Self.web), try Self.slice("web", 1..<3)])
        )
        let first = reconciler.reconcile(now: .seconds(2))
        #expect(first.failures.map(\.error.code) == [.exists])
        let second = reconciler.reconcile(now: .seconds(3))
        #expect(second.failures.isEmpty)
        #expect(second.recovered == [.virtualServer(other.server.key)])
        let wanted = reconciler.desired.state.virtualServers[other.server.key]
        #expect(reconciler.device.state.virtualServers[other.server.key] == wanted)
    }

    @Test func aSchedulerTheKernelLacksGivesWayToTheGlobalOneWithAWarningThatNamesBoth() throws {
        var reconciler = try Self.started()
        reconciler.take(
            .changes([
                try Self.service("web", at: Self.web, annotations: ["scheduler": "twos"]),
                try Self.slice("web", 1..<2),
                try Self.service("api", at: "10.96.0.2", annotations: ["scheduler": "sh"]),
                try Self.slice("api", 1..<2),
            ])
        )
        reconciler.take(.initialSetComplete(isWhole: true))
        let report = reconciler.reconcile(now: .seconds(1))
        #expect(
            report.newProblems.map(\.description) == [
                "Service default/web: metadata.annotations[fairlead.dev/scheduler]: the kernel has "
                    + "no scheduler \"twos\"; the global one, \"rr\", is used instead"
            ]
        )
        let servers = reconciler.device.state.virtualServers
        #expect(servers[try Self.key(Self.web)]?.server.scheduler == .roundRobin)
        #expect(servers[try Self.key("10.96.0.2")]?.server.scheduler == .sourceHashing)
        #expect(reconciler.device.probes.filter { $0.rawValue == "twos" }.count == 1)
        reconciler.take(.changes([try Self.service("web", at: Self.web)]))
        #expect(reconciler.reconcile(now: .seconds(2)).solvedProblems == report.newProblems)
    }

    @Test func anUnsettledProbeIsAskedAgain() throws {
        var reconciler = try Self.started()
        reconciler.device.probeError = DataplaneError(action: "probe", code: .noBuffers)
        reconciler.take(
            .changes([try Self.service("web", at: Self.web, annotations: ["scheduler": "dh"])])
        )
        reconciler.take(.initialSetComplete(isWhole: true))
        let key = try Self.key(Self.web)
        func scheduler(_ reconciler: borrowing Reconciler<SimulatedDataplane>) -> Scheduler? {
            reconciler.device.state.virtualServers[key]?.server.scheduler
        }
        #expect(reconciler.reconcile(now: .seconds(1)).newProblems.count == 1)
        #expect(scheduler(reconciler) == .roundRobin)
        reconciler.device.probeError = nil
        #expect(reconciler.reconcile(now: .seconds(2)).solvedProblems.count == 1)
        #expect(scheduler(reconciler) == .destinationHashing)
    }

    @Test func refusesToStartWithoutItsGlobalScheduler() throws {
        var kernel = SimulatedDataplane()
        kernel.schedulers = [.roundRobin]
        var reconciler = Reconciler(
            device: kernel,
            options: ReconcilerOptions(
                routing: RoutingPolicy(
                    scheduling: SchedulingPolicy(global: SchedulerRequest(name: "mh"))
                )
            )
        )
        var message = ""
        do throws(DataplaneError) {
            try reconciler.start(now: .zero)
        } catch {
            message = error.description
        }
        #expect(message.contains("this kernel has no scheduler of that name"))
        #expect(message.contains("ip_vs_mh"))
    }

    @Test func maglevIsSetLastSoThatItsTableIsComputedOnce() throws {
        var reconciler = try Self.started()
        reconciler.take(
            .changes([
                try Self.service("web", at: Self.web, annotations: ["scheduler": "mh"]),
                try Self.slice("web", 1..<4),
            ])
        )
        reconciler.take(.initialSetComplete(isWhole: true))
        _ = reconciler.reconcile(now: .seconds(1))
        let key = try Self.key(Self.web)
        let steps = reconciler.device.log.filter { $0.virtualServer == key }.map { step in
            switch step {
            case .claim: "claim"
            case .addVirtualServer(let server): "add \(server.scheduler)"
            case .addRealServer: "real"
            case .editVirtualServer(let server): "edit \(server.scheduler)"
            default: "\(step)"
            }
        }
        #expect(steps == ["claim", "add rr", "real", "real", "real", "edit mh"])
        let server = reconciler.device.state.virtualServers[key]?.server
        #expect(server?.schedulerFlags == [.first, .second])
    }

    @Test func theYoungerOfTwoServicesAtOneAddressIsReportedAndTakesOverLater() throws {
        var reconciler = try Self.started()
        reconciler.take(
            .changes([
                try Self.service("young", at: Self.web, created: 200),
                try Self.slice("young", 1..<2),
                try Self.service("old", at: Self.web, created: 100), try Self.slice("old", 2..<3),
            ])
        )
        reconciler.take(.initialSetComplete(isWhole: true))
        let report = reconciler.reconcile(now: .seconds(1))
        #expect(report.newProblems.map(\.object.name.name) == ["young"])
        let key = try Self.key(Self.web)
        func pods(_ reconciler: borrowing Reconciler<SimulatedDataplane>) -> [String] {
            reconciler.device.state.virtualServers[key]?.realServers.map { "\($0.address)" } ?? []
        }
        #expect(pods(reconciler) == ["10.244.0.2:8080"])
        reconciler.take(.changes([.serviceRemoved(Self.name("old"))]))
        let later = reconciler.reconcile(now: .seconds(2))
        #expect(later.solvedProblems == report.newProblems)
        #expect(pods(reconciler) == ["10.244.0.1:8080"])
        #expect(reconciler.device.state.claims[.virtualServer(key)] == "default/young:http")
    }

    @Test func anAuditRepairsWhatSomethingElseChanged() throws {
        var reconciler = try Self.started(options: ReconcilerOptions(auditInterval: .seconds(30)))
        reconciler.take(
            .changes([try Self.service("web", at: Self.web), try Self.slice("web", 1..<3)])
        )
        reconciler.take(.initialSetComplete(isWhole: true))
        _ = reconciler.reconcile(now: .seconds(1))
        reconciler.device.state.virtualServers = [:]
        #expect(reconciler.nextDeadline == .seconds(30))
        let report = reconciler.reconcile(now: .seconds(30))
        #expect(report.drift == 3)
        let key = try Self.key(Self.web)
        #expect(reconciler.device.state.virtualServers[key]?.realServers.count == 2)
        #expect(reconciler.nextDeadline == .seconds(60))
    }

    @Test func aServiceAtAnAddressOfTheNodeIsReportedAndTakesNoPortFromIt() throws {
        var kernel = SimulatedDataplane()
        kernel.state.foreignAddresses = [try IPAddress(Self.web)]
        var reconciler = try Self.started(kernel)
        reconciler.take(
            .changes([
                try Self.service("web", at: Self.web), try Self.slice("web", 1..<3),
                try Self.service("api", at: "10.96.0.2"),
            ])
        )
        reconciler.take(.initialSetComplete(isWhole: true))
        let report = reconciler.reconcile(now: .seconds(1))
        #expect(report.newProblems.map(\.object.name.name) == ["web"])
        #expect(Array(reconciler.device.state.virtualServers.keys) == [try Self.key("10.96.0.2")])
    }

    @Test func aNewNodeAddressReplacesTheSourceOfEveryRoute() throws {
        let source = try IPAddress("192.0.2.10")
        let moved = try IPAddress("192.0.2.77")
        var reconciler = try Self.started(
            options: ReconcilerOptions(
                sources: PreferredSources(ipv4: source),
                auditInterval: .zero
            )
        )
        reconciler.take(.changes([try Self.service("web", at: Self.web)]))
        reconciler.take(.initialSetComplete(isWhole: true))
        _ = reconciler.reconcile(now: .seconds(1))
        let address = try IPAddress(Self.web)
        #expect(reconciler.device.state.addresses[address] == .route(source: source))
        reconciler.setPreferredSources(PreferredSources(ipv4: moved))
        _ = reconciler.reconcile(now: .seconds(2))
        #expect(reconciler.device.state.addresses[address] == .route(source: moved))
    }

    @Test func ipv6ForwardingKeepsListeningToRouterAdvertisements() throws {
        var kernel = SimulatedDataplane()
        let listening = KernelParameter(rawValue: "net.ipv6.conf.eth0.accept_ra")
        kernel.state.parameters[listening] = "1"
        var reconciler = try Self.started(kernel)
        reconciler.take(.changes([try Self.service("web", at: "10.96.0.1")]))
        reconciler.take(.initialSetComplete(isWhole: true))
        _ = reconciler.reconcile(now: .seconds(1))
        #expect(reconciler.device.state.parameters[KernelRequirements.forwardIPv6] == "0")
        reconciler.take(.changes([try Self.service("six", at: "fd00::1")]))
        _ = reconciler.reconcile(now: .seconds(2))
        #expect(reconciler.device.state.parameters[listening] == "2")
        #expect(reconciler.device.state.parameters[KernelRequirements.forwardIPv6] == "1")
        let order = reconciler.device.log.compactMap { operation -> KernelParameter? in
            if case .setParameter(let parameter, _) = operation { return parameter }
            return nil
        }.suffix(2)
        #expect(order == [listening, KernelRequirements.forwardIPv6])
    }
}
