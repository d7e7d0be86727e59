import Addressing
import Settings
import Testing

@Suite struct LoadingTests {
    @Test("The two lines alone are the defaults")
    func defaults() throws {
        #expect(try load("") == FairleadConfiguration())
    }

    @Test("Every field goes where it belongs")
    func fields() throws {
        var expected = FairleadConfiguration()
        expected.mode = .ipvs
        expected.nodeName = "node-1"
        expected.zone = "zone-a"
        expected.ipvs.scheduler = SchedulerChoice(name: "sh", flags: ["sh-port"])
        expected.ipvs.namespaceSchedulers = [
            "batch": SchedulerChoice(name: "lc", flags: []), "web": SchedulerChoice(name: "mh"),
        ]
        expected.ipvs.timeouts.tcp = .seconds(900)
        expected.ipvs.timeouts.tcpFin = .seconds(120)
        expected.ipvs.timeouts.udp = .seconds(2_678_400)
        expected.ipvs.managesKernelParameters = false
        expected.ipvs.firewallMarks.base = 0x20000
        expected.ipvs.firewallMarks.bits = 10
        expected.ipvs.excludedRanges = [IPPrefix(holding: .ipv4(0xcb00_7100), length: 24)]
        expected.addresses.announce = .bind
        expected.addresses.device = "dummy0"
        expected.addresses.sourceAddresses = [
            .ipv4(0x0a00_0001), .ipv6(high: 0xfd00 << 48, low: 1),
        ]
        expected.addresses.strictARP = true
        expected.localTraffic.mode = .interfaceNamePrefix
        expected.localTraffic.bridgeInterface = "cni0"
        expected.localTraffic.interfaceNamePrefix = "veth"
        expected.masquerade.all = true
        expected.masquerade.bit = 31
        expected.nodePorts.addresses = .within([
            IPPrefix(holding: .ipv4(0xc0a8_0000), length: 16)
        ])
        expected.nodePorts.localhost = false
        expected.externalIPs.allowed = [IPPrefix(holding: .ipv4(0xc633_6400), length: 24)]
        expected.packetFilter = .never
        expected.clusterCIDRs = [
            IPPrefix(holding: .ipv4(0x0af4_0000), length: 16),
            IPPrefix(holding: .ipv6(high: 0xfd00 << 48, low: 0), length: 8),
        ]
        expected.draining.timeout = .seconds(600)
        expected.draining.datagramTimeout = .milliseconds(500)
        expected.draining.unresponsiveTimeout = .zero
        expected.draining.atTimeout = .keep
        expected.intervals.coalesce = .milliseconds(200)
        expected.intervals.audit = .zero
        expected.intervals.retryInitial = .milliseconds(10)
        expected.intervals.retryMaximum = .milliseconds(10)
        expected.intervals.reprobe = .seconds(5)
        expected.stateDirectory = "/var/lib/fair lead"
        expected.manifests.directory = "manifests"
        expected.manifests.maximumFileSize = ByteQuantity(bytes: 4096)
        expected.metrics.realServers = false
        expected.metrics.maximumSeries = 5000
        expected.logging.level = .critical
        expected.logging.format = .json
        expected.health.bindAddress = ListenAddress(address: .ipv6(high: 0, low: 1), port: 1)
        expected.health.bindFailureIsFatal = true
        expected.metrics.bindAddress = nil
        expected.metrics.bindFailureIsFatal = true
        expected.connectionTracking.maxPerCore = 7
        expected.connectionTracking.minimum = 8
        expected.connectionTracking.tcpEstablishedTimeout = .seconds(2_145_600)
        expected.connectionTracking.tcpCloseWaitTimeout = .seconds(60)
        expected.connectionTracking.tcpBeLiberal = true
        expected.connectionTracking.udpTimeout = .seconds(30)
        expected.connectionTracking.udpStreamTimeout = .seconds(180)
        expected.oomScoreAdjust = -1000
        let actual = try load(
            """
            mode: ipvs
            nodeName: node-1
            zone: zone-a
            ipvs:
              scheduler: {name: sh, flags: [sh-port]}
              namespaceSchedulers: {batch: {name: lc, flags: []}, web: {name: mh, flags: ~}}
              timeouts: {tcp: 15m, tcpFin: 120s, udp: 744h}
              manageKernelParameters: false
              firewallMarks: {base: 131072, bits: 10}
              excludedRanges: [203.0.113.0/24]
            addresses:
              announce: bind
              device: dummy0
              sourceAddresses: [10.0.0.1, "fd00::1"]
              strictARP: true
            clusterCIDRs: [10.244.0.0/16, fd00::/8]
            localTraffic:
              mode: InterfaceNamePrefix
              bridgeInterface: cni0
              interfaceNamePrefix: veth
            masquerade: {all: true, bit: 31}
            nodePorts: {addresses: [192.168.0.0/16], localhost: false}
            externalIPs: {allowed: [198.51.100.0/24]}
            packetFilter: none
            draining:
              timeout: 10m
              datagramTimeout: 500ms
              unresponsiveTimeout: 0s
              atTimeout: keep
            intervals: {coalesce: 200ms, audit: 0s, retryInitial: 10ms, retryMaximum: 10ms, reprobe: 5s}
            stateDirectory: /var/lib/fair lead
            manifests: {directory: manifests, maximumFileSize: 4096}
            logging: {level: critical, format: json}
            health: {bindAddress: "[::1]:1", bindFailureIsFatal: true}
            metrics: {bindAddress: "", bindFailureIsFatal: true, realServers: false, maximumSeries: 5000}
            connectionTracking:
              maxPerCore: 7
              minimum: 8
              tcpEstablishedTimeout: 596h
              tcpCloseWaitTimeout: 1m
              tcpBeLiberal: true
              udpTimeout: 30s
              udpStreamTimeout: 3m
            oomScoreAdjust: -1000
            """
        )
        #expect(actual == expected)
    }

