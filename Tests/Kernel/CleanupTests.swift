import Glibc
import LinuxDataplane
import NetworkLab
import Testing

/// The command that removes what fairlead programmed, on a node that others use as well.
@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct CleanupTests {
    /// A node that others use, and what a daemon there is started with.
    private struct Stage {
        let workspace: String
        /// Before the first daemon came.
        let before: String
        var state: String { workspace + "/state" }

        /// Makes it in the namespace of the calling thread.
        init() throws {
            workspace = try Command.run("mktemp", ["-d", "-p", "/run"]).filter { $0 != "\n" }
            try Command.run("mkdir", [workspace + "/manifests"])
            try Self.write(SharedNode.manifests, workspace + "/manifests/all.yaml")
            // On a router the kernel adds anycast routes, and kernel parameters are not put back.
            try Command.run("sysctl", ["-qw", "net.ipv6.conf.all.forwarding=1"])
            try SharedNode.addForeignObjects()
            before = try KubeProxyNode.state()
        }

        static func write(_ text: String, _ path: String) throws {
            try Command.run("sh", ["-c", "cat >\"$1\"", "sh", path], input: text)
        }

        func start(_ mode: String, announce: String = "routes") throws -> DaemonProcess {
            try Self.write(
                """
                apiVersion: fairlead.dev/v1alpha1
                kind: FairleadConfiguration
                mode: \(mode)
                nodeName: node-a
                clusterCIDRs: [10.244.0.0/16, "fd00:10:244::/48"]
                addresses: {announce: \(announce)}
                manifests: {directory: \(workspace)/manifests}
                stateDirectory: \(state)

                """,
                workspace + "/fairlead.yaml"
            )
            return try DaemonProcess(
                ["--config", workspace + "/fairlead.yaml"],
                directory: workspace
            )
        }

        func cleanUp(
            _ options: String...
        ) throws -> (status: Int32, output: String, errors: String) {
            try Command.execute(
                Programs.fairlead,
                ["cleanup", "--state-directory", state] + options
            )
        }

        func expectForeignObjectsUntouched(
            _ moment: String,
            _ location: SourceLocation = #_sourceLocation
        ) throws {
            let now = SharedNode.foreignLines(of: try KubeProxyNode.state())
            let changes = now.difference(from: SharedNode.foreignLines(of: before))
            #expect(changes.isEmpty, "\(moment): \(changes)", sourceLocation: location)
        }

        func expectNothingLeft(_ location: SourceLocation = #_sourceLocation) throws {
            let changes = try KubeProxyNode.changes(since: before)
            #expect(changes.isEmpty, "\(changes)", sourceLocation: location)
            let directory = try Command.execute("test", ["-e", state])
            #expect(directory.status == 1, "\(state) is there", sourceLocation: location)
        }
    }

    @Test func foreignObjectsStayUntouchedAfterRunAndSwitchAndNothingIsLeftAfterCleanup() throws {
        let modes = ["ipvs", "iptables", "ipvs"]
        try bareNode("cleanup").perform {
            let stage = try Stage()
            #expect(SharedNode.foreignLines(of: stage.before).count > 40)
            for (index, mode) in modes.enumerated() {
                let daemon = try stage.start(mode)
                let name = mode == "ipvs" ? "IPVS" : "iptables"
                let earlier = modes[..<index].count { $0 == mode }
                try daemon.waitForLog("Services are served by \(name)", count: earlier + 1)
                if index > 0 {
                    let former = modes[index - 1] == "ipvs" ? "IPVS" : "iptables"
                    try daemon.waitForLog(
                        "removed what was left in \(former)",
                        count: modes[..<(index - 1)].count { $0 == modes[index - 1] } + 1
                    )
                }
                try stage.expectForeignObjectsUntouched("\(mode) \(index)")
                #expect(try KubeProxyNode.state() != stage.before)
                if index == 0 {
                    let refusal = try stage.cleanUp()
                    #expect(refusal.status == 1)
                    #expect(
                        refusal.errors.contains("another fairlead (process \(daemon.process))")
                    )
                    try stage.expectForeignObjectsUntouched("a refusal")
                }
                try daemon.terminate()
            }
            try Self.expectOneFailureStopsNothingElse(stage)
            let removal = try stage.cleanUp()
            #expect(removal.status == 0, "\(removal.errors)")
            #expect(removal.errors.isEmpty)
            try stage.expectNothingLeft()
            let again = try stage.cleanUp()
            #expect(again.status == 0 && again.output == "nothing of fairlead is left\n")
            try stage.expectNothingLeft()
        }
    }

    /// Cleans up while a rule of somebody else looks into a set, which therefore stays.
    private static func expectOneFailureStopsNothingElse(_ stage: Stage) throws {
        let rule = ["MINE", "-m", "set", "--match-set", "FAIRLEAD-CLUSTER", "dst,dst"]
        try Command.run("iptables-legacy", ["-A"] + rule + ["-j", "RETURN"])
        let removal = try stage.cleanUp()
        #expect(removal.status == 1)
        #expect(
            removal.errors.contains(
                "the address set FAIRLEAD-CLUSTER: it is in use by iptables-legacy -t filter "
                    + "-A MINE -m set --match-set FAIRLEAD-CLUSTER dst,dst -j RETURN"
            )
        )
        try Command.run("iptables-legacy", ["-D"] + rule + ["-j", "RETURN"])
        #expect(try Command.execute("test", ["-e", stage.state + "/ownership"]).status == 0)
        let left = try KubeProxyNode.changes(since: stage.before)
        #expect(left.allSatisfy { $0.contains("FAIRLEAD-CLUSTER ") }, "\(left)")
    }

    @Test func theCommandsOfTheDryRunDoTheSameForBoundAddressesToo() throws {
        try bareNode("dry-run").perform {
            let stage = try Stage()
            let daemon = try stage.start("ipvs", announce: "bind")
            try daemon.waitForLog("Services are served by IPVS")
            try daemon.terminate()
            let served = try KubeProxyNode.state()
            let plan = try stage.cleanUp("--dry-run")
            #expect(plan.status == 0 && plan.errors.isEmpty, "\(plan.errors)")
            #expect(try KubeProxyNode.changes(since: served).isEmpty)
            try Command.run("sh", ["-e"], input: plan.output)
            try stage.expectNothingLeft()
            let again = try stage.cleanUp()
            #expect(again.status == 0 && again.output == "nothing of fairlead is left\n")
        }
    }

    @Test func withoutTheRecordWhatMayBeSomebodyElsesStaysAndIsNamed() throws {
        try bareNode("lost").perform {
            let stage = try Stage()
            let daemon = try stage.start("ipvs")
            try daemon.waitForLog("Services are served by IPVS")
            try daemon.terminate()
            let servers = try Command.run("ipvsadm", ["-Sn"])
            try Command.run("rm", [stage.state + "/ownership"])
            let removal = try stage.cleanUp()
            #expect(removal.status == 1, "\(removal.errors)")
            #expect(removal.errors.contains("is missing or damaged"))
            #expect(removal.errors.hasSuffix("stay, as nothing says whose they are\n"))
            #expect(removal.errors.contains("to remove it: ipvsadm -D -t 10.96.0.1:80\n"))
            #expect(removal.errors.contains("to remove it: ipvsadm -D -t 192.0.2.10:30080\n"))
            #expect(!removal.errors.contains("10.96.0.2:80"))
            #expect(try Command.run("ipvsadm", ["-Sn"]) == servers)
            let changes = try KubeProxyNode.changes(since: stage.before)
            #expect(changes.allSatisfy { $0.hasPrefix("+ -A ") || $0.hasPrefix("+ -a ") })
        }
    }
}

