import Addressing
import DataplaneModel
import Planning
import Reconciliation
import Routing
import ServiceModel
import SimulatedDataplane
import Testing

/// The loop with the packet filter and its address sets.
@Suite struct ReconcilerFilterTests {
    private typealias World = FilterWorld

    @Test func makesSetsBeforeTheRulesThatNameThem() throws {
        let reconciler = try World.started([])
        let filters = reconciler.device.state.filters
        #expect(Array(filters.keys) == [.ipv4])
        #expect(filters[.ipv4] == .services(.ipv4, FilterPolicy()))
        let steps = reconciler.device.log
        let filter = steps.firstIndex { if case .installFilter = $0 { true } else { false } }
        let lastSet = steps.lastIndex { if case .createSet = $0 { true } else { false } }
        #expect(try #require(lastSet) < #require(filter))
    }

    @Test func anIPv6ServiceBringsTheFilterOfItsFamily() throws {
        var reconciler = try World.started([World.service(1)])
        reconciler.take(
            .changes([
                .service(
                    Service(
                        name: World.name("six"),
                        reachability: .clusterIPs([.ipv6(high: 0xfd00 << 48, low: 1)]),
                        ports: [ServicePort(port: 80)]
                    )
                )
            ])
        )
        let report = reconciler.reconcile(now: .seconds(1))
        #expect(report.failures.isEmpty)
        #expect(reconciler.device.state.filters.keys.sorted() == [.ipv4, .ipv6])
        #expect(reconciler.device.state.members(.reject, .ipv6) == ["fd00::1,tcp:80"])
    }

    @Test func aServiceForThisNodeAloneHasAMarkWhileItsClientsInsideGoElsewhere() throws {
        var reconciler = try World.started([
            World.service(1), World.endpoints(1, here: [1], there: [2]),
        ])
        #expect(reconciler.device.state.marks == [0x1000])
        #expect(
            reconciler.device.state.members(.inside)
                == ["192.0.2.10,tcp:30001 4096", "203.0.113.1,tcp:80 4096"]
        )
        let key = VirtualServerKey.firewallMark(0x1000, .ipv4)
        #expect(reconciler.device.state.virtualServers[key]?.realServers.count == 2)
        #expect(reconciler.device.state.claims[.virtualServer(key)] == "default/web-1:http")

