import Addressing
import DataplaneModel
import Planning
import Routing
import ServiceModel
import Testing

/// What a Service says of its clients: who may come, and who stays with an endpoint.
@Suite struct IPVSLoweringClientTests {
    private static let balancer = SocketEndpoint(.ipv4(0xcb00_7109), 80)

    private static func lowering(
        _ mode: IPVSLowering.AddressMode = .routes,
        missing: [Scheduler] = []
    ) -> IPVSLowering {
        var availability = SchedulerAvailability(available: [.roundRobin, .leastConnection])
        for scheduler in missing { availability.record(.missing, for: scheduler) }
        return IPVSLowering(
            addressMode: mode,
            globalScheduler: SchedulerRequest(name: "rr"),
            availability: availability,
            nodeAddresses: [.ipv4(0xc000_020a)]
        )
    }

    private static func frontend(
        allowed: [String]? = nil,
        affinity: Service.SessionAffinity = .none,
        scheduler: String = "rr"
    ) throws -> Frontend {
        let backends = [1, 2].map {
            Backend(address: SocketEndpoint(.ipv4(0x0af4_0000 + $0), 8080), isLocal: $0 == 1)
        }
        return Frontend(
            key: .address(balancer, .tcp),
            service: ServicePortName(
                service: ObjectName(namespace: "default", name: "web"),
                port: ""
            ),
            kind: .loadBalancer,
            inside: .balance(backends),
            outside: .balance([backends[0]]),
            affinity: affinity,
            scheduler: SchedulerRequest(name: scheduler),
            allowedSources: try allowed?.map { try IPPrefix($0) },
            sourceRewriting: .nodeOnly
        )
    }

    private static func members(
        _ role: AddressSet.Role,
        _ lowered: LoweredFrontend
    ) -> [String] {
        lowered.memberships.filter { $0.set.role == role }.map { "\($0.member)" }.sorted()
    }

    @Test(
        arguments: [
            (nil, [], []), ([], ["203.0.113.9,tcp:80"], []),
            (
                ["198.51.100.0/24", "192.0.2.99/32"], ["203.0.113.9,tcp:80"],
                ["203.0.113.9,tcp:80,192.0.2.99", "203.0.113.9,tcp:80,198.51.100.0/24"]
            ),
        ] as [([String]?, [String], [String])]
    )
    func namesWhoMayUseALoadBalancer(
        ranges: [String]?,
        limited: [String],
        allowed: [String]
    ) throws {
        for mode in [IPVSLowering.AddressMode.routes, .bind] {
            let frontend = try Self.frontend(allowed: ranges)
            let lowered = Self.lowering(mode).lower(frontend, mark: 4096)
            #expect(Self.members(.limited, lowered) == limited)
            #expect(Self.members(.allowed, lowered) == allowed)
        }
    }

    @Test func aNodeThatMayComeInMayComeFromTheAddressItHasBound() throws {
        let frontend = try Self.frontend(allowed: ["192.0.2.0/28"])
        let range = "203.0.113.9,tcp:80,192.0.2.0/28"
        let routed = Self.lowering(.routes).lower(frontend, mark: nil)
        #expect(Self.members(.allowed, routed) == [range])
        let bound = Self.lowering(.bind).lower(frontend, mark: nil)
        #expect(Self.members(.allowed, bound) == [range, "203.0.113.9,tcp:80,203.0.113.9"])
    }

    /// A member that is there twice would be counted twice.
    @Test func noMemberIsNamedTwice() throws {
        let frontend = try Self.frontend(allowed: ["192.0.2.0/28", "203.0.113.9/32"])
        let lowered = Self.lowering(.bind).lower(frontend, mark: 4096)
        #expect(Set(lowered.memberships).count == lowered.memberships.count)
    }

