extension KubeProxyFlag {
    /// kube-proxy's flags of Kubernetes 1.37, and those of older versions that command lines still
    /// have.
    static let all: [KubeProxyFlag] = own + kernel + node + listening + client + logging + forgotten

    private static let own = [
        KubeProxyFlag(
            "config",
            .own,
            "the configuration file, kube-proxy's or Fairlead's own",
            besideFile: true
        ),
        KubeProxyFlag(
            "write-config-to",
            .own,
            "write the configuration in Fairlead's own words, and end",
            besideFile: true
        ),
        KubeProxyFlag(
            "cleanup",
            .truth,
            .own,
            "remove what kube-proxy left on this node, and end",
            besideFile: true
        ),
        KubeProxyFlag(
            "init-only",
            .truth,
            .own,
            "refused: Fairlead sets up what it needs when it starts",
            besideFile: true
        ),
        KubeProxyFlag("version", .truth, .own, "print the version, and end", besideFile: true),
        KubeProxyFlag("help", .truth, .own, "print this, and end", besideFile: true),
    ]

    private static let kernel = [
        KubeProxyFlag("proxy-mode", .field("mode"), "ipvs, iptables or nftables"),
        KubeProxyFlag("ipvs-scheduler", .field("ipvs.scheduler"), "how endpoints are chosen"),
        KubeProxyFlag("ipvs-strict-arp", .truth, .field("ipvs.strictARP"), "strict ARP"),
        KubeProxyFlag("ipvs-tcp-timeout", .field("ipvs.tcpTimeout"), "for idle TCP connections"),
        KubeProxyFlag("ipvs-tcpfin-timeout", .field("ipvs.tcpFinTimeout"), "for closing ones"),
        KubeProxyFlag("ipvs-udp-timeout", .field("ipvs.udpTimeout"), "for UDP"),
        KubeProxyFlag(
            "ipvs-exclude-cidrs",
            .list,
            .field("ipvs.excludeCIDRs"),
            "where virtual servers of others are never taken over"
        ),
        KubeProxyFlag("ipvs-sync-period", .field("ipvs.syncPeriod"), "between audits"),
        KubeProxyFlag("ipvs-min-sync-period", .field("ipvs.minSyncPeriod"), "not needed"),
        KubeProxyFlag("iptables-sync-period", .field("iptables.syncPeriod"), "between audits"),
        KubeProxyFlag("iptables-min-sync-period", .field("iptables.minSyncPeriod"), "not needed"),
        KubeProxyFlag(
            "iptables-masquerade-bit",
            .field("iptables.masqueradeBit"),
            "the bit of the mark for masquerading"
        ),
        KubeProxyFlag(
            "iptables-localhost-nodeports",
            .truth,
            .field("iptables.localhostNodePorts"),
            "node ports at 127.0.0.1"
        ),
        KubeProxyFlag("nftables-sync-period", .field("nftables.syncPeriod"), "between audits"),
        KubeProxyFlag("nftables-min-sync-period", .field("nftables.minSyncPeriod"), "not needed"),
        KubeProxyFlag(
            "nftables-masquerade-bit",
            .field("nftables.masqueradeBit"),
            "the bit of the mark for masquerading"
        ),
        KubeProxyFlag(
            "masquerade-all",
            .truth,
            .field("iptables.masqueradeAll"),
            "masquerade all packets to cluster IPs"
        ),
        KubeProxyFlag(
            "conntrack-max-per-core",
            .field("conntrack.maxPerCore"),
            "tracked connections for each processor"
        ),
        KubeProxyFlag("conntrack-min", .field("conntrack.min"), "tracked connections at least"),
        KubeProxyFlag(
            "conntrack-tcp-timeout-established",
            .field("conntrack.tcpEstablishedTimeout"),
            "for idle TCP connections"
        ),
        KubeProxyFlag(
            "conntrack-tcp-timeout-close-wait",
            .field("conntrack.tcpCloseWaitTimeout"),
            "for TCP connections that one side has closed"
        ),
        KubeProxyFlag(
            "conntrack-tcp-be-liberal",
            .truth,
            .field("conntrack.tcpBeLiberal"),
            "TCP packets outside the window are valid"
        ),
        KubeProxyFlag("conntrack-udp-timeout", .field("conntrack.udpTimeout"), "for UDP"),
        KubeProxyFlag(
            "conntrack-udp-timeout-stream",
            .field("conntrack.udpStreamTimeout"),
            "for UDP with answers"
        ),
    ]