        // All endpoints are here: connections by the mark to the one that stays must not be cut.
        reconciler.take(.changes([World.endpoints(1, here: [1])]))
        reconciler.device.clearLog()
        _ = reconciler.reconcile(now: .seconds(1))
        let gone = SocketEndpoint(.ipv4(0x0af4_0002), 8080)
        let clusterIP = VirtualServerKey.address(SocketEndpoint(.ipv4(0x0a60_0001), 80), .tcp)
        #expect(
            reconciler.device.log == [
                .deleteRealServer(gone, of: clusterIP), .deleteRealServer(gone, of: key),
            ]
        )
        #expect(reconciler.device.state.members(.local).count == 2)

        // None is: those outside are dropped.
        reconciler.take(.changes([World.endpoints(1, there: [2])]))
        _ = reconciler.reconcile(now: .seconds(2))
        #expect(reconciler.device.state.marks == [0x1000])
        #expect(reconciler.device.state.members(.local).isEmpty)
        #expect(
            reconciler.device.state.members(.drop)
                == ["192.0.2.10,tcp:30001", "203.0.113.1,tcp:80"]
        )
        reconciler.take(.changes([.serviceRemoved(World.name("web-1"))]))
        _ = reconciler.reconcile(now: .seconds(3))
        #expect(reconciler.device.state.virtualServers.isEmpty)
        #expect(reconciler.device.state.claims.isEmpty)
        #expect(reconciler.device.state.sets.values.allSatisfy { $0.isEmpty })
    }

    @Test func aMarkThatIsGivenBackGoesToAServiceThatLackedOne() throws {
        let mixed = (1...3).flatMap { number in
            [World.service(number), World.endpoints(number, here: [1], there: [2])]
        }
        let options = World.options(
            marks: MarkRange(base: 0x1000, bits: 1),
            auditInterval: .seconds(60)
        )
        var reconciler = try World.started(mixed, options: options)
        #expect(reconciler.device.state.marks == [0x1000, 0x1001])
        let owners = Set(reconciler.applied.claims.values)
        let holder = try #require(
            (1...3).first { number in
                let key = VirtualServerKey.firewallMark(0x1000, .ipv4)
                return reconciler.applied.claims[.virtualServer(key)]
                    == "default/web-\(number):http"
            }
        )
        #expect(owners.count == 4, "three Services, and addresses for nobody alone")
        reconciler.take(.changes([.serviceRemoved(World.name("web-\(holder)"))]))
        _ = reconciler.reconcile(now: .seconds(1))
        // What could not be done is tried again with the audit.
        let report = reconciler.reconcile(now: .seconds(60))
        #expect(!report.solvedProblems.isEmpty)
        #expect(reconciler.device.state.marks == [0x1000, 0x1001])
        #expect(reconciler.device.state.members(.inside).count == 4)
    }

    @Test func aMarkOfSomebodyElseIsNotGiven() throws {
        var kernel = World.kernel()
        let foreign = VirtualServerKey.firewallMark(0x1000, .ipv4)
        let entry = IPVSState.Entry(
            server: VirtualServer(key: foreign, scheduler: .leastConnection),
            realServers: []
        )
        kernel.state.virtualServers[foreign] = entry
        let changes = [World.service(1), World.endpoints(1, here: [1], there: [2])]
        let reconciler = try World.started(changes, on: kernel)
        #expect(reconciler.device.state.virtualServers[foreign] == entry)
        #expect(reconciler.device.state.marks == [0x1000, 0x1001])
    }

    /// Every kind of frontend, one of them limited to a range and one without an endpoint here.
    private static let many: [ClusterChange] = {
        let ranges = [IPPrefix(holding: World.balancer(0), length: 24)]
        return [
            World.service(1, healthCheck: 31001), World.service(2, ranges: ranges),
            World.service(3, policy: .cluster), World.service(4), World.service(5),
            World.endpoints(1, here: [1], there: [11]), World.endpoints(2, here: [2], there: [12]),
            World.endpoints(3, here: [3], there: [13]), World.endpoints(4, there: [14]),
        ]
    }()

    @Test func aRestartWritesNothing() throws {
        let first = try World.started(Self.many)
        var kernel = first.device
        kernel.clearLog()
        let second = try World.started(Self.many.reversed(), on: kernel)
        #expect(second.device.log == [])
        #expect(second.device.state == first.device.state)
        #expect(second.applied == first.applied)
    }

    /// The Service whose mark it was has gone while nobody looked.
    @Test func aMarkWhoseServiceWentDuringARestartIsFreeAgain() throws {
        let options = World.options(marks: MarkRange(base: 0x1000, bits: 1))
        let changes = { (numbers: ClosedRange<UInt32>) in
            numbers.flatMap { number in
                [World.service(number), World.endpoints(number, here: [1], there: [2])]
            }
        }
        let first = try World.started(changes(1...2), options: options)
        #expect(first.device.state.marks == [0x1000, 0x1001])
        var second = try World.started([], on: first.device, options: options)
        #expect(second.device.state.marks.isEmpty)
        second.take(.changes(changes(3...4)))
        let report = second.reconcile(now: .seconds(1))
        #expect(second.device.state.marks == [0x1000, 0x1001])
        #expect(report.newProblems.isEmpty)
    }

    @Test func aHealthCheckOpensItsPortAtOnce() throws {
        var reconciler = try World.started([World.service(1)])
        reconciler.take(.changes([World.service(1, healthCheck: 31001)]))
        let report = reconciler.reconcile(now: .seconds(1))
        #expect(report.failures.map(\.error.description) == [])
        #expect(report.hasNewListeners)
        #expect(reconciler.device.state.members(.health) == ["31001"])
        #expect(reconciler.cluster.allHealthChecks.map(\.port) == [31001])
    }

    @Test func aMemberThatIsRefusedIsTriedAgainAndRecovers() throws {
        var reconciler = try World.started([World.service(1)])
        let set = AddressSet(.cluster, .ipv4)
        reconciler.device.refusal = { step in
            if case .putMember(_, _, set) = step { .noBuffers } else { nil }
        }
        reconciler.take(.changes([World.endpoints(1, here: [1])]))
        let first = reconciler.reconcile(now: .seconds(1))
        #expect(first.failures.count == 1)
        #expect(reconciler.counts.failing == 1)
        #expect(reconciler.device.state.members(.cluster).isEmpty)
        #expect(reconciler.nextDeadline == .seconds(2))
        reconciler.device.refusal = { _ in nil }
        let second = reconciler.reconcile(now: .seconds(2))
        #expect(second.recovered == [.set(set)])
        #expect(second.failures.isEmpty)
        #expect(reconciler.counts.failing == 0)
        #expect(reconciler.device.state.members(.cluster) == ["10.96.0.1,tcp:80"])
        #expect(reconciler.applied == reconciler.device.state)
    }

    /// The set as a whole is tried again, and must not count as in order once another member fits.
    @Test(arguments: [true, false])
    func aMemberThatIsRefusedIsNotForgottenWhenAnotherOfItsSetIsNot(isRemoval: Bool) throws {
        let both = [World.service(1), World.service(2), World.endpoints(1, here: [1])]
        var reconciler = try World.started(isRemoval ? both : Array(both[..<2]))
        reconciler.device.refusal = { step in
            switch step {
            case .putMember(_, _, AddressSet(.hairpin, .ipv4)),
                .removeMember(_, AddressSet(.hairpin, .ipv4)):
                .noBuffers
            default: nil
            }
        }
        reconciler.take(.changes([World.endpoints(1, here: isRemoval ? [] : [1])]))
        #expect(reconciler.reconcile(now: .seconds(1)).failures.count == 1)
        reconciler.device.refusal = { _ in nil }
        reconciler.take(.changes([World.endpoints(2, here: [2])]))
        _ = reconciler.reconcile(now: .milliseconds(1500))
        _ = reconciler.reconcile(now: .seconds(2))
        #expect(reconciler.counts.failing == 0)
        let second = "10.244.0.2,tcp:8080,10.244.0.2"
        #expect(
            reconciler.device.state.members(.hairpin)
                == (isRemoval ? [second] : ["10.244.0.1,tcp:8080,10.244.0.1", second])
        )
    }

    @Test func aFilterThatIsRefusedIsTriedAgainAndIsNoDrift() throws {
        var kernel = World.kernel()
        kernel.refusal = { step in
            if case .installFilter = step { .busy } else { nil }
        }
        var reconciler = try World.started(
            [World.service(1)],
            on: kernel,
            options: World.options(auditInterval: .seconds(30))
        )
        #expect(reconciler.counts.failing == 1)
        // The next attempt is after the audit.
        #expect(reconciler.reconcile(now: .seconds(29)).failures.count == 1)
        let audit = reconciler.reconcile(now: .seconds(30))
        #expect(audit.drift == 0, "nobody else has changed what was never there")
        reconciler.device.refusal = { _ in nil }
        let deadline = reconciler.nextDeadline
        let report = reconciler.reconcile(now: try #require(deadline))
        #expect(report.recovered == [.filter(.ipv4)])
        #expect(reconciler.device.state.filters.count == 1)
    }

    @Test func anAuditRepairsSetsAndRules() throws {
        var reconciler = try World.started(
            Self.many,
            options: World.options(auditInterval: .seconds(30))
        )
        let before = reconciler.device.state
        let foreign = SetMember.frontend(SocketEndpoint(.ipv4(1), 1), .tcp)
        reconciler.device.state.filters = [:]
        reconciler.device.state.sets[AddressSet(.external, .ipv4)] = nil
        reconciler.device.state.sets[AddressSet(.drop, .ipv4)]?[foreign] = 0
        let report = reconciler.reconcile(now: .seconds(30))
        #expect(report.failures.isEmpty)
        // The filter, the set, its two members, and the one too many.
        #expect(report.drift == 5)
        #expect(reconciler.device.state == before)
    }

    @Test(arguments: ["the rules", "the set of limited frontends"])
    func whatOnlySomeMayUseIsNotServedToAllWhileItsGuardIsMissing(_ missing: String) throws {
        var kernel = World.kernel()
        kernel.refusal = { operation in
            switch operation {
            case .installFilter where missing == "the rules": .notSupported
            case .putMember(_, _, let set)
            where missing != "the rules" && set.role == .limited:
                .noBuffers
            default: nil
            }
        }
        var reconciler = try World.started(
            [
                World.service(1, policy: .cluster, ranges: [try IPPrefix("192.168.0.0/16")]),
                World.endpoints(1, here: [1]),
                World.service(2, policy: .cluster),
                World.endpoints(2, here: [2]),
            ],
            on: kernel
        )
        func serves(_ number: UInt32) -> Bool {
            let endpoint = SocketEndpoint(World.balancer(number), 80)
            return reconciler.device.state.virtualServers[.address(endpoint, .tcp)] != nil
        }
        #expect(!serves(1))
        #expect(serves(2))
        // A round in which the guard is not tried again changes nothing about it.
        reconciler.take(.changes([World.endpoints(1, here: [1, 3])]))
        _ = reconciler.reconcile(now: .milliseconds(100))
        #expect(!serves(1))
        reconciler.device.refusal = { _ in nil }
        for second in 1...20 { _ = reconciler.reconcile(now: .seconds(second)) }
        #expect(serves(1))
    }

    @Test func whatIsLeftAloneIsNotTriedAgainForEver() throws {
        var kernel = World.kernel()
        kernel.refusal = { operation in
            if case .addVirtualServer = operation { .noBuffers } else { nil }
        }
        var options = World.options()
        options.auditInterval = .zero
        var reconciler = Reconciler(device: kernel, options: options)
        try reconciler.start(now: .zero)
        reconciler.take(.changes([World.service(1), World.endpoints(1, here: [1])]))
        // Something could not be read: what an earlier run left stays.
        reconciler.take(.initialSetComplete(isWhole: false))
        #expect(!reconciler.reconcile(now: .zero).failures.isEmpty)
        reconciler.take(.changes([.serviceRemoved(World.name("web-1"))]))
        _ = reconciler.reconcile(now: .seconds(100))
        let next = reconciler.nextDeadline
        #expect(
            next == nil || next.map { $0 > .seconds(100) } == true,
            "\(String(describing: next))"
        )
    }

    /// What cannot be read hides nothing of what this run has made itself, or has come to know.
    @Test func oneUnreadableObjectKeepsOnlyWhatNobodyKnows() throws {
        let first = try World.started([
            World.service(1), World.endpoints(1, here: [1]),
            World.service(2), World.endpoints(2, here: [2]),
        ])
        var second = Reconciler(device: first.device, options: World.options())
        try second.start(now: .zero)
        // The second Service is the one that cannot be read, and the third is new.
        second.take(
            .changes([
                World.service(1), World.endpoints(1, here: [1]),
                World.service(3), World.endpoints(3, here: [3]),
            ])
        )
        second.take(.initialSetComplete(isWhole: false))
        _ = second.reconcile(now: .zero)
        let all = second.device.state
        #expect(all.virtualServers.count == first.device.state.virtualServers.count / 2 * 3)
        // Known ones go when they are deleted, whoever made them.
        second.take(
            .changes([
                .serviceRemoved(World.name("web-1")), .serviceRemoved(World.name("web-3")),
            ])
        )
        _ = second.reconcile(now: .seconds(1))
        let left = second.device.state
        #expect(left.virtualServers.count == first.device.state.virtualServers.count / 2)
        #expect(left.addresses.count == first.device.state.addresses.count / 2)
        // Addresses are claimed for nobody in particular.
        let owners = Set(left.claims.values).subtracting([""])
        #expect(!owners.isEmpty && owners.allSatisfy { $0.hasPrefix("default/web-2") })
        // And so does the last one, once it could be read.
        second.take(.changes([World.service(2), World.endpoints(2, here: [2])]))
        _ = second.reconcile(now: .seconds(2))
        second.take(.changes([.serviceRemoved(World.name("web-2"))]))
        _ = second.reconcile(now: .seconds(3))
        #expect(second.device.state.virtualServers.isEmpty)
        #expect(second.device.state.claims.isEmpty)
    }

    /// Its rules would keep clients out that may come in by now.
    @Test func oneUnreadableObjectKeepsNoRuleOfAServiceThatIsKnown() throws {
        let ranges = [IPPrefix(holding: .ipv4(0xc000_0200), length: 24)]
        let first = try World.started([
            World.service(1, ranges: ranges), World.endpoints(1, there: [1]),
        ])
        var second = Reconciler(device: first.device, options: World.options())
        try second.start(now: .zero)
        let changes = [World.service(1), World.endpoints(1, here: [1])]
        second.take(.changes(changes))
        second.take(.initialSetComplete(isWhole: false))
        _ = second.reconcile(now: .zero)
        let expected = try World.started(changes)
        #expect(second.device.state.sets == expected.device.state.sets)
    }
}
