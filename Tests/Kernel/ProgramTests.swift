import Addressing
import DataplaneModel
import Glibc
import NetworkLab
import Testing

/// The program as its users meet it.
@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct ProgramTests {
    /// A directory for one test, and in it one for manifests.
    ///
    /// Below /run: on the file system that User Mode Linux lends from its host, inotify reports nothing.
    private static func workspace() throws -> String {
        let path = try Command.run("mktemp", ["-d", "-p", "/run"]).filter { $0 != "\n" }
        try Command.run("mkdir", [path + "/manifests"])
        return path
    }

    private static func manifest(
        _ name: String,
        at address: String,
        pods: [Int],
        annotation: String = ""
    ) -> String {
        """
        apiVersion: v1
        kind: Service
        metadata:
          name: \(name)
          annotations: {\(annotation)}
        spec:
          clusterIP: \(address)
          ports: [{port: 80}]
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata:
          name: \(name)-1
          labels: {kubernetes.io/service-name: \(name)}
        addressType: IPv4
        ports: [{port: 8080}]
        endpoints: [\(pods.map { "{addresses: [10.244.\($0).2]}" }.joined(separator: ", "))]

        """
    }

    private static func write(_ text: String, _ path: String) throws {
        try Command.run("sh", ["-c", "cat >\"$1\"", "sh", path], input: text)
    }

    private static func list(_ options: String...) throws -> String {
        try Command.run(Programs.fairlead, ["list", "-n"] + options)
    }

    /// Everything about IPVS, routes and addresses that the kernel shows, but for counters.
    private static func kernelState() throws -> String {
        try Command.run("ipvsadm", ["-Sn"])
            + Command.run("ip", ["route", "show", "table", "local"])
            + Command.run("ip", ["-6", "route", "show", "table", "local"])
            + Command.run("ip", ["-brief", "address"])
    }

    private static func arguments(_ workspace: String, _ more: String...) -> [String] {
        ["--manifests", workspace + "/manifests"] + more
    }

    /// Such as the bindAddress of a kube-proxy's file that came from another node.
    @Test func anAddressThatTheNodeDoesNotHaveIsNoSourceOfItsPackets() throws {
        let workspace = try Self.workspace()
        try Self.write(
            Self.manifest("web", at: "10.96.0.1", pods: [1]),
            workspace + "/manifests/web.yaml"
        )
        try Self.write(
            """
            apiVersion: fairlead.dev/v1alpha1
            kind: FairleadConfiguration
            addresses: {sourceAddresses: [203.0.113.99]}

            """,
            workspace + "/fairlead.yaml"
        )
        try bareNode("source").perform {
            let daemon = try DaemonProcess(
                Self.arguments(workspace, "--config", workspace + "/fairlead.yaml"),
                directory: workspace
            )
            try daemon.waitForLog("serving 1 Service")
            #expect(daemon.output.contains("203.0.113.99 is no address of this node"))
            let route = try Command.run("ip", ["route", "show", "table", "local", "10.96.0.1"])
            #expect(route.contains("src 192.0.2.10"), "\(route)")
            try daemon.terminate()
        }
    }

    @Test func followsItsManifestsAndKeepsTheLastGoodStateOfABrokenFile() throws {
        let workspace = try Self.workspace()
        let web = workspace + "/manifests/web.yaml"
        let api = workspace + "/manifests/api.yaml"
        try Self.write(Self.manifest("web", at: "10.96.0.1", pods: [1, 2]), web)
        try Self.write(Self.manifest("api", at: "10.96.0.2", pods: [3]), api)
        try bareNode("follows").perform {
            let daemon = try DaemonProcess(Self.arguments(workspace), directory: workspace)
            try daemon.waitForLog("serving 2 Services")
            #expect(try Self.list("-t", "10.96.0.1:80").contains("10.244.2.2:8080"))
            #expect(try Self.list("--services").contains("TCP  10.96.0.1:80 rr  default/web"))

            try Self.write(Self.manifest("web", at: "10.96.0.1", pods: [1, 3]), web)
            try daemon.waitFor("the new endpoint") {
                try Self.list("-t", "10.96.0.1:80").contains("10.244.3.2:8080")
            }
            try daemon.waitFor("the end of the old one") {
                try !Self.list("-t", "10.96.0.1:80").contains("10.244.2.2:8080")
            }

            try Self.write("apiVersion: v1\nkind: [Service\n", web)
            try daemon.waitForLog("web.yaml")
            let status = try Command.execute(Programs.fairlead, ["status"])
            #expect(status.status == 2 && status.output.contains("web.yaml"), "\(status)")
            try Self.write(Self.manifest("api", at: "10.96.0.2", pods: [1]), api)
            try daemon.waitFor("a change beside a broken file") {
                try Self.list("-t", "10.96.0.2:80").contains("10.244.1.2:8080")
            }
            #expect(try Self.list("-t", "10.96.0.1:80").contains("10.244.3.2:8080"))

            try Command.run("rm", [api])
            try daemon.waitFor("the end of a Service") { try !Self.list().contains("10.96.0.2") }
            try daemon.waitFor("the end of its address") {
                try !Self.kernelState().contains("10.96.0.2")
            }
            try daemon.terminate()
            #expect(try Self.list("-t", "10.96.0.1:80").contains("10.244.3.2:8080"))
        }
    }

    @Test func aSecondStartChangesNothingAndARecordSurvivesTheDaemon() throws {
        let workspace = try Self.workspace()
        let web = workspace + "/manifests/web.yaml"
        try Self.write(
            Self.manifest("web", at: "10.96.0.11", pods: [1, 2])
                + "---\n"
                + Self.manifest(
                    "api",
                    at: "fd00:10:96::11",
                    pods: [],
                    annotation: "fairlead.dev/scheduler: mh"
                ),
            web
        )
        try bareNode("restart").perform {
            try Command.run("ipvsadm", ["-A", "-t", "203.0.113.1:80", "-s", "lc"])
            let first = try DaemonProcess(Self.arguments(workspace), directory: workspace)
            try first.waitForLog("serving 2 Services")
            try first.terminate()
            let before = try Self.kernelState()
            let second = try DaemonProcess(Self.arguments(workspace), directory: workspace)
            try second.waitForLog("applied 0 changes")
            #expect(try Self.kernelState() == before)
            try second.terminate()

            // A third one wants less: it knows what is its own, and leaves the other alone.
            try Command.run("rm", [web])
            let third = try DaemonProcess(Self.arguments(workspace), directory: workspace)
            try third.waitForLog("serving 0 Services")
            try third.waitFor("the end of what nobody wants any more") {
                try Command.run("ipvsadm", ["-Sn"]) == "-A -t 203.0.113.1:80 -s lc\n"
            }
            #expect(try !Self.kernelState().contains("10.96.0.11"))
            try third.terminate()
        }
    }

    @Test func warnsOfASchedulerTheKernelLacksAndOfTwoServicesAtOneAddress() throws {
        let workspace = try Self.workspace()
        try Self.write(
            Self.manifest(
                "web",
                at: "10.96.0.21",
                pods: [1],
                annotation: "fairlead.dev/scheduler: twos"
            )
                + "---\n" + Self.manifest("zeb", at: "10.96.0.21", pods: [2]),
            workspace + "/manifests/all.yaml"
        )
        try bareNode("warnings").perform {
            let daemon = try DaemonProcess(
                Self.arguments(workspace, "--scheduler", "lc"),
                directory: workspace
            )
            try daemon.waitForLog("serving 2 Services")
            try daemon.waitForLog(
                "the kernel has no scheduler \"twos\"; the global one, \"lc\", is used instead"
            )
            try daemon.waitForLog(
                "Service default/zeb: spec.clusterIPs: 10.96.0.21:80/TCP belongs to"
            )
            #expect(try Self.list().contains("TCP  10.96.0.21:80 lc\n  -> 10.244.1.2:8080"))
            try daemon.terminate()
        }
    }

    @Test func aSecondDaemonIsRefusedAndTheFirstOutlivesItsTerminal() throws {
        let workspace = try Self.workspace()
        try Self.write(
            Self.manifest("web", at: "10.96.0.41", pods: [1]),
            workspace + "/manifests/web.yaml"
        )
        try bareNode("second").perform {
            let first = try DaemonProcess(Self.arguments(workspace), directory: workspace)
            try first.waitForLog("serving 1 Service")
            let (status, _, errors) = try Command.execute(
                Programs.fairlead,
                ["run", "--manifests", "/run"]
            )
            #expect(status == 1)
            #expect(errors.contains("another fairlead (process \(first.process)) is at work here"))
            #expect(try Self.list().contains("10.96.0.41:80"))
            kill(first.process, SIGHUP)
            try Self.write(
                Self.manifest("web", at: "10.96.0.41", pods: [1, 2]),
                workspace + "/manifests/web.yaml"
            )
            try first.waitFor("a change after SIGHUP") {
                try Self.list().contains("10.244.2.2:8080")
            }
            try first.terminate()
        }
    }

    @Test func takesNoPortFromTheNodeAndNoAddressFromItsInterfaces() throws {
        let workspace = try Self.workspace()
        try Self.write(
            Self.manifest("node", at: "192.0.2.10", pods: [1])
                + "---\n" + Self.manifest("web", at: "10.96.0.51", pods: [1]),
            workspace + "/manifests/all.yaml"
        )
        try bareNode("own-address").perform {
            let daemon = try DaemonProcess(Self.arguments(workspace), directory: workspace)
            try daemon.waitForLog("serving 2 Services")
            try daemon.waitForLog("192.0.2.10 is an address of this node itself")
            #expect(try !Self.list().contains("192.0.2.10"))
            #expect(try Self.list().contains("10.96.0.51:80"))
            try daemon.terminate()

            try Command.run("ip", ["link", "add", "eth9", "type", "veth"])
            try Self.write(
                """
                apiVersion: fairlead.dev/v1alpha1
                kind: FairleadConfiguration
                addresses: {device: eth9}

                """,
                workspace + "/fairlead.yaml"
            )
            let (status, _, errors) = try Command.execute(
                Programs.fairlead,
                ["run"] + Self.arguments(workspace, "--config", workspace + "/fairlead.yaml")
            )
            #expect(status == 1)
            #expect(errors.contains("eth9") && errors.contains("it is not a dummy device"))
        }
    }

    @Test func bindsAddressesWhereThatIsConfigured() throws {
        let workspace = try Self.workspace()
        try Self.write(
            Self.manifest("web", at: "10.96.0.31", pods: [1]),
            workspace + "/manifests/web.yaml"
        )
        try Self.write(
            """
            apiVersion: fairlead.dev/v1alpha1
            kind: FairleadConfiguration
            addresses: {announce: bind, device: service0}
            ipvs: {timeouts: {tcp: 30m, udp: 20s}}

            """,
            workspace + "/fairlead.yaml"
        )
        try bareNode("bind").perform {
            let daemon = try DaemonProcess(
                Self.arguments(workspace, "--config", workspace + "/fairlead.yaml"),
                directory: workspace
            )
            try daemon.waitForLog("serving 1 Service")
            let addresses = try Command.run("ip", ["-brief", "address", "show", "service0"])
            #expect(addresses.contains("10.96.0.31/32"))
            #expect(
                try Command.run(Programs.fairlead, ["list", "--timeout"])
                    == "Timeout (tcp tcpfin udp): 1800 120 20\n"
            )
            try daemon.terminate()
        }
    }

    @Test func oneSentenceSaysThatRightsAreMissing() throws {
        let workspace = try Self.workspace()
        try bareNode("rights").perform {
            for arguments in [
                ["list", "-n"], ["save"], ["run"] + Self.arguments(workspace),
            ] {
                let (status, _, errors) = try Command.execute(
                    "setpriv",
                    ["--bounding-set=-net_admin", "--inh-caps=-net_admin", Programs.fairlead]
                        + arguments
                )
                #expect(status == 1)
                let sentences = errors.split(separator: "\n").filter {
                    $0.contains("CAP_NET_ADMIN is missing")
                }
                #expect(sentences.count == 1, "\(arguments): \(errors)")
            }
        }
    }

    @Test func anEndpointCostsAtMostFiveSystemCalls() throws {
        let trace = try Self.workspace() + "/trace"
        try Command.run(
            "strace",
            ["-f", "-o", trace, Programs.benchmark, "--sizes", "300x3", "--repetitions", "1"]
        )
        let text = try Command.run("cat", [trace])
        var calls: [Int] = []
        var count: Int?
        var thread: Substring?
        for line in text.split(separator: "\n") {
            // Each line begins with its thread; other threads have other things to do. A call that
            // another thread came between has a second line.
            let words = line.split(separator: " ", maxSplits: 1)
            guard words.count == 2, !words[1].drop(while: { $0 == " " }).hasPrefix("<...") else {
                continue
            }
            if line.contains("fairlead-benchmark-begin") {
                count = 0
                thread = words[0]
            } else if line.contains("fairlead-benchmark-end"), let measured = count {
                calls.append(measured)
                count = nil
            } else if words[0] == thread {
                count = count.map { $0 + 1 }
            }
        }
        #expect(calls.count == 200)
        #expect(calls.max() ?? .max <= 5, "\(calls)")
    }
}