    private static let node = [
        KubeProxyFlag(
            "hostname-override",
            .field("hostnameOverride"),
            "the name of this machine's Node object",
            besideFile: true
        ),
        KubeProxyFlag("bind-address", .field("bindAddress"), "this node's own address"),
        KubeProxyFlag("cluster-cidr", .field("clusterCIDR"), "the addresses of pods"),
        KubeProxyFlag(
            "detect-local-mode",
            .field("detectLocalMode"),
            "how packets of pods are told from others"
        ),
        KubeProxyFlag(
            "pod-bridge-interface",
            .field("detectLocal.bridgeInterface"),
            "the bridge of this node's pods"
        ),
        KubeProxyFlag(
            "pod-interface-name-prefix",
            .field("detectLocal.interfaceNamePrefix"),
            "the beginning of the names of pods' interfaces"
        ),
        KubeProxyFlag(
            "nodeport-addresses",
            .list,
            .field("nodePortAddresses"),
            "the addresses that have node ports"
        ),
        KubeProxyFlag("oom-score-adj", .field("oomScoreAdj"), "for when memory is short"),
        KubeProxyFlag("feature-gates", .pairs, .field("featureGates"), "no effect"),
    ]

    private static let listening = [
        KubeProxyFlag("healthz-bind-address", .field("healthzBindAddress"), "for /healthz"),
        KubeProxyFlag("healthz-port", .own, "the same, the port alone; 0 is nowhere"),
        KubeProxyFlag("metrics-bind-address", .field("metricsBindAddress"), "for /metrics"),
        KubeProxyFlag("metrics-port", .own, "the same, the port alone; 0 is nowhere"),
        KubeProxyFlag(
            "bind-address-hard-fail",
            .truth,
            .field("bindAddressHardFail"),
            "end when these cannot be listened at"
        ),
        KubeProxyFlag("profiling", .truth, .field("enableProfiling"), "no effect"),
        KubeProxyFlag(
            "show-hidden-metrics-for-version",
            .field("showHiddenMetricsForVersion"),
            "no effect"
        ),
    ]

    private static let client = [
        KubeProxyFlag(
            "kubeconfig",
            .field("clientConnection.kubeconfig"),
            "how the API server is reached"
        ),
        KubeProxyFlag("master", .own, "the URL of the API server", besideFile: true),
        KubeProxyFlag(
            "kube-api-content-type",
            .field("clientConnection.contentType"),
            "no effect"
        ),
        KubeProxyFlag("kube-api-qps", .field("clientConnection.qps"), "no effect"),
        KubeProxyFlag("kube-api-burst", .field("clientConnection.burst"), "no effect"),
        KubeProxyFlag("config-sync-period", .field("configSyncPeriod"), "not needed"),
    ]

    private static let logging: [KubeProxyFlag] = {
        let options = "logging.options."
        let fields: [(String, Form, String, String)] = [
            ("v", .text, "logging.verbosity", "how much is logged: 4 is debug, 6 is trace"),
            ("logging-format", .text, "logging.format", "text or json"),
            ("log-flush-frequency", .text, "logging.flushFrequency", "not needed"),
            ("vmodule", .list, "logging.vmodule", "no effect"),
            ("log-json-info-buffer-size", .text, options + "json.infoBufferSize", "no effect"),
            ("log-json-split-stream", .truth, options + "json.splitStream", "no effect"),
            ("log-text-info-buffer-size", .text, options + "text.infoBufferSize", "no effect"),
            ("log-text-split-stream", .truth, options + "text.splitStream", "no effect"),
        ]
        return fields.map {
            KubeProxyFlag($0.0, $0.1, .field($0.2), $0.3, besideFile: true)
        }
    }()

    private static let forgotten: [KubeProxyFlag] = {
        let toStandardError = "Fairlead logs to standard error, and nowhere else"
        let files: [(String, Form)] = [
            ("logtostderr", .truth), ("alsologtostderr", .truth), ("stderrthreshold", .text),
            ("log-dir", .text), ("log-file", .text), ("log-file-max-size", .text),
            ("log-backtrace-at", .text), ("one-output", .truth), ("add-dir-header", .truth),
            ("skip-headers", .truth), ("skip-log-headers", .truth), ("also-stdout", .truth),
        ]
        let windows: [(String, Form)] = [
            ("windows-service", .truth), ("enable-dsr", .truth), ("network-name", .text),
            ("source-vip", .text), ("root-hnsendpoint-name", .text),
            ("forward-healthcheck-vip", .truth),
        ]
        let gone: [(String, Form)] = [
            ("cleanup-iptables", .truth), ("cleanup-ipvs", .truth), ("proxy-port-range", .text),
            ("udp-timeout", .text), ("resource-container", .text), ("boot-id-file", .text),
            ("machine-id-file", .text), ("container-hints", .text),
            ("master-service-namespace", .text), ("google-json-key", .text),
            ("cloud-provider-gce-lb-src-cidrs", .text),
            ("azure-container-registry-config", .text),
        ]
        return files.map {
            KubeProxyFlag($0.0, $0.1, .none(toStandardError), "no effect", besideFile: true)
        }
            + windows.map { KubeProxyFlag($0.0, $0.1, .none("it is for Windows"), "no effect") }
            + gone.map {
                KubeProxyFlag(
                    $0.0,
                    $0.1,
                    .none("kube-proxy itself no longer has it"),
                    "no effect",
                    besideFile: true
                )
            }
    }()
}
