import Addressing
import Settings
import Testing

@Suite struct KubeProxyCommandLineTests {
    private func problems(_ flags: [String]) -> [String] {
        do throws(ConfigurationErrors) {
            _ = try KubeProxyCommandLine(flags).configuration(file: nil)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    /// A flag with a value, and the same in a file.
    static let same = [
        ("--proxy-mode=ipvs", "mode: ipvs"), ("--ipvs-scheduler=mh", "ipvs: {scheduler: mh}"),
        ("--ipvs-strict-arp", "ipvs: {strictARP: true}"),
        ("--ipvs-tcp-timeout=15m", "ipvs: {tcpTimeout: 15m}"),
        ("--ipvs-tcpfin-timeout=2m", "ipvs: {tcpFinTimeout: 2m}"),
        ("--ipvs-udp-timeout=1.5s", "ipvs: {udpTimeout: 1.5s}"),
        (
            "--ipvs-exclude-cidrs=10.0.0.0/8,fd00::/8",
            "ipvs: {excludeCIDRs: [10.0.0.0/8, fd00::/8]}"
        ),
        ("--iptables-sync-period=40s", "iptables: {syncPeriod: 40s}"),
        ("--iptables-min-sync-period=40s", "iptables: {minSyncPeriod: 40s}"),
        ("--iptables-masquerade-bit=15", "iptables: {masqueradeBit: 15}"),
        ("--iptables-localhost-nodeports=false", "iptables: {localhostNodePorts: false}"),
        ("--masquerade-all", "iptables: {masqueradeAll: true}"),
        ("--conntrack-max-per-core=5", "conntrack: {maxPerCore: 5}"),
        ("--conntrack-min=5", "conntrack: {min: 5}"),
        ("--conntrack-tcp-timeout-established=9s", "conntrack: {tcpEstablishedTimeout: 9s}"),
        ("--conntrack-tcp-timeout-close-wait=9s", "conntrack: {tcpCloseWaitTimeout: 9s}"),
        ("--conntrack-tcp-be-liberal", "conntrack: {tcpBeLiberal: true}"),
        ("--conntrack-udp-timeout=9s", "conntrack: {udpTimeout: 9s}"),
        ("--conntrack-udp-timeout-stream=9s", "conntrack: {udpStreamTimeout: 9s}"),
        ("--hostname-override=Node", "hostnameOverride: Node"),
        ("--bind-address=10.0.0.1", "bindAddress: 10.0.0.1"),
        ("--cluster-cidr=10.0.0.0/8,fd00::/8", "clusterCIDR: '10.0.0.0/8,fd00::/8'"),
        ("--detect-local-mode=NodeCIDR", "detectLocalMode: NodeCIDR"),
        ("--pod-bridge-interface=cni0", "detectLocal: {bridgeInterface: cni0}"),
        ("--pod-interface-name-prefix=veth", "detectLocal: {interfaceNamePrefix: veth}"),
        ("--nodeport-addresses=primary", "nodePortAddresses: [primary]"),
        ("--oom-score-adj=-1", "oomScoreAdj: -1"),
        ("--feature-gates=A=true,B=false", "featureGates: {A: true, B: false}"),
        ("--healthz-bind-address=127.0.0.1", "healthzBindAddress: 127.0.0.1"),
        ("--metrics-bind-address=0.0.0.0:9", "metricsBindAddress: 0.0.0.0:9"),
        ("--bind-address-hard-fail", "bindAddressHardFail: true"),
        ("--profiling", "enableProfiling: true"),
        ("--show-hidden-metrics-for-version=1.2", "showHiddenMetricsForVersion: '1.2'"),
        ("--kubeconfig=/k", "clientConnection: {kubeconfig: /k}"),
        ("--kube-api-content-type=a/b", "clientConnection: {contentType: a/b}"),
        ("--kube-api-qps=7.5", "clientConnection: {qps: 7.5}"),
        ("--kube-api-burst=7", "clientConnection: {burst: 7}"),
        ("--config-sync-period=1m", "configSyncPeriod: 1m"),
        ("--v=4", "logging: {verbosity: 4}"),
        ("--logging-format=json", "logging: {format: json}"),
        ("--log-flush-frequency=1s", "logging: {flushFrequency: 1s}"),
        ("--vmodule=a=1,b=2", "logging: {vmodule: [{filePattern: a, verbosity: 1}]}"),
        ("--log-json-split-stream", "logging: {options: {json: {splitStream: true}}}"),
    ]

    @Test(arguments: same)
    func aFlagSaysWhatItsFieldSays(_ flag: String, _ field: String) throws {
        let line = try KubeProxyCommandLine([flag])
        let byFlag = try line.configuration(file: nil)
        let byFile = try LoadedConfiguration(yaml: theirHeader + field, fileName: "f")
        #expect(byFlag.configuration == byFile.configuration)
        #expect(byFlag.remarks.map(\.message).sorted() == byFile.remarks.map(\.message).sorted())
        #expect(byFlag.remarks.allSatisfy { $0.file == nil && $0.line == nil })
        #expect(KubeProxyCommandLine.help.contains(flag.prefix { $0 != "=" } + " "))
    }

    @Test(arguments: [
        ["--ipvs-scheduler", "lc"], ["--ipvs_scheduler=lc"],
        ["--ipvs-scheduler=rr", "--ipvs-scheduler=lc"],
        ["--", "--ipvs-scheduler=lc"],
    ])
    func flagsAreWrittenAsForAllOfKubernetes(_ flags: [String]) throws {
        let loaded = try KubeProxyCommandLine(flags).configuration(file: nil)
        #expect(loaded.configuration.ipvs.scheduler.name == "lc")
    }

    @Test(arguments: ["--v=5", "-v=5", "-v5", "--v 5", "-v 5"])
    func verbosityHasAShortForm(_ text: String) throws {
        let flags = text.split(separator: " ").map(String.init)
        let loaded = try KubeProxyCommandLine(flags).configuration(file: nil)
        #expect(loaded.configuration.logging.level == .debug)
    }

    @Test(arguments: ["true", "1", "t", "T", "TRUE"])
    func truthIsWrittenAsInGo(_ text: String) throws {
        let loaded = try KubeProxyCommandLine(["--masquerade-all=\(text)"]).configuration(file: nil)
        #expect(loaded.configuration.masquerade.all)
        #expect(try !KubeProxyCommandLine(["--cleanup=\(text)", "--cleanup=false"]).wantsCleanup)
    }

    @Test func listsAreAddedUp() throws {
        let loaded = try KubeProxyCommandLine([
            "--nodeport-addresses=10.0.0.0/8", "--nodeport-addresses=fd00::/8,127.0.0.0/8",
        ]).configuration(file: nil)
        guard case .within(let prefixes) = loaded.configuration.nodePorts.addresses else {
            Issue.record("not within prefixes")
            return
        }
        #expect(prefixes.map(\.description) == ["10.0.0.0/8", "fd00::/8", "127.0.0.0/8"])
    }

    static let ports: [([String], ListenAddress?)] = [
        (["--healthz-bind-address="], nil), (["--healthz-port=0"], nil),
        (["--healthz-port=7"], ListenAddress(port: 7)),
        (
            ["--healthz-bind-address=127.0.0.1", "--healthz-port=7"],
            .init(address: .ipv4(0x7f00_0001), port: 7)
        ),
        (["--healthz-port", "7", "--healthz-bind-address=0.0.0.0:8"], ListenAddress(port: 8)),
        (["--healthz-port=7", "--healthz-bind-address="], nil),
        (["--metrics-bind-address="], nil), (["--metrics-port=0"], nil),
        (["--metrics-port=7"], ListenAddress(address: .ipv4(0x7f00_0001), port: 7)),
        (["--metrics-bind-address=0.0.0.0", "--metrics-port=7"], ListenAddress(port: 7)),
    ]

    @Test(arguments: ports)
    func anEmptyAddressAndPortZeroAreNowhere(_ flags: [String], _ address: ListenAddress?) throws {
        let loaded = try KubeProxyCommandLine(flags).configuration(file: nil).configuration
        let isHealth = flags[0].hasPrefix("--healthz")
        #expect((isHealth ? loaded.health.bindAddress : loaded.metrics.bindAddress) == address)
    }

    @Test func whatTheCommandDoesIsReadFromTheFlags() throws {
        let line = try KubeProxyCommandLine([
            "--config=/c", "--write-config-to", "/w", "--cleanup", "--init-only", "-h",
        ])
        #expect(line.configFile == "/c")
        #expect(line.writeConfigTo == "/w")
        #expect(line.wantsCleanup && line.wantsInitializationOnly && line.wantsHelp)
        #expect(!line.wantsVersion)
        #expect(try KubeProxyCommandLine(["--version"]).wantsVersion)
    }

    static let refusals: [([String], [String])] = [
        (
            ["--ipvs-schedular=rr"],
            ["--ipvs-schedular: is not a flag of kube-proxy; did you mean --ipvs-scheduler?"]
        ),
        (["--nonsense"], ["--nonsense: is not a flag of kube-proxy; --help lists them"]),
        (
            ["-proxy-mode=ipvs"],
            ["-proxy-mode: is not a flag: they begin with two hyphens, as in --proxy-mode=ipvs"]
        ),
        (["ipvs"], ["ipvs: is not a flag, and kube-proxy takes nothing else"]),
        (["--proxy-mode"], ["--proxy-mode: needs a value, as in --proxy-mode=VALUE"]),
        (
            ["--cleanup=perhaps"],
            ["--cleanup: \"perhaps\" is not a truth value; write true or false"]
        ),
        (
            ["--masquerade-all", "perhaps"],
            ["perhaps: is not a flag, and kube-proxy takes nothing else"]
        ),
        (
            ["--oom-score-adj=x", "--v=-1"],
            [
                "--oom-score-adj: \"x\" is not a whole number in -1000…1000",
                "--v: \"-1\" is not a whole number in 0…2147483647",
            ]
        ),
        (
            ["--ipvs-exclude-cidrs=10.0.0.0/8,x"],
            ["--ipvs-exclude-cidrs: \"x\" is not a prefix such as 10.0.0.0/8 or fd00::/8"]
        ),
        (
            ["--feature-gates=A=x"],
            ["--feature-gates: \"x\" is not a truth value; write true or false"]
        ),
        (
            ["--healthz-port=70000"],
            ["--healthz-port: \"70000\" is not a port; allowed: 1…65535, and 0 for nowhere"]
        ),
        (
            ["--detect-local-mode=InterfaceNamePrefix"],
            [
                "--detect-local-mode: \"InterfaceNamePrefix\" needs detectLocal.interfaceNamePrefix, "
                    + "which is the flag --pod-interface-name-prefix"
            ]
        ),
    ]

    @Test(arguments: refusals)
    func aWrongFlagIsNamedWithWhatWouldBeRight(_ flags: [String], _ expected: [String]) {
        #expect(problems(flags) == expected)
    }
}
