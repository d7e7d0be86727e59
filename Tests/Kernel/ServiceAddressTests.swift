import Addressing
import DataplaneModel
import LinuxDataplane
import NetworkLab
import Planning
import Reconciliation
import ServiceModel
import Testing

/// How service addresses become the node's own, and what of others stays.
@Suite(
    .enabled(if: TestKernel.ipvs.isProvided || TestKernel.host.isProvided, TestKernel.reason),
    .serialized
)
struct ServiceAddressTests {
    private static func service(_ number: Int) throws -> ClusterChange {
        .service(
            Service(
                name: ObjectName(namespace: "test", name: "web-\(number)"),
                reachability: .clusterIPs(
                    try AddressFamily.allCases.map { try ServiceUnderTest.address(number, $0) }
                ),
                ports: [ServicePort(port: ServiceUnderTest.port)]
            )
        )
    }

    /// Runs in the namespace of the calling thread.
    private static func started(
        _ name: String,
        _ changes: [ClusterChange]
    ) throws -> Reconciler<LinuxDataplane> {
        var reconciler = Reconciler(
            device: try LinuxDataplane(
                .iptables,
                device: "kube-ipvs0",
                stateDirectory: TestKernel.stateDirectory(name)
            ),
            options: try ChainedNode.options()
        )
        try reconciler.start(now: .zero)
        reconciler.take(.changes(changes))
        reconciler.take(.initialSetComplete(isWhole: true))
        for failure in reconciler.reconcile(now: .zero).failures { throw failure.error }
        return reconciler
    }

    /// Local routes to whole addresses, with their device and protocol, sorted.
    private static func localRoutes() throws -> [String] {
        try AddressFamily.allCases.flatMap { family in
            try Command.run(
                "ip",
                [family == .ipv4 ? "-4" : "-6", "-N", "route", "show", "table", "local"]
                    + ["type", "local"]
            ).split(separator: "\n").map { line in
                let words = line.split(separator: " ")
                func value(_ name: Substring) -> Substring {
                    words.firstIndex(of: name).map { words[$0 + 1] } ?? ""
                }
                // The first word is the type.
                return "\(words[1]) \(value("dev")) \(value("proto"))"
            }
        }.sorted()
    }

    /// A node that kube-proxy has served: with the last of its addresses the kernel takes all routes.
    @Test(.enabled(if: TestKernel.hasDummyDevices, "needs devices of the kind dummy"))
    func addressesThatKubeProxyBoundBecomeRoutesAndAllOfThemStay() throws {
        try bareNode("bound").perform {
            try Command.run("ip", ["link", "add", "kube-ipvs0", "type", "dummy"])
            for number in 1...3 {
                let address = try ServiceUnderTest.address(number, .ipv4)
                try Command.run("ip", ["addr", "add", "\(address)/32", "dev", "kube-ipvs0"])
            }
            var reconciler = try Self.started("bound", try (1...3).map { try Self.service($0) })
            let bound = try Command.run("ip", ["-4", "addr", "show", "dev", "kube-ipvs0"])
            #expect(!bound.contains("inet "))
            let expected = try (1...3).flatMap { number in
                try AddressFamily.allCases.map {
                    "\(try ServiceUnderTest.address(number, $0)) kube-ipvs0 70"
                }
            }.sorted()
            #expect(try Self.localRoutes().filter { $0.hasSuffix(" kube-ipvs0 70") } == expected)
            #expect(reconciler.reconcile(now: .seconds(60)).drift == 0)
        }
    }

    @Test(
        .enabled(
            if: !TestKernel.hasDummyDevices,
            "needs a kernel without devices of the kind dummy"
        )
    )
    func withoutDummyDevicesRoutesGoByTheLoopbackDeviceAndThoseOfOthersStay() throws {
        try bareNode("loopback").perform {
            for route in [
                "local 198.51.100.0/24 dev lo", "local 198.51.100.7 dev lo proto 99",
                "local 2001:db8:5::/64 dev lo", "local 2001:db8:5::7 dev lo proto 99",
            ] {
                let words = route.split(separator: " ").map(String.init)
                try Command.run("ip", ["route", "add", "table", "local"] + words)
            }
            let before = try Self.localRoutes()
            #expect(before.count > 4)
            var reconciler = try Self.started("loopback", try (1...2).map { try Self.service($0) })
            let ours = try (1...2).flatMap { number in
                try AddressFamily.allCases.map {
                    "\(try ServiceUnderTest.address(number, $0)) lo 70"
                }
            }
            #expect(try Self.localRoutes() == (before + ours).sorted())
            let own = try IPAddress("192.0.2.10")
            let first = try ServiceUnderTest.address(1, .ipv4)
            #expect(reconciler.applied.addresses[first] == .route(source: own))
            #expect(reconciler.reconcile(now: .seconds(60)).drift == 0)

            // Another process finds them, and has nothing to do.
            var second = try Self.started("loopback", try (1...2).map { try Self.service($0) })
            #expect(second.applied.addresses.count == 4 && second.applied.hasDevice)
            second.take(.changes([.serviceRemoved(ObjectName(namespace: "test", name: "web-1"))]))
            #expect(second.reconcile(now: .seconds(1)).failures.isEmpty)
            #expect(
                try Self.localRoutes() == (before + ours.filter { $0.contains("2 lo") }).sorted()
            )
            second.take(.changes([.serviceRemoved(ObjectName(namespace: "test", name: "web-2"))]))
            #expect(second.reconcile(now: .seconds(2)).failures.isEmpty)
            #expect(try Self.localRoutes() == before)
        }
    }
}
