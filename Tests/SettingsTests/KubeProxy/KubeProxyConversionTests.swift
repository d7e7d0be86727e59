import Addressing
import FoundationEssentials
import ServiceModel
import Settings
import TestSupport
import Testing

@Suite struct KubeProxyConversionTests {
    private func words(_ remarks: [ConfigurationRemark]) -> [String] {
        remarks.map { "\($0.importance) \($0)" }
    }

    private func configuration(_ body: String) throws -> FairleadConfiguration {
        try LoadedConfiguration(yaml: theirHeader + body, fileName: "config.conf").configuration
    }

    @Test(arguments: KubeProxySample.all)
    func whatNodesHaveForKubeProxyIsSaidInFairleadsWords(_ sample: KubeProxySample) throws {
        let loaded = try sample.loaded()
        #expect(loaded.configuration.compactYAML() == header + sample.expected)
        #expect(words(loaded.remarks) == sample.remarks)
        // All ranges and rules of Fairlead's own file are kept.
        #expect(try load(sample.expected) == loaded.configuration)
    }

    @Test func everyFieldThatIsNotAtItsDefaultIsHonouredOrNamed() throws {
        let loaded = try LoadedConfiguration(
            yaml: KubeProxySample.text("everything.yaml"),
            fileName: "everything.yaml"
        )
        let text = loaded.configuration.compactYAML()
        #expect(
            try FairleadConfiguration.load(yaml: text, fileName: "f") == loaded.configuration
        )
        let remarks = words(loaded.remarks).map { $0 + "\n" }.joined()
        for (file, text) in [("everything.fairlead.yaml", text), ("everything.remarks", remarks)] {
            if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1" {
                try Data(text.utf8).write(to: KubeProxySample.path(file))
            }
            let recorded = try KubeProxySample.text(file)
            #expect(text == recorded, "RECORD_SNAPSHOTS=1 records the new text")
        }
    }

    @Test(
        arguments: [
            ("", .auto), ("mode: \"\"", .auto), ("mode: ipvs", .auto),
            ("mode: iptables", .iptables),
            ("mode: nftables", .iptables),
        ] as [(String, ProxyMode)]
    )
    func aModeBecomesTheNearestOne(_ body: String, _ mode: ProxyMode) throws {
        #expect(try configuration(body).mode == mode)
    }

    static let listening: [(String, String, ListenAddress?)] = [
        ("healthzBindAddress", "", ListenAddress(port: 10256)),
        ("healthzBindAddress", "0.0.0.0", ListenAddress(port: 10256)),
        ("healthzBindAddress", "0.0.0.0:1", ListenAddress(port: 1)),
        ("healthzBindAddress", "'[::]:2'", ListenAddress(port: 2)),
        ("healthzBindAddress", "'::'", ListenAddress(port: 10256)),
        ("healthzBindAddress", ":3", ListenAddress(port: 3)),
        ("metricsBindAddress", "0.0.0.0", ListenAddress(port: 10249)),
        ("metricsBindAddress", "", ListenAddress(address: .ipv4(0x7f00_0001), port: 10249)),
        (
            "bindAddress: 'fd00::1'\nmetricsBindAddress", "",
            ListenAddress(address: .ipv6(high: 0, low: 1), port: 10249)
        ),
        (
            "metricsBindAddress", "10.0.0.7",
            ListenAddress(address: .ipv4(0x0a00_0007), port: 10249)
        ),
        (
            "metricsBindAddress", "'[fd00::1]:9'",
            ListenAddress(address: .ipv6(high: 0xfd00 << 48, low: 1), port: 9)
        ),
    ]

    @Test(arguments: listening)
    func anAddressToListenAtMayLackItsPortAndBeAll(
        _ field: String,
        _ value: String,
        _ address: ListenAddress?
    ) throws {
        let loaded = try configuration("\(field): \(value)")
        let isHealth = field.hasPrefix("healthz")
        #expect((isHealth ? loaded.health.bindAddress : loaded.metrics.bindAddress) == address)
    }

    static let nodePorts: [(String, NodePortAddresses, Bool)] = [
        ("[]", .all, true), ("[all]", .all, true), ("[10.0.0.0/8, all]", .all, true),
        ("[primary]", .primary, false), ("[primary, localhost]", .primary, true),
        (
            "[10.1.2.3/8]", .within([IPPrefix(holding: .ipv4(0x0a00_0000), length: 8)]), false
        ),
        ("[0.0.0.0/0]", .within([IPPrefix(holding: .ipv4(0), length: 0)]), true),
        (
            "[localhost]",
            .within([
                IPPrefix(holding: .ipv4(0x7f00_0000), length: 8),
                IPPrefix(holding: .ipv6(high: 0, low: 1), length: 128),
            ]), true
        ),
    ]

    @Test(arguments: nodePorts)
    func nodePortsAreAtLoopbackOnlyWhereTheListHasIt(
        _ list: String,
        _ addresses: NodePortAddresses,
        _ localhost: Bool
    ) throws {
        let loaded = try configuration("nodePortAddresses: \(list)")
        #expect(loaded.nodePorts.addresses == addresses)
        #expect(loaded.nodePorts.localhost == localhost)
        let refused = try configuration(
            "nodePortAddresses: \(list)\niptables: {localhostNodePorts: false}"
        )
        #expect(!refused.nodePorts.localhost)
    }

    @Test(arguments: [
        ("iptables: {syncPeriod: 10s}\nipvs: {syncPeriod: 20s}", "10s"),
        ("mode: ipvs\niptables: {syncPeriod: 10s}\nipvs: {syncPeriod: 20s}", "20s"),
        ("mode: nftables\nnftables: {syncPeriod: 48h}", "24h"), ("mode: ipvs", "1m"),
        ("mode: ipvs\nipvs: {syncPeriod: 0s, minSyncPeriod: 5s}", "1m"),
    ])
    func thePeriodOfTheModeIsThatOfAudits(_ body: String, _ period: String) throws {
        let intervals = try configuration(body).intervals
        #expect(intervals.audit.kubernetesText == period)
        #expect(intervals.coalesce == .zero)
    }

    @Test(
        arguments: [
            ("0.0.0.0", []), ("::", []), ("127.0.0.1", []), ("10.0.0.1", [.ipv4(0x0a00_0001)]),
        ] as [(String, [IPAddress])]
    )
    func onlyAnAddressOfTheNodeIsASource(_ text: String, _ sources: [IPAddress]) throws {
        let loaded = try configuration("bindAddress: '\(text)'")
        #expect(loaded.addresses.sourceAddresses == sources)
    }

    @Test(arguments: [
        (0, LogLevel.info), (2, .info), (3, .info), (4, .debug), (5, .debug), (6, .trace),
        (10, .trace),
    ])
    func verbosityBecomesALevel(_ verbosity: Int, _ level: LogLevel) throws {
        #expect(try configuration("logging: {verbosity: \(verbosity)}").logging.level == level)
    }

    @Test(arguments: SchedulerChoice.wellKnown.map(\.key))
    func everySchedulerIsTaken(_ name: String) throws {
        let scheduler = try configuration("mode: ipvs\nipvs: {scheduler: \(name)}").ipvs.scheduler
        #expect(scheduler == SchedulerChoice(name: name, flags: name == "mh" ? ["mh-port"] : nil))
    }

    @Test func aFileInJSONIsReadToo() throws {
        let json = """
            {"kind": "KubeProxyConfiguration", "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
             "mode": "iptables", "clusterCIDR": "10.0.0.0/8", "iptables": {"masqueradeAll": true}}
            """
        let loaded = try LoadedConfiguration(yaml: json, fileName: "config.conf")
        #expect(loaded.configuration.masquerade.all)
        #expect(loaded.configuration.clusterCIDRs.count == 1)
        #expect(loaded.remarks.isEmpty)
    }

    @Test func fairleadsOwnFileIsTakenToo() throws {
        let text = ConfigurationText(header + "mode: ipvs\nnodeName: a\n", fileName: "f")
        #expect(
            try LoadedConfiguration(yaml: text.yaml, fileName: "f")
                == LoadedConfiguration(load("mode: ipvs\nnodeName: a\n"))
        )
        let loaded = try KubeProxyCommandLine([
            "--hostname-override=B", "-v5", "--logging-format=json", "--master", "https://x",
            "--proxy-mode=iptables",
        ]).configuration(file: text)
        var expected = try load("mode: ipvs\nnodeName: b\nkubernetes: {server: 'https://x'}")
        expected.logging.level = .debug
        expected.logging.format = .json
        #expect(loaded.configuration == expected)
        #expect(loaded.remarks.map(\.path) == ["--proxy-mode"])
    }
}
