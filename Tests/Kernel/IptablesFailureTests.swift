import Addressing
import DataplaneModel
import LinuxDataplane
import NetworkLab
import PacketMatrix
import Reconciliation
import ServiceModel
import Testing

/// What a node without IPVS makes of rules that cannot be written, and of programs that are not there.
@Suite(
    .enabled(if: TestKernel.ipvs.isProvided || TestKernel.host.isProvided, TestKernel.reason),
    .serialized
)
struct IptablesFailureTests {
    /// A name that no rule can say, and that Kubernetes would not take.
    @Test(arguments: FilterPrograms.Variant.working)
    func aRuleThatIsRefusedConcernsItsServiceAlone(_ variant: FilterPrograms.Variant) throws {
        let node = try ChainedNode(variant, name: "refused")
        let name = ObjectName(namespace: "test", name: "quo\"ted")
        let refused: [ClusterChange] = [
            .service(
                Service(
                    name: name,
                    reachability: .clusterIPs([try ServiceUnderTest.address(9, .ipv4)]),
                    ports: [ServicePort(name: "web", port: ServiceUnderTest.port)]
                )
            ),
            .endpointSlice(
                EndpointSlice(
                    name: name,
                    service: name,
                    family: .ipv4,
                    ports: [EndpointPort(name: "web", port: ServiceUnderTest.podPort)],
                    endpoints: [Endpoint(address: try node.laboratory.podAddress(1, .ipv4))]
                )
            ),
        ]
        try node.apply(node.service(1, pods: [1]))
        let report = try node.attempt(
            node.service(2, pods: [2]) + refused + node.service(3, pods: [3])
        )
        #expect(report.failures.map(\.owner) == ["\(name):web"])
        #expect(report.failures.first?.error.kernelMessage?.contains("Bad argument") == true)
        for number in 1...3 { #expect(try node.requests(to: number) == ["pod\(number)"]) }
        // It keeps nobody from being changed, and its own end is the end of the trouble.
        let later = try node.attempt(node.service(1, pods: [2]))
        #expect(later.failures.allSatisfy { $0.owner == "\(name):web" })
        #expect(try node.requests(to: 1) == ["pod2"])
        let over = try node.attempt([.serviceRemoved(name)])
        #expect(over.failures.isEmpty)
        #expect(try node.audit().drift == 0)
    }

    /// The lock that all users of the old variant share.
    @Test(.enabled(if: FilterPrograms.Variant.working.contains(.legacy), "needs legacy"))
    func whoHoldsTheLockTooLongIsNamedAndWaitedForAgain() throws {
        let laboratory = try Laboratory(pods: 1)
        var reports: [ReconciliationReport] = []
        try laboratory.node.perform(covering: ["/run"]) {
            try FilterPrograms.Variant.legacy.hint()
            var reconciler = Reconciler(
                device: try LinuxDataplane(
                    .iptables,
                    device: "kube-ipvs0",
                    stateDirectory: TestKernel.stateDirectory("lock")
                ),
                options: try ChainedNode.options()
            )
            try reconciler.start(now: .zero)
            reconciler.take(.initialSetComplete(isWhole: true))
            reports.append(reconciler.reconcile(now: .zero))
            let service = try ServiceUnderTest("web", number: 1, pods: 1...1, in: laboratory)
            reconciler.take(
                .changes([.service(service.service), .endpointSlice(service.slices[0])])
            )
            let holder = try Command.run(
                "sh",
                ["-c", "flock -F /run/xtables.lock sleep 60 >/dev/null 2>&1 & echo $!"]
            ).filter { $0 != "\n" }
            try Command.run("sh", ["-c", "until ! flock -n /run/xtables.lock true; do :; done"])
            reports.append(reconciler.reconcile(now: .seconds(1)))
            try Command.run("kill", ["-KILL", holder])
            try Command.run("flock", ["/run/xtables.lock", "true"])
            reports.append(reconciler.reconcile(now: .seconds(10)))
        }
        #expect(reports.map(\.failures.isEmpty) == [true, false, true], "\(reports[2].failures)")
        for failure in reports[1].failures {
            #expect(failure.error.code == .busy)
            #expect(failure.error.kernelMessage?.contains("xtables lock") == true)
        }
        #expect(!reports[2].recovered.isEmpty)
    }

    @Test func aNodeWithoutIptablesIsToldWhatToInstall() throws {
        let node = try NetworkNamespace("bare")
        var report = ReconciliationReport()
        try node.perform(covering: ["/usr/sbin"]) {
            try #require(HostProgram.path(of: "iptables") == nil)
            var reconciler = Reconciler(
                device: try LinuxDataplane(
                    .iptables,
                    device: "kube-ipvs0",
                    stateDirectory: TestKernel.stateDirectory("missing")
                ),
                options: try ChainedNode.options()
            )
            try reconciler.start(now: .zero)
            reconciler.take(.initialSetComplete(isWhole: true))
            report = reconciler.reconcile(now: .zero)
        }
        let failure = try #require(report.failures.first)
        #expect(failure.error.description.contains("there is no iptables on this machine"))
        #expect(failure.error.description.contains("Debian's package iptables"))
    }

    /// What cannot be read is not taken for gone.
    @Test(arguments: FilterPrograms.Variant.working)
    func anAuditThatCannotReadTheRulesChangesNothing(_ variant: FilterPrograms.Variant) throws {
        let node = try ChainedNode(variant, name: "unreadable")
        try node.apply(node.service(1, pods: [1]))
        let before = try node.chains()
        let report = try node.audit(covering: ["/usr/sbin"])
        #expect(report.auditError != nil)
        #expect(report.failures.isEmpty && report.applied == 0)
        #expect(try node.chains() == before)
        #expect(try node.audit().drift == 0)
        try node.apply(node.service(1, pods: [2]))
        #expect(try node.requests(to: 1) == ["pod2"])
    }
}

/// Session affinity cannot be had, as the kernel has no lists of recent clients.
@Suite(.enabled(if: TestKernel.forgetful.isProvided, TestKernel.reason), .serialized)
struct WithoutRecentClientsTests {
    @Test(arguments: FilterPrograms.Variant.working)
    func onlyServicesThatNeedThemAreNotServed(_ variant: FilterPrograms.Variant) throws {
        let node = try ChainedNode(variant, name: "forgetful")
        let report = try node.attempt(
            (1...12).flatMap { number in
                try node.service(
                    number,
                    pods: [number % 3 + 1],
                    affinity: number % 5 == 0 ? .clientIP(timeout: 60) : .none
                )
            }
        )
        #expect(
            Set(report.failures.map(\.owner)) == [ChainedNode.owner(5), ChainedNode.owner(10)]
        )
        for number in 1...12 where number % 5 != 0 {
            #expect(try node.requests(to: number) == ["pod\(number % 3 + 1)"])
        }
        // Without its wish it is served.
        try node.attempt(node.service(5, pods: [1]) + node.service(10, pods: [2]))
        #expect(try node.requests(to: 5) == ["pod1"])
        #expect(try node.requests(to: 10) == ["pod2"])
        #expect(try node.audit().drift == 0)
    }
}