    @Test(
        "Null is the same as leaving out",
        arguments: [
            "ipvs:", "ipvs: ~", "nodeName:", "nodeName: null", "clusterCIDRs:",
            "ipvs: {scheduler: {name: null, flags: Null}}", "ipvs: {namespaceSchedulers: }",
            "# only a comment", "...",
        ]
    )
    func null(_ body: String) throws {
        #expect(try load(body) == FairleadConfiguration())
    }

    @Test(
        "A scalar is its text, whatever type YAML would give it",
        arguments: ["1234", "yes", "0x1f", "1e3", "12.50", "2001-01-01", "\"null\"", "'on'"]
    )
    func scalarText(_ text: String) throws {
        let name = text.filter { $0 != "\"" && $0 != "'" }
        #expect(try load("nodeName: \(text)").nodeName == name)
    }

    @Test(
        "Node ports are at all addresses, at the primary ones, or at those of prefixes",
        arguments: [
            ("[]", .all), ("", .all), ("null", .all), ("primary", .primary),
            ("'primary'", .primary),
            ("[10.0.0.0/8]", .within([IPPrefix(holding: .ipv4(0x0a00_0000), length: 8)])),
        ] as [(String, NodePortAddresses)]
    )
    func nodePortAddresses(_ text: String, _ addresses: NodePortAddresses) throws {
        #expect(try load("nodePorts: {addresses: \(text)}").nodePorts.addresses == addresses)
    }

    @Test("No external address and any are two things")
    func externalIPs() throws {
        #expect(try load("externalIPs: {allowed: []}").externalIPs.allowed == [])
        #expect(try load("externalIPs: {allowed: null}").externalIPs.allowed == nil)
    }

    @Test(
        "A packet mark is decimal or hexadecimal",
        arguments: [("4096", 0x1000), ("0x1000", 0x1000), ("0xAB0", 0xab0), ("2", 2)]
            as [(String, UInt32)]
    )
    func mark(_ text: String, _ mark: UInt32) throws {
        let loaded = try load("ipvs: {firewallMarks: {base: \(text), bits: 1}}")
        #expect(loaded.ipvs.firewallMarks.base == mark)
    }

    @Test("The marks are as many as the bits allow, from the base on")
    func marks() throws {
        #expect(FirewallMarkSettings().range == 0x1000...0x1fff)
        let highest = try load(
            "ipvs: {firewallMarks: {base: 0x7f000000, bits: 24}}\nmasquerade: {bit: 31}"
        )
        #expect(highest.ipvs.firewallMarks.range == 0x7f00_0000...0x7fff_ffff)
        var all = FirewallMarkSettings()
        all.base = 0xff00_0000
        all.bits = 24
        #expect(all.range == 0xff00_0000...0xffff_ffff)
    }

    @Test("An alias stands for what it names")
    func alias() throws {
        let loaded = try load(
            "ipvs: {scheduler: &a {name: lc}, namespaceSchedulers: {web: *a, batch: *a}}"
        )
        #expect(loaded.ipvs.namespaceSchedulers["batch"] == loaded.ipvs.scheduler)
    }

    @Test("Lines may end as on Windows, and a byte order mark may come first")
    func lineEnds() throws {
        let text = "\u{feff}" + header + "mode: ipvs\n"
        let windows = String(text.flatMap { $0 == "\n" ? "\r\n" : String($0) })
        #expect(try FairleadConfiguration.load(yaml: windows, fileName: "f").mode == .ipvs)
    }

    @Test(
        "Any name that the kernel could have is a scheduler",
        arguments: SchedulerChoice.wellKnown.map(\.key) + [
            "x", "my_own-1", "fifteen-letters", "lc2",
        ]
    )
    func scheduler(_ name: String) throws {
        #expect(try load("ipvs: {scheduler: {name: \(name)}}").ipvs.scheduler.name == name)
    }

    @Test(
        "Flags that are not given are the scheduler's own default, and no flags are no flags",
        arguments: [
            (SchedulerChoice(name: "mh"), ["mh-fallback", "mh-port"]),
            (SchedulerChoice(name: "mh", flags: []), []),
            (SchedulerChoice(name: "sh"), []),
            (SchedulerChoice(name: "sh", flags: ["sh-port"]), ["sh-port"]),
        ]
    )
    func effectiveFlags(_ choice: SchedulerChoice, _ flags: [String]) {
        #expect(choice.effectiveFlags == flags)
    }
}