/// The same without IPVS, in whichever parts of the kernel this machine has rules in.
@Suite(.enabled(if: TestKernel.host.isProvided, TestKernel.reason), .serialized)
struct CleanupWithoutIPVSTests {
    private static let rules = """
        *mangle
        :MINE - [0:0]
        -A PREROUTING -p tcp -m tcp --dport 9 -j MINE
        COMMIT
        *nat
        :MINE - [0:0]
        -A PREROUTING -j MINE
        -A POSTROUTING -j MINE
        -A OUTPUT -j MINE
        COMMIT
        *filter
        :MINE - [0:0]
        -A INPUT -j MINE
        -A FORWARD -j MINE
        -A OUTPUT -j MINE
        COMMIT

        """

    private static func state(_ variant: String) throws -> [String] {
        var lines: [String] = []
        for program in ["iptables", "ip6tables"] {
            lines += try Command.run("\(program)-\(variant)-save").split(separator: "\n")
                .filter { $0.first != "#" }.map { "\(program) \($0.prefix { $0 != "[" })" }
        }
        let others =
            try Command.run("ipset", ["save"]) + Command.run("ip", ["-oneline", "address"])
            + Command.run("ip", ["route", "show", "table", "local"])
            + Command.run("ip", ["-6", "route", "show", "table", "local"])
        return lines
            + others.split(separator: "\n").filter { !$0.contains("fe80::") }.map { String($0) }
    }

    @Test(arguments: FilterPrograms.Variant.working.map(\.rawValue))
    func onlyWhatFairleadProgrammedGoes(_ variant: String) throws {
        try bareNode("cleanup").perform {
            let workspace = try SharedNode.workspace(mode: "iptables")
            try Command.run("sysctl", ["-qw", "net.ipv6.conf.all.forwarding=1"])
            for program in ["iptables", "ip6tables"] {
                try Command.run(
                    "\(program)-\(variant)-restore",
                    ["--noflush"],
                    input: Self.rules
                )
            }
            let before = try Self.state(variant)
            let daemon = try DaemonProcess(
                ["--config", workspace + "/fairlead.yaml"],
                directory: workspace
            )
            try daemon.waitForLog("Services are served by iptables")
            try daemon.terminate()
            let foreign = try Self.state(variant).filter {
                !$0.contains("FAIRLEAD-") && !$0.contains("kube-ipvs0") && !$0.contains("proto 70")
            }
            #expect(foreign == before)
            let removal = try Command.execute(
                Programs.fairlead,
                ["cleanup", "--state-directory", workspace + "/state"]
            )
            #expect(removal.status == 0, "\(removal.errors)")
            #expect(try Self.state(variant) == before)
            #expect(try Command.execute("test", ["-e", workspace + "/state"]).status == 1)
        }
    }
}
