import FoundationEssentials
import NetworkLab
import Testing

/// What `fairlead check -o json` printed.
private struct CheckedNode: Decodable {
    struct Finding: Decodable {
        let name, subject, verdict, finding: String
        let remedy: String?
    }

    let node, kernel, verdict: String
    let checks: [Finding]

    /// Runs the command in the namespace of the calling thread.
    static func run(_ options: String...) throws -> (status: Int32, node: CheckedNode) {
        let (status, output, errors) = try Command.execute(
            Programs.fairlead,
            ["check", "-o", "json"] + options
        )
        #expect(errors.isEmpty)
        let data = Data(output.utf8)
        return (status, try JSONDecoder().decode(CheckedNode.self, from: data))
    }

    func finding(_ name: String, _ subject: String = "") throws -> Finding {
        try #require(
            checks.first { $0.name == name && $0.subject.hasPrefix(subject) },
            "no \(name) of \(subject)"
        )
    }
}

/// A directory for one test, with a configuration in it.
private func configured(_ fields: String) throws -> (directory: String, file: String) {
    let directory = try Command.run("mktemp", ["-d", "-p", "/run"]).filter { $0 != "\n" }
    let text = """
        apiVersion: fairlead.dev/v1alpha1
        kind: FairleadConfiguration
        stateDirectory: \(directory)/state
        \(fields)

        """
    let file = directory + "/fairlead.yaml"
    try Command.run("sh", ["-c", "cat >\"$1\"", "sh", file], input: text)
    return (directory, file)
}

/// The doctor on a node that has all that is needed.
@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct CheckTests {
    @Test func findsAllThatIPVSNeeds() throws {
        let (_, file) = try configured("mode: ipvs")
        try bareNode("check").perform {
            let (status, node) = try CheckedNode.run("--config", file)
            #expect(status == 0)
            #expect(try node.finding("ipvs.kernel").verdict == "ok")
            let scheduler = try node.finding("ipvs.scheduler", "rr")
            #expect(scheduler.verdict == "ok")
            #expect(scheduler.finding.hasPrefix("loaded"))
            for name in ["filter.address-sets", "filter.set-types", "rights.change"] {
                #expect(try node.finding(name).verdict == "ok")
            }
            let release = try Command.run("uname", ["-r"]).filter { $0 != "\n" }
            #expect(node.kernel == release)
            #expect(!node.checks.contains { $0.verdict == "failure" || $0.verdict == "warning" })
        }
    }

    @Test func changesNothingOnTheNode() throws {
        func state() throws -> [String] {
            try [
                "cut -d' ' -f1 /proc/modules",
                "sysctl -a 2>/dev/null | grep -E '^net[.].*(vs|forw)'",
                "cat /proc/net/ip_tables_names /proc/net/ip6_tables_names", "ipvsadm -Sn",
                "ip -brief address", "ip route show table all", "ls -R /run", "ipset list",
            ].map { try Command.run("sh", ["-c", $0]) }
        }
        let (_, file) = try configured("mode: ipvs")
        try bareNode("check-reads").perform {
            let before = try state()
            #expect(try CheckedNode.run("--config", file).status == 0)
            try Command.run(Programs.fairlead, ["check"])
            #expect(try state() == before)
        }
    }

    @Test func seesADaemonAndWhatItMade() throws {
        let (directory, file) = try configured("mode: ipvs")
        try Command.run("mkdir", [directory + "/manifests"])
        let manifest = """
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec: {clusterIP: 10.96.0.61, ports: [{port: 80}]}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
            addressType: IPv4
            ports: [{port: 8080}]
            endpoints: [{addresses: [10.244.1.2]}]

            """
        let path = directory + "/manifests/web.yaml"
        try Command.run("sh", ["-c", "cat >\"$1\"", "sh", path], input: manifest)
        try bareNode("check-daemon").perform {
            try Command.run("ipvsadm", ["-A", "-t", "203.0.113.61:80", "-s", "lc"])
            let daemon = try DaemonProcess(
                ["--config", file, "--manifests", directory + "/manifests"],
                directory: directory
            )
            try daemon.waitForLog("serving 1 Service")
            let (status, running) = try CheckedNode.run("--config", file)
            #expect(status == 0)
            #expect(
                try running.finding("fairlead.daemon").finding
                    == "runs (process \(daemon.process))"
            )
            #expect(try running.finding("fairlead.rules", "rules of IPv4").verdict == "ok")
            #expect(
                try running.finding("others.virtual-servers").finding.hasPrefix("1 of 2 not made")
            )
            #expect(try running.finding("others.kube-proxy").verdict == "ok")
            // What it sets it has set.
            for name in ["conntrack", "expire_nodest_conn", "expire_quiescent_template"] {
                #expect(
                    try running.finding("parameters.value", "net.ipv4.vs.\(name)").verdict == "ok"
                )
            }
            try daemon.terminate()
            let ended = try CheckedNode.run("--config", file).node
            #expect(try ended.finding("fairlead.daemon").finding.contains("has ended"))
        }
    }

    @Test func seesWhatKubeProxyLeft() throws {
        try bareNode("check-leftovers").perform {
            try Command.run("iptables-legacy", ["-t", "nat", "-N", "KUBE-SERVICES"])
            try Command.run("ip", ["link", "add", "kube-ipvs0", "type", "dummy"])
            for address in ["10.96.0.71", "10.96.0.72"] {
                try Command.run("ip", ["address", "add", address + "/32", "dev", "kube-ipvs0"])
            }
            let (status, node) = try CheckedNode.run()
            #expect(status == 0)
            let finding = try node.finding("others.kube-proxy")
            #expect(finding.verdict == "warning")
            #expect(finding.finding.contains("1 chain in iptables-legacy"))
            #expect(finding.finding.contains("2 addresses bound to the service device"))
            #expect(finding.remedy?.contains("fairlead cleanup --kube-proxy") ?? false)
        }
    }

    @Test func aSchedulerThatTheKernelLacksFailsOnlyWhereIPVSHasToServe() throws {
        try bareNode("check-scheduler").perform {
            for (mode, verdict, expected) in [
                ("auto", "warning", Int32(0)), ("ipvs", "failure", 1),
            ] {
                let (_, file) = try configured("mode: \(mode)\nipvs: {scheduler: {name: twos}}")
                let (status, node) = try CheckedNode.run("--config", file)
                #expect(status == expected)
                let finding = try node.finding("ipvs.scheduler", "twos")
                #expect(finding.verdict == verdict)
                #expect(finding.finding.contains("missing"))
            }
        }
    }

    @Test func failsWhereTheServiceDeviceIsAnotherKindOfInterface() throws {
        let (_, file) = try configured("addresses: {device: eth9}")
        try bareNode("check-device").perform {
            #expect(try CheckedNode.run("--config", file).status == 0)
            try Command.run("ip", ["link", "add", "eth9", "type", "veth"])
            let (status, node) = try CheckedNode.run("--config", file)
            #expect(status == 1)
            #expect(try node.finding("ipvs.device").verdict == "failure")
        }
    }

    @Test func failsWithoutTheRightToChangeAnything() throws {
        try bareNode("check-rights").perform {
            let (status, output, _) = try Command.execute(
                "setpriv",
                [
                    "--bounding-set=-net_admin", "--inh-caps=-net_admin", Programs.fairlead,
                    "check",
                ]
            )
            #expect(status == 1)
            #expect(output.contains("failure  CAP_NET_ADMIN"))
            #expect(output.contains("Run it as root, or with CAP_NET_ADMIN."))
        }
    }

    @Test func usageErrorsHaveTheStatusOfAllCommands() throws {
        for options in [["--bogus"], ["-o", "yaml"], ["something"]] {
            #expect(try Command.execute(Programs.fairlead, ["check"] + options).status == 64)
        }
    }
}