/// IPVS can be had, and nobody has asked for it yet.
@Suite(.enabled(if: TestKernel.unloaded.isProvided, TestKernel.reason), .serialized)
struct UnloadedModuleTests {
    @Test func loadsTheModuleItNeeds() throws {
        #expect(try !Command.run("cat", ["/proc/modules"]).contains("ip_vs "))
        let listing = try Command.run(Programs.fairlead, ["list", "-n"])
        #expect(listing.hasPrefix("IP Virtual Server version"))
        #expect(try Command.run("cat", ["/proc/modules"]).contains("ip_vs "))
    }
}

/// There is no IPVS, and none can be had.
@Suite(.enabled(if: TestKernel.none.isProvided, TestKernel.reason), .serialized)
struct WithoutIPVSTests {
    @Test func saysWhatIsMissingAndWhatWouldHelp() throws {
        for arguments in [
            ["list"], ["save"], ["run", "--manifests", "/tmp", "--mode", "ipvs"],
        ] {
            let (status, output, errors) = try Command.execute(Programs.fairlead, arguments)
            #expect(status == 1)
            #expect(output.isEmpty)
            #expect(
                errors.contains("this kernel has no IPVS")
                    || errors.contains("This kernel has no IPVS")
            )
            #expect(errors.contains("modprobe ip_vs"))
        }
    }
}
