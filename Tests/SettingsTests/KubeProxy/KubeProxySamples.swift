import FoundationEssentials
import Settings
import Testing

/// What nodes have for kube-proxy, and what it is in Fairlead's words.
struct KubeProxySample: Sendable, CustomTestStringConvertible {
    let name: String
    /// A file of Tests/Fixtures/kube-proxy; empty without a file.
    var file = ""
    var flags: [String] = []
    /// The configuration, without its first two lines.
    let expected: String
    var remarks: [String] = []

    var testDescription: String { name }

    func loaded() throws -> LoadedConfiguration {
        let line = try KubeProxyCommandLine(flags)
        return try line.configuration(
            file: file.isEmpty ? nil : ConfigurationText(Self.text(file), fileName: file)
        )
    }

    static func text(_ file: String) throws -> String {
        String(decoding: try Data(contentsOf: path(file)), as: UTF8.self)
    }

    static func path(_ file: String) -> URL {
        let root = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in
            url.deletingLastPathComponent()
        }
        return root.appending(path: "Tests/Fixtures/kube-proxy/\(file)")
    }
}

extension KubeProxySample {
    static let all = [kubeadm, kubeadmWithFlags, kubespray, k3s, rke2, kops, nothing]

    private static let ipvsBecomesAuto =
        "ipvs becomes auto: IPVS, and iptables with a warning where the kernel has none; mode: ipvs "
        + "in Fairlead's own configuration insists on IPVS"

    private static let tracking = """
        connectionTracking:
          maxPerCore: 32768
          minimum: 131072
          tcpEstablishedTimeout: 24h
          tcpCloseWaitTimeout: 1h

        """

    static let kubeadm = KubeProxySample(
        name: "kubeadm's ConfigMap, with mode ipvs",
        file: "kubeadm-ipvs.yaml",
        expected: """
            clusterCIDRs:
              - "10.244.0.0/16"
            kubernetes:
              kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
            \(tracking)oomScoreAdjust: -999

            """,
        remarks: ["notice kubeadm-ipvs.yaml:52: mode: \(ipvsBecomesAuto)"]
    )

    static let kubeadmWithFlags = KubeProxySample(
        name: "kubeadm's ConfigMap with the flags of its DaemonSet, and others",
        file: "kubeadm-ipvs.yaml",
        flags: [
            "--config=/var/lib/kube-proxy/config.conf", "--hostname-override=Worker-2", "-v=6",
            "--logging_format", "json", "--master=https://10.0.0.1:6443", "--masquerade-all",
            "--cluster-cidr", "10.0.0.0/8",
        ],
        expected: """
            nodeName: worker-2
            clusterCIDRs:
              - "10.244.0.0/16"
            kubernetes:
              kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
              server: "https://10.0.0.1:6443"
            logging:
              level: trace
              format: json
            \(tracking)oomScoreAdjust: -999

            """,
        remarks: [
            "notice kubeadm-ipvs.yaml:52: mode: \(ipvsBecomesAuto)",
            "warning --masquerade-all: is left aside, as by kube-proxy: with --config the file says it",
            "warning --cluster-cidr: is left aside, as by kube-proxy: with --config the file says it",
        ]
    )

    static let kubespray = KubeProxySample(
        name: "kubespray's file for kubeadm, with documents for others",
        file: "kubespray.yaml",
        expected: """
            nodeName: node1
            addresses:
              strictARP: true
            clusterCIDRs:
              - "10.233.64.0/18"
              - "fd85:ee78:d8a6:8607::1:0/112"
            intervals:
              audit: 30s
            \(tracking)oomScoreAdjust: -999

            """,
        remarks: ["notice kubespray.yaml:49: mode: \(ipvsBecomesAuto)"]
    )

    static let k3s = KubeProxySample(
        name: "the flags of k3s",
        flags: [
            "--cluster-cidr=10.42.0.0/16", "--conntrack-max-per-core=0",
            "--conntrack-tcp-timeout-close-wait=0s", "--conntrack-tcp-timeout-established=0s",
            "--healthz-bind-address=127.0.0.1", "--hostname-override=k3s-1",
            "--kubeconfig=/var/lib/rancher/k3s/agent/kubeproxy.kubeconfig",
            "--proxy-mode=iptables",
        ],
        expected: """
            mode: iptables
            nodeName: k3s-1
            clusterCIDRs:
              - "10.42.0.0/16"
            kubernetes:
              kubeconfig: /var/lib/rancher/k3s/agent/kubeproxy.kubeconfig
            health:
              bindAddress: "127.0.0.1:10256"
            oomScoreAdjust: -999

            """
    )

    static let rke2 = KubeProxySample(
        name: "the flags of RKE2 in a cluster with IPv6 alone, with IPVS by kube-proxy-arg",
        flags: [
            "--cluster-cidr=2001:cafe:42::/56", "--conntrack-max-per-core=0",
            "--conntrack-tcp-timeout-close-wait=0s", "--conntrack-tcp-timeout-established=0s",
            "--healthz-bind-address=::1", "--hostname-override=rke2-1",
            "--kubeconfig=/var/lib/rancher/rke2/agent/kubeproxy.kubeconfig",
            "--proxy-mode=iptables", "--proxy-mode=ipvs", "--ipvs-strict-arp=true",
            "--ipvs-scheduler=lc",
        ],
        expected: """
            nodeName: rke2-1
            ipvs:
              scheduler:
                name: lc
            addresses:
              strictARP: true
            clusterCIDRs:
              - "2001:cafe:42::/56"
            kubernetes:
              kubeconfig: /var/lib/rancher/rke2/agent/kubeproxy.kubeconfig
            health:
              bindAddress: "[::1]:10256"
            oomScoreAdjust: -999

            """,
        remarks: ["notice --proxy-mode: \(ipvsBecomesAuto)"]
    )

    static let kops = KubeProxySample(
        name: "the flags of kops",
        flags: [
            "--cluster-cidr=100.96.0.0/11", "--conntrack-max-per-core=131072",
            "--hostname-override=i-0e30debd74ba1ecdd",
            "--kubeconfig=/var/lib/kube-proxy/kubeconfig", "--master=https://api.internal.example",
            "--oom-score-adj=-998", "--v=2", "--logtostderr=false", "--alsologtostderr",
            "--log-file=/var/log/kube-proxy.log", "--resource-container=",
        ],
        expected: """
            nodeName: i-0e30debd74ba1ecdd
            clusterCIDRs:
              - "100.96.0.0/11"
            kubernetes:
              kubeconfig: /var/lib/kube-proxy/kubeconfig
              server: "https://api.internal.example"
            connectionTracking:
              maxPerCore: 131072
              minimum: 131072
              tcpEstablishedTimeout: 24h
              tcpCloseWaitTimeout: 1h
            oomScoreAdjust: -998

            """,
        remarks: [
            "warning --logtostderr: has no effect: Fairlead logs to standard error, and nowhere else",
            "warning --log-file: has no effect: Fairlead logs to standard error, and nowhere else",
            "notice mode: \(modeIsNotGiven)",
        ]
    )

    private static let modeIsNotGiven =
        "is not given, which is iptables to kube-proxy; Fairlead takes IPVS, and iptables where the "
        + "kernel has none"

    static let nothing = KubeProxySample(
        name: "no flags at all",
        expected: "\(tracking)oomScoreAdjust: -999\n",
        remarks: ["notice mode: \(modeIsNotGiven)"]
    )
}
