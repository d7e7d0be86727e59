import Addressing
import Glibc
import NetworkLab
import Testing

/// The program on a kernel that gets IPVS only after a while, and loses it again by configuration.
@Suite(.enabled(if: TestKernel.unloaded.isProvided, TestKernel.reason), .serialized)
struct SwitchingTests {
    private static let manifest = """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec:
          clusterIPs: [10.96.0.1]
          externalIPs: [203.0.113.7]
          externalTrafficPolicy: Local
          ports: [{name: http, port: 80}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: zz-late}
        spec:
          clusterIPs: [10.96.0.2]
          externalIPs: [203.0.113.7]
          ports: [{name: http, port: 80}]
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata:
          name: web-1
          labels: {kubernetes.io/service-name: web}
        addressType: IPv4
        ports: [{name: http, port: 8080}]
        endpoints:
        - {addresses: [10.244.1.2], nodeName: node-a}
        - {addresses: [10.244.2.2], nodeName: node-a}

        """

    /// modprobe then loads no ip_vs.
    private static let obstacle = "/etc/modprobe.d/fairlead-test.conf"

    private static func write(_ text: String, _ path: String) throws {
        try Command.run("sh", ["-c", "cat >\"$1\"", "sh", path], input: text)
    }

    /// A node with pods that serve, and what a daemon there is started with.
    private final class Stage {
        let laboratory: Laboratory
        let workspace: String
        private let servers: [NamedServer]

        init() throws {
            laboratory = try Laboratory()
            servers = try laboratory.pods.map { try NamedServer(in: $0, port: 8080) }
            workspace = try Command.run("mktemp", ["-d", "-p", "/run"]).filter { $0 != "\n" }
            try Command.run("mkdir", [workspace + "/manifests"])
            try SwitchingTests.write(
                SwitchingTests.manifest,
                workspace + "/manifests/web.yaml"
            )
        }

        /// Starts a daemon, in a mode, with the state that the one before has left.
        func start(mode: String) throws -> DaemonProcess {
            try SwitchingTests.write(
                """
                apiVersion: fairlead.dev/v1alpha1
                kind: FairleadConfiguration
                mode: \(mode)
                nodeName: node-a
                clusterCIDRs: [10.244.0.0/16]
                intervals: {reprobe: 1s}
                manifests: {directory: \(workspace)/manifests}
                stateDirectory: \(workspace)/state

                """,
                workspace + "/fairlead.yaml"
            )
            return try laboratory.node.perform {
                try DaemonProcess(["--config", workspace + "/fairlead.yaml"], directory: workspace)
            }
        }
    }

    /// Nothing of ours is in the chains that stand in for virtual servers.
    private static func hasChains() throws -> Bool {
        try Command.run("iptables-save", ["-t", "nat"]).contains(":FAIRLEAD-BALANCE ")
    }

    @Test func noConnectionFailsWhileTheDataplaneIsChangedToAndFro() throws {
        try Self.write("install ip_vs /bin/false\n", Self.obstacle)
        defer { _ = try? Command.run("rm", ["-f", Self.obstacle]) }
        let stage = try Stage()
        let laboratory = stage.laboratory
        func status() throws -> String {
            try Command.run(
                Programs.fairlead,
                ["status", "--state-directory", stage.workspace + "/state"]
            )
        }
        var daemon = try stage.start(mode: "auto")
        try daemon.waitForLog("Services are served by iptables")
        #expect(try status().contains("iptables (mode: auto), as IPVS cannot be used"))
        #expect(try laboratory.node.perform { try Self.hasChains() })

        // One connection that stays open, and clients inside and outside that come again and again.
        let held = try laboratory.client.perform {
            try HeldConnection(to: SocketEndpoint(try IPAddress("203.0.113.7"), 80))
        }
        _ = try held.request()
        let clients = [
            try SteadyClient(
                from: laboratory.node,
                to: SocketEndpoint(try IPAddress("10.96.0.1"), 80),
                every: .milliseconds(10)
            ),
            try SteadyClient(
                from: laboratory.client,
                to: SocketEndpoint(try IPAddress("203.0.113.7"), 80),
                every: .milliseconds(10)
            ),
        ]
        let problem = "203.0.113.7:80/TCP belongs to Service default/web"
        #expect(try status().contains(problem))
        func letThemWork() throws {
            let before = clients.map(\.count)
            try daemon.waitFor("a hundred requests") {
                zip(clients, before).allSatisfy { $0.count >= $1 + 100 }
            }
        }
        try letThemWork()

        try Command.run("rm", [Self.obstacle])
        try daemon.waitForLog("Services are served by IPVS, as this kernel has it by now")
        try daemon.waitForLog("removed what was left in iptables")
        try letThemWork()
        #expect(try status().contains("Dataplane:       ipvs (mode: auto)"))
        #expect(try status().contains(problem), "it is known after the change too")
        #expect(try laboratory.node.perform { try !Self.hasChains() })
        #expect(
            try laboratory.node.perform { try Command.run("ipvsadm", ["-Ln"]) }
                .contains("TCP  10.96.0.1:80 rr")
        )
        _ = try held.request()

