import Addressing
import DataplaneModel
import Glibc
import LinuxDataplane
import NetworkLab
import Testing

/// The command that removes what kube-proxy left, on nodes that others use as well.
@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct KubeProxyLeftoversTests {
    private static func cleanUp(
        _ name: String,
        _ options: String...
    ) throws -> (status: Int32, output: String, errors: String) {
        try Command.execute(
            Programs.fairlead,
            ["cleanup", "--kube-proxy", "--state-directory", TestKernel.stateDirectory(name)]
                + options
        )
    }

    private static func expectNothingChanged(
        since before: String,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let changes = try KubeProxyNode.changes(since: before)
        #expect(changes.isEmpty, "\(changes)", sourceLocation: location)
    }

    @Test func onlyWhatKubeProxyMadeGoesFromANodeThatFairleadServes() throws {
        let laboratory = try Laboratory(pods: 2)
        let web = try ServiceUnderTest("web", number: 1, pods: 1...2, in: laboratory)
        try MatrixNode(laboratory.node, name: "leftovers").serve(changes: web.changes)
        try laboratory.node.perform {
            try KubeProxyNode.addForeignObjects(nodeAddress: "192.168.50.1")
            let before = try KubeProxyNode.state()
            #expect(before.contains("FAIRLEAD-") && before.contains("-A -t 10.96.0.1:80"))
            try KubeProxyNode.addLeftovers(nodeAddress: "192.168.50.1")
            let leftover = try KubeProxyNode.state()

            let plan = try Self.cleanUp("leftovers", "--dry-run")
            #expect(plan.status == 0, "\(plan.errors)")
            for line in [
                "iptables-legacy -t nat -D PREROUTING -m comment --comment "
                    + "\"kubernetes service portals\" -j KUBE-SERVICES",
                "ip6tables-legacy -t mangle -X KUBE-PROXY-CANARY", "ipset destroy KUBE-IPVS-IPS",
                "ipset destroy KUBE-6-LOAD-BALANCER-SOURCE-CID", "ipvsadm -D -t 10.96.9.1:443",
                "ipvsadm -D -t [fd00:10:96::9]:443",
                "ipvsadm -D -t 192.168.50.1:30080   # a node port",
                "ip addr del 10.96.9.1/32 dev kube-ipvs0",
            ] {
                #expect(plan.output.split(separator: "\n").contains { $0 == line }, "\(line)")
            }
            try Self.expectNothingChanged(since: leftover)

            let removal = try Self.cleanUp("leftovers")
            #expect(removal.status == 0, "\(removal.errors)")
            #expect(removal.output.contains("  34 address sets: KUBE-LOOP-BACK, "))
            #expect(removal.output.contains("  3 virtual servers: TCP 10.96.9.1:443, "))
            try Self.expectNothingChanged(since: before)

            let again = try Self.cleanUp("leftovers")
            #expect(again.status == 0)
            #expect(again.output == "nothing of kube-proxy is left\n")
            try Self.expectNothingChanged(since: before)
        }
    }

    @Test func theCommandsOfTheDryRunDoTheSame() throws {
        try bareNode("commands").perform {
            try KubeProxyNode.addForeignObjects(nodeAddress: "192.0.2.10")
            let before = try KubeProxyNode.state()
            try KubeProxyNode.addLeftovers(nodeAddress: "192.0.2.10", withDevice: true)
            try Command.run("sh", ["-e"], input: try Self.cleanUp("commands", "--dry-run").output)
            try Self.expectNothingChanged(since: before)
            #expect(try Self.cleanUp("commands").output == "nothing of kube-proxy is left\n")
        }
    }

    @Test func theDeviceGoesWhereNobodyElseUsesIt() throws {
        try bareNode("device").perform {
            let before = try KubeProxyNode.state()
            try Command.run("ip", ["link", "add", "kube-ipvs0", "type", "dummy"])
            try Command.run("ip", ["addr", "add", "10.96.9.1/32", "dev", "kube-ipvs0"])
            let removal = try Self.cleanUp("device")
            #expect(removal.status == 0, "\(removal.errors)")
            #expect(
                removal.output == """
                    removed
                      1 service address: 10.96.9.1
                      1 device: kube-ipvs0

                    """
            )
            try Self.expectNothingChanged(since: before)
        }
    }

    @Test func addressesAndVirtualServersInTheRecordStayOnTheSameDevice() throws {
        try bareNode("bound").perform {
            let device = try OpenedDataplane(TestKernel.stateDirectory("bound"))
            let own = try IPAddress("10.96.0.1")
            let keys = [
                try #require(VirtualServerKey("TCP 10.96.0.1:80")),
                try #require(VirtualServerKey("TCP 192.0.2.10:30081")),
            ]
            var operations: [Operation] = [.prepareDevice, .claim(.address(own), "")]
            operations += keys.map { .claim(.virtualServer($0), "default/web:http") }
            operations += keys.map {
                .addVirtualServer(VirtualServer(key: $0, scheduler: .roundRobin))
            }
            #expect(device.apply(operations + [.announce(own, .bound)]).isEmpty)
            let before = try KubeProxyNode.state()
            try KubeProxyNode.addLeftovers(nodeAddress: "192.0.2.10")
            let removal = try Self.cleanUp("bound")
            #expect(removal.status == 0, "\(removal.errors)")
            // The tables, which this made the kernel load, are no longer empty of counters alone.
            let after = try KubeProxyNode.state().split(separator: "\n")
            #expect(after.filter { !$0.hasPrefix("ip") } == before.split(separator: "\n"))
            #expect(!after.contains { $0.contains("KUBE-") })
        }
    }

    @Test func whatIsInUseStaysWithItsReasonAndTheRestGoes() throws {
        try bareNode("in-use").perform {
            try KubeProxyNode.addLeftovers(nodeAddress: "192.0.2.10", withDevice: true)
            try Command.run(
                "iptables-legacy-restore",
                ["--noflush"],
                input: """
                    *nat
                    :MINE - [0:0]
                    -A MINE -m set --match-set KUBE-CLUSTER-IP dst,dst -j RETURN
                    -A MINE -j KUBE-MARK-MASQ
                    COMMIT

                    """
            )
            try Command.run("ipset", ["create", "ALL", "list:set"])
            try Command.run("ipset", ["add", "ALL", "KUBE-IPVS-IPS"])
            for _ in 1...2 {
                let removal = try Self.cleanUp("in-use")
                #expect(removal.status == 1)
                #expect(
                    removal.errors.contains(
                        "the address set KUBE-CLUSTER-IP: it is in use by iptables-legacy -t nat "
                            + "-A MINE -m set --match-set KUBE-CLUSTER-IP dst,dst -j RETURN"
                    )
                )
                #expect(
                    removal.errors.contains("the address set KUBE-IPVS-IPS: it is in use by")
                )
                #expect(
                    removal.errors.contains(
                        "the chain KUBE-MARK-MASQ (iptables-legacy -t nat) stays"
                    )
                )
                let kept = try KubeProxyNode.state().split(separator: "\n").filter {
                    $0.contains("KUBE-")
                }
                #expect(
                    kept.map { $0.prefix { $0 != "," } } == [
                        "iptables-legacy-save :KUBE-MARK-MASQ - ",
                        "iptables-legacy-save -A MINE -m set --match-set KUBE-CLUSTER-IP dst",
                        "iptables-legacy-save -A MINE -j KUBE-MARK-MASQ", "add ALL KUBE-IPVS-IPS",
                        "add KUBE-CLUSTER-IP 10.96.9.1", "create KUBE-CLUSTER-IP hash:ip",
                        kept.last?.prefix { $0 != "," } ?? "",
                    ]
                )
                #expect(kept.last?.hasPrefix("create KUBE-IPVS-IPS hash:ip") ?? false)
            }
        }
    }

    @Test func withoutTheRecordOfWhatIsFairleadsNothingIsTouched() throws {
        let laboratory = try Laboratory(pods: 1)
        let node = try NodeUnderTest(laboratory, name: "no-record")
        let web = try ServiceUnderTest("web", number: 1, pods: 1...1, in: laboratory)
        try node.apply(web.changes)
        try laboratory.node.perform {
            try KubeProxyNode.addLeftovers(nodeAddress: "192.168.50.1")
            let before = try KubeProxyNode.state()
            let removal = try Self.cleanUp("elsewhere")
            #expect(removal.status == 1)
            #expect(
                removal.errors.contains("name the directory that has it with --state-directory")
            )
            try Self.expectNothingChanged(since: before)
        }
    }

    @Test func whileKubeProxyRunsNothingIsRemovedUnlessOneInsists() throws {
        try bareNode("running").perform {
            try KubeProxyNode.addLeftovers(nodeAddress: "192.0.2.10", withDevice: true)
            let before = try KubeProxyNode.state()
            let directory = try Command.run("mktemp", ["-d", "-p", "/run"]).filter { $0 != "\n" }
            try Command.run("cp", ["/bin/sleep", directory + "/kube-proxy"])
            let text = try Command.run(
                "sh",
                ["-c", "\"$1\" 600 >/dev/null 2>&1 & echo $!", "sh", directory + "/kube-proxy"]
            )
            let process = try #require(pid_t(text.prefix { $0.isNumber }))
            defer { kill(process, SIGKILL) }
            let advice = try KubeProxySearch.advice(
                stateDirectory: TestKernel.stateDirectory("running")
            )
            #expect(advice?.hasPrefix("kube-proxy (process \(process)) is running") ?? false)
            let refusal = try Self.cleanUp("running")
            #expect(refusal.status == 1 && refusal.output.isEmpty)
            #expect(refusal.errors.contains("kube-proxy is running (process \(process))"))
            #expect(try Self.cleanUp("running", "--dry-run").status == 0)
            try Self.expectNothingChanged(since: before)
            #expect(try Self.cleanUp("running", "--force").status == 0)
            #expect(try !KubeProxyNode.state().contains("KUBE-"))
        }
    }

    @Test func theLogSaysWhatThereIsAndWhichCommandRemovesIt() throws {
        try bareNode("advice").perform {
            let directory = TestKernel.stateDirectory("advice")
            #expect(try KubeProxySearch.advice(stateDirectory: directory) == nil)
            try KubeProxyNode.addLeftovers(nodeAddress: "192.0.2.10", withDevice: true)
            #expect(
                try KubeProxySearch.advice(stateDirectory: directory) == """
                    kube-proxy has left on this node: 16 chains and calls of them \
                    (iptables-legacy), 16 chains and calls of them (ip6tables-legacy), 34 address \
                    sets, 3 virtual servers, 2 service addresses, the device kube-ipvs0; "fairlead \
                    cleanup --kube-proxy" removes it, and shows with --dry-run what that is
                    """
            )
        }
    }

    /// A kernel may have tables, and nothing that can be in them.
    private static let hasNFTables =
        (try? Command.run("unshare", ["-n", "nft", "table ip x { chain x { counter; }; }"])) != nil

    @Test(
        .enabled(
            if: hasNFTables,
            "needs the program nft (Debian's package nftables) and a kernel with nftables"
        )
    )
    func theTablesOfTheNftablesModeGoAndOthersStay() throws {
        try NetworkNamespace("nftables").perform {
            try Command.run(
                "nft",
                ["-f", "-"],
                input: """
                    table ip other { chain kube-proxy { counter; }; }
                    table inet kube-proxy { chain x { counter; }; }

                    """
            )
            let before = try Command.run("nft", ["list", "ruleset"])
            for family in ["ip", "ip6"] {
                try Command.run(
                    "nft",
                    ["-f", "-"],
                    input: "table \(family) kube-proxy { chain services { counter; }; }\n"
                )
            }
            let removal = try Self.cleanUp("nftables")
            #expect(removal.status == 0, "\(removal.errors)")
            #expect(removal.output.contains("2 nftables tables: ip kube-proxy, ip6 kube-proxy"))
            #expect(try Command.run("nft", ["list", "ruleset"]) == before)
            #expect(try Self.cleanUp("nftables").output == "nothing of kube-proxy is left\n")
        }
    }
}