/// The doctor where IPVS, sets and rules can be had, and nobody has asked for them yet.
@Suite(.enabled(if: TestKernel.unloaded.isProvided, TestKernel.reason), .serialized)
struct CheckOfUnloadedModulesTests {
    @Test func saysThatTheyCanBeLoadedAndLoadsNone() throws {
        func modules() throws -> [String] {
            try Command.run("cut", ["-d ", "-f1", "/proc/modules"]).split(separator: "\n")
                .map(String.init)
        }
        let before = try modules()
        #expect(Set(before).isDisjoint(with: ["ip_vs", "ip_set", "nf_tables"]))
        let (status, node) = try CheckedNode.run()
        #expect(status == 0)
        for name in ["ipvs.kernel", "ipvs.scheduler", "filter.address-sets"] {
            let finding = try node.finding(name)
            #expect(finding.verdict == "ok")
            #expect(finding.finding.hasPrefix("available, not loaded"))
        }
        #expect(try node.finding("filter.set-types").finding.hasPrefix("loaded when needed"))
        #expect(try node.finding("parameters.value", "net.ipv4.vs.*").verdict == "note")
        #expect(try modules() == before)
    }
}

/// The doctor where there is no IPVS, and none can be had.
@Suite(.enabled(if: TestKernel.none.isProvided, TestKernel.reason), .serialized)
struct CheckWithoutIPVSTests {
    @Test func warnsInTheModeAutoAndSaysWhatWouldHelp() throws {
        try bareNode("check-without").perform {
            let (status, node) = try CheckedNode.run()
            #expect(status == 0)
            #expect(node.verdict == "warning")
            let finding = try node.finding("ipvs.kernel")
            #expect(finding.verdict == "warning")
            #expect(finding.finding.hasPrefix("missing"))
            #expect(finding.remedy?.hasPrefix("Install the package with this kernel's") ?? false)
            #expect(try node.finding("filter.matches").verdict == "ok")
        }
    }

    @Test func failsInTheModeIPVS() throws {
        let (_, file) = try configured("mode: ipvs")
        try bareNode("check-without-ipvs").perform {
            let (status, node) = try CheckedNode.run("--config", file)
            #expect(status == 1)
            #expect(try node.finding("ipvs.kernel").verdict == "failure")
        }
    }
}