        try daemon.terminate()
        daemon = try stage.start(mode: "iptables")
        try daemon.waitForLog("Services are served by iptables, as the configuration asks for it")
        try letThemWork()
        #expect(try laboratory.node.perform { try Self.hasChains() })
        _ = try held.request()

        try daemon.terminate()
        daemon = try stage.start(mode: "ipvs")
        try daemon.waitForLog("Services are served by IPVS, as the configuration asks for it")
        try letThemWork()
        _ = try held.request()

        for client in clients {
            let record = client.stop()
            #expect(record.failures.isEmpty, "\(record.failures)")
            #expect(record.count >= 400)
        }
        try daemon.terminate()
        withExtendedLifetime(stage) {}
    }

    /// What IPVS still has connections for stays until they are gone.
    @Test func aConnectionOfIPVSKeepsItsVirtualServerAfterTheChange() throws {
        try Command.run("rm", ["-f", Self.obstacle])
        let stage = try Stage()
        let laboratory = stage.laboratory
        func virtualServers() throws -> String {
            try laboratory.node.perform { try Command.run("ipvsadm", ["-Ln"]) }
        }
        var daemon = try stage.start(mode: "ipvs")
        try daemon.waitForLog("Services are served by IPVS")
        let held = try laboratory.client.perform {
            try HeldConnection(to: SocketEndpoint(try IPAddress("203.0.113.7"), 80))
        }
        _ = try held.request()
        try daemon.terminate()
        daemon = try stage.start(mode: "iptables")
        try daemon.waitForLog("Services are served by iptables")
        try daemon.waitForLog("removed what was left in IPVS")
        #expect(try virtualServers().contains("203.0.113.7:80"))
        #expect(try !virtualServers().contains("10.96.0.1:80"))
        _ = try held.request()
        held.end()
        try daemon.waitForLog("removed what was left in IPVS", count: 2)
        #expect(try !virtualServers().contains("203.0.113.7:80"))
        try daemon.terminate()
        withExtendedLifetime(stage) {}
    }

    /// What cannot be read may be all that the old dataplane serves: nothing goes then.
    ///
    /// And marks stay with their Services, whichever comes first this time.
    @Test func whatCannotBeReadGoesOnBeingServedAndMarksStay() throws {
        try Command.run("rm", ["-f", Self.obstacle])
        let stage = try Stage()
        let second = stage.workspace + "/manifests/second.yaml"
        let manifest = Self.manifest.replacing("name: web", with: "name: second")
            .replacing("web", with: "second").replacing("10.96.0.1]", with: "10.96.0.9]")
            .replacing("203.0.113.7", with: "203.0.113.9").replacing("zz-late", with: "zz-later")
            .replacing("10.96.0.2]", with: "10.96.0.10]")
        try Self.write(manifest, second)
        func marks() throws -> [String] {
            let text = try Command.run(
                "sh",
                ["-c", "ipset list FAIRLEAD-INSIDE | grep skbmark | sort"]
            )
            return text.split(separator: "\n").map(String.init)
        }
        func answers() throws -> Bool {
            let address = SocketEndpoint(try IPAddress("203.0.113.9"), 80)
            return try !Client.requests(2, from: stage.laboratory.node, to: address, .tcp).isEmpty
        }
        var daemon = try stage.start(mode: "ipvs")
        try daemon.waitForLog("Services are served by IPVS")
        let before = try stage.laboratory.node.perform { try marks() }
        #expect(before.count == 2)
        try daemon.terminate()

        try Self.write("spec: [", second)
        daemon = try stage.start(mode: "iptables")
        try daemon.waitForLog("serving 2 Services")
        usleep(500_000)
        #expect(try answers())
        #expect(!daemon.output.contains("Services are served by iptables"))
        try Self.write(manifest, second)
        try daemon.waitForLog("Services are served by iptables")
        #expect(try answers())
        #expect(try stage.laboratory.node.perform { try marks() } == before)
        try daemon.terminate()
        withExtendedLifetime(stage) {}
    }
}
