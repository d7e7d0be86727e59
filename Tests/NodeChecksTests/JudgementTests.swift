import Addressing
import DataplaneModel
import NodeChecks
import Testing

@Suite struct JudgementTests {
    static func judge(_ row: Case) throws {
        let report = NodeReport(of: row.node, for: row.intent)
        let finding = try #require(report.finding(row.check, row.subject))
        #expect(finding.verdict == row.verdict, "\(finding)")
        for word in row.words {
            #expect(
                finding.text.contains(word) || finding.remedy?.contains(word) ?? false,
                "no \"\(word)\" in \(finding)"
            )
        }
        // What is not well has a way out, and what is well needs none.
        #expect((finding.remedy == nil) == (finding.verdict == .ok))
        #expect(finding.remedy.map { $0.hasSuffix(".") } ?? true, "\(finding)")
        #expect(!finding.text.hasSuffix("."), "\(finding)")
    }

    @Test func aHealthyNodeHasNothingToComplainOf() {
        for intent in [ServingIntent(), .ipvs, .iptables] {
            var node = NodeObservation.healthy()
            node.modules.loaded?.formUnion(KernelModule.balancingMatches.map(\.name))
            let report = NodeReport(of: node, for: intent)
            #expect(report.complaints == [])
            #expect(report.verdict == .ok)
        }
    }

    @Test func theWorstVerdictIsThatOfTheNode() {
        let warned = NodeObservation.healthy { $0.processes = ["kube-proxy"] }
        #expect(NodeReport(of: warned, for: ServingIntent()).verdict == .warning)
        let failed = NodeObservation.healthy {
            $0.processes = ["kube-proxy"]
            $0.capabilities = []
        }
        #expect(NodeReport(of: failed, for: ServingIntent()).verdict == .failure)
        #expect(Verdict.allCases == Verdict.allCases.sorted())
    }

    @Test func findingsOfOneGroupStandTogether() {
        let report = NodeReport(of: .healthy(), for: ServingIntent())
        var headings: [String] = []
        for heading in report.findings.map(\.check.heading) where headings.last != heading {
            headings.append(heading)
        }
        #expect(headings.count == Set(headings).count)
        #expect(headings.first == "Kernel")
        #expect(headings.last == "Fairlead")
    }

    @Test(arguments: [
        Case("a new kernel", .release, .ok, "6.6.30"),
        Case("a kernel before 5.9", .release, .note, "uses a port again") {
            $0.modules.release = "5.4.0-150-generic"
        },
        Case("a kernel before 5.9, without IPVS", .release, .ok, intent: .iptables) {
            $0.modules.release = "5.4.0-150-generic"
        },
        Case("a very old kernel", .release, .warning, "older than Linux 4.1", "newer kernel") {
            $0.modules.release = "3.10.0-1160.el7"
        },
        Case("a release without a version", .release, .note, "\"custom\"") {
            $0.modules.release = "custom"
        },
        Case("estimation by threads", .estimator, .ok, "60,000 servers", "threads") {
            $0.ipvs = .present(IPVSObservation(virtualServers: 10_000, realServers: 50_000))
        },
        Case("few servers on an old kernel", .estimator, .ok, "6 servers") {
            $0.modules.release = "6.1.0"
        },
        Case("many on an old kernel", .estimator, .warning, "run_estimation=0", "12,000 servers") {
            $0.modules.release = "6.1.0"
            $0.ipvs = .present(IPVSObservation(virtualServers: 2_000, realServers: 10_000))
        },
        Case("many, and it is off", .estimator, .ok, "off") {
            $0.modules.release = "6.1.0"
            $0.ipvs = .present(IPVSObservation(virtualServers: 2_000, realServers: 10_000))
            $0.set(["net.ipv4.vs.run_estimation": "0"])
        },
        Case("many, where it cannot be switched off", .estimator, .warning, "kernel from 6.2 on") {
            $0.modules.release = "5.10.0"
            $0.ipvs = .present(IPVSObservation(virtualServers: 2_000, realServers: 10_000))
            $0.set(["net.ipv4.vs.run_estimation": ""])
        },
    ])
    func judgesTheKernel(_ row: Case) throws { try Self.judge(row) }

    @Test(arguments: [
        Case("loaded", .ipvs, .ok, "loaded"),
        Case("built in", .ipvs, .ok, "built into the kernel") {
            $0.remove(.ipvs)
            $0.modules.builtIn = ["ip_vs"]
        },
        Case("loadable", .ipvs, .ok, "available, not loaded", intent: .ipvs) {
            $0.unload(.ipvs)
            $0.ipvs = .absent
        },
        Case("missing, auto", .ipvs, .warning, "iptables instead", "linux-image-6.6.30") {
            $0.remove(.ipvs)
        },
        Case("missing, ipvs", .ipvs, .failure, "cannot serve without it", intent: .ipvs) {
            $0.remove(.ipvs)
        },
        Case("missing, iptables", .ipvs, .ok, "not needed", intent: .iptables) {
            $0.remove(.ipvs)
        },
        Case("forbidden", .ipvs, .warning, "/etc/modprobe.d/cis.conf", "Remove the line") {
            $0.unload(.ipvs)
            $0.modules.forbidden = ["ip_vs": "/etc/modprobe.d/cis.conf"]
        },
        Case("locked", .ipvs, .failure, "modules_disabled", "restart", intent: .ipvs) {
            $0.unload(.ipvs)
            $0.modules.isLocked = true
        },
        Case("no modules at all", .ipvs, .warning, "CONFIG_IP_VS", "cannot load modules") {
            $0.remove(.ipvs)
            $0.modules.loaded = nil
        },
        Case("in a container", .ipvs, .warning, "On the host, \"modprobe ip_vs\"", intent: .ipvs) {
            $0.remove(.ipvs)
            $0.modules.loadable = nil
        },
        Case("not to be read", .ipvs, .warning, "CAP_NET_ADMIN is missing", "as root") {
            $0.ipvs = .unreadable("CAP_NET_ADMIN is missing")
        },
        Case("the scheduler", .scheduler, of: "rr", .ok, "configured one"),
        Case("a loadable scheduler", .scheduler, of: "rr", .ok, "available, not loaded") {
            $0.unload(.scheduler(.roundRobin))
        },
        Case(
            "a missing scheduler, auto",
            .scheduler,
            of: "mh",
            .warning,
            "serves by iptables",
            "ipvs.scheduler.name",
            intent: .asking { $0.scheduler = .maglevHashing }
        ) { $0.remove(.scheduler(.maglevHashing)) },
        Case(
            "a missing scheduler, ipvs",
            .scheduler,
            of: "mh",
            .failure,
            "missing",
            intent: .asking {
                $0.scheduler = .maglevHashing
                $0.mode = .ipvs
            }
        ) { $0.remove(.scheduler(.maglevHashing)) },
        Case(
            "a scheduler in a container",
            .scheduler,
            of: "rr",
            .note,
            "On the host",
            intent: .ipvs
        ) {
            $0.remove(.scheduler(.roundRobin))
            $0.modules.loadable = nil
        },
        Case(
            "the scheduler of a namespace",
            .scheduler,
            of: "lc",
            .ok,
            "configured for batch, web",
            intent: .asking {
                $0.namespaceSchedulers = ["batch": .leastConnection, "web": .leastConnection]
            }
        ),
        Case(
            "the missing scheduler of a namespace",
            .scheduler,
            of: "twos",
            .warning,
            "configured for batch",
            "rr is used instead",
            intent: .asking { $0.namespaceSchedulers = ["batch": .twoRandomChoices] }
        ) { $0.remove(.scheduler(.twoRandomChoices)) },
        Case("the other schedulers", .otherSchedulers, .ok, "missing: twos", "needed: mh") {
            $0.remove(.scheduler(.twoRandomChoices))
            $0.unload(.scheduler(.maglevHashing))
        },
        Case("the device is there", .device, .ok, "kube-ipvs0 is there") { $0.remove(.dummy) },
        Case("the device can be made", .device, .ok, "made of it") {
            $0.network.interfaces.remove("kube-ipvs0")
        },
        Case("no device can be made", .device, .note, "by the loopback device") {
            $0.network.interfaces.remove("kube-ipvs0")
            $0.remove(.dummy)
        },
        Case(
            "no device can be made for addresses to be bound to",
            .device,
            .failure,
            "has the service addresses",
            "addresses.announce: routes",
            intent: .asking { $0.bindsAddresses = true }
        ) {
            $0.network.interfaces.remove("kube-ipvs0")
            $0.remove(.dummy)
        },
        Case("the device is something else", .device, .failure, "addresses.device") {
            $0.network.isServiceDeviceUnfit = true
        },
        Case("no device is seen in a container", .device, .note, "modprobe dummy") {
            $0.network.interfaces.remove("kube-ipvs0")
            $0.remove(.dummy)
            $0.modules.loadable = nil
        },
    ])
    func judgesIPVS(_ row: Case) throws { try Self.judge(row) }

    @Test func saysNothingOfSchedulersWhereThereIsNoIPVS() {
        let node = NodeObservation.healthy { $0.remove(.ipvs) }
        let report = NodeReport(of: node, for: ServingIntent())
        #expect(report.finding(.scheduler) == nil)
        #expect(report.finding(.device) == nil)
        #expect(report.finding(.parameter, "net.ipv4.vs") == nil)
        #expect(NodeReport(of: .healthy(), for: .iptables).finding(.scheduler) == nil)
    }

    @Test(arguments: [
        Case("held", .changing, .ok, "held"),
        Case("not held", .changing, .failure, "as root, or with CAP_NET_ADMIN") {
            $0.capabilities = [.moduleLoading]
        },
        Case("not to be read", .changing, .note, "/proc") { $0.capabilities = nil },
        Case("modules may be loaded", .moduleLoading, .ok, "held"),
        Case("no module has to be loaded", .moduleLoading, .ok, "not needed") {
            $0.capabilities = [.networkAdministration]
        },
        Case("modules may not be loaded", .moduleLoading, .note, "modprobe ip_vs") {
            $0.capabilities = [.networkAdministration]
            $0.unload(.ipvs)
        },
        Case("no raw sockets", .rawSockets, .note, "iptables-legacy") {
            $0.capabilities = [.networkAdministration, .moduleLoading]
            $0.filters = [FilterObservation(.ipv4, .legacy, .absent)]
        },
        Case("root's directory", .stateDirectory, .ok, "writable"),
        Case("a directory to be made", .stateDirectory, .ok, "the daemon makes it") {
            $0.stateDirectory = .kind(.missing(nearest: "/run", isWritable: true))
        },
        Case("one that cannot be made", .stateDirectory, .failure, "make /run writable") {
            $0.stateDirectory = .kind(.missing(nearest: "/run", isWritable: false))
        },
        Case("a link", .stateDirectory, .failure, "symbolic link") {
            $0.stateDirectory = .kind(.symbolicLink)
        },
        Case("a file", .stateDirectory, .failure, "not a directory") {
            $0.stateDirectory = .kind(.other)
        },
        Case("one that cannot be looked at", .stateDirectory, .warning, "EACCES", "as root") {
            $0.stateDirectory = .kind(.unreadable("EACCES"))
        },
        Case("a read-only one", .stateDirectory, .failure, "not writable") {
            $0.stateDirectory = .kind(.directory(owner: 0, mode: 0o755, isWritable: false))
        },
        Case("somebody else's", .stateDirectory, .failure, "user 1000", "chown root:root") {
            $0.stateDirectory = .kind(.directory(owner: 1000, mode: 0o755, isWritable: true))
        },
        Case("everybody's", .stateDirectory, .failure, "mode 1777", "chmod 755 /run/fairlead") {
            $0.stateDirectory = .kind(.directory(owner: 0, mode: 0o1777, isWritable: true))
        },
    ])
    func judgesRights(_ row: Case) throws { try Self.judge(row) }
}

extension DirectoryObservation {
    fileprivate static func kind(_ kind: Kind) -> DirectoryObservation {
        DirectoryObservation(path: "/run/fairlead", kind: kind)
    }
}