    @Test func aClientStaysByPersistenceOutsideAndByHashingInside() throws {
        let frontend = try Self.frontend(affinity: .clientIP(timeout: 60), scheduler: "lc")
        let servers = Self.lowering().lower(frontend, mark: 4096).servers.map(\.server)
        #expect(
            servers == [
                VirtualServer(
                    key: .address(Self.balancer, .tcp),
                    scheduler: .leastConnection,
                    persistence: Persistence(timeout: 60, prefixLength: 32)
                ),
                VirtualServer(
                    key: .firewallMark(4096, .ipv4),
                    scheduler: .sourceHashing,
                    schedulerFlags: .first
                ),
            ]
        )
    }

    @Test func aKernelWithoutHashingKeepsNoClientInside() throws {
        let frontend = try Self.frontend(affinity: .clientIP(timeout: 60), scheduler: "lc")
        let lowering = Self.lowering(missing: [.sourceHashing])
        let marked = lowering.lower(frontend, mark: 4096).servers.last?.server
        #expect(
            marked
                == VirtualServer(key: .firewallMark(4096, .ipv4), scheduler: .leastConnection)
        )
    }

    /// Chains know the port of a connection with a mark, so persistence can hold there too.
    @Test func chainsKeepClientsInsideByPersistenceToo() throws {
        let frontend = try Self.frontend(affinity: .clientIP(timeout: 60))
        var lowering = Self.lowering(missing: [.sourceHashing])
        lowering.mode = .iptables
        let lowered = lowering.lower(frontend, mark: 4096)
        let persistence = Persistence(timeout: 60, prefixLength: 32)
        #expect(
            lowered.servers.map(\.server) == [
                VirtualServer(
                    key: .address(Self.balancer, .tcp),
                    scheduler: .random,
                    persistence: persistence
                ),
                VirtualServer(
                    key: .firewallMark(4096, .ipv4),
                    scheduler: .random,
                    persistence: persistence
                ),
            ]
        )
        #expect(lowered.problems.isEmpty)
    }

    @Test(arguments: [("rr", false), ("lc", true), ("mh", true), ("nosuch", true)])
    func aServiceIsToldThatChainsHaveNoneOfTheSchedulersItAsksFor(
        scheduler: String,
        isTold: Bool
    ) throws {
        var lowering = Self.lowering()
        lowering.mode = .iptables
        let lowered = lowering.lower(try Self.frontend(scheduler: scheduler), mark: 4096)
        #expect(lowered.servers.allSatisfy { $0.server.scheduler == .random })
        #expect(lowered.servers.allSatisfy { $0.server.schedulerFlags == [] })
        let told =
            "Service default/web: metadata.annotations[fairlead.dev/scheduler]: without IPVS there "
            + "is no scheduler \"\(scheduler)\": connections go to endpoints at random"
        #expect(lowered.problems.map(\.description) == (isTold ? [told] : []))
    }

    @Test func withoutAffinityBothHaveTheSchedulerOfTheService() throws {
        let frontend = try Self.frontend(scheduler: "lc")
        let servers = Self.lowering().lower(frontend, mark: 4096).servers.map(\.server)
        #expect(servers.map(\.scheduler) == [.leastConnection, .leastConnection])
        #expect(servers.allSatisfy { $0.persistence == nil })
    }

    @Test func aHealthCheckOpensItsPortForBothFamilies() {
        let check = HealthCheck(
            service: ObjectName(namespace: "default", name: "web"),
            port: 31000,
            localEndpoints: 0
        )
        let lowered = Self.lowering().lower(check)
        #expect(lowered.servers.isEmpty && lowered.announced == nil)
        #expect(
            lowered.memberships.map { "\($0.set) \($0.member)" }
                == ["FAIRLEAD-HEALTH 31000", "FAIRLEAD-6-HEALTH 31000"]
        )
        var unfiltered = Self.lowering()
        unfiltered.usesFilter = false
        #expect(unfiltered.lower(check).memberships.isEmpty)
    }
}
