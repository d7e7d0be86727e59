import Addressing
import NodeChecks
import Testing

@Suite struct OtherProxyJudgementTests {
    private static func chains(
        _ names: Set<String>,
        _ variant: FilterObservation.Variant = .nft
    ) -> FilterObservation {
        FilterObservation(.ipv4, variant, .present(.init(chains: names, count: names.count)))
    }

    @Test(arguments: [
        Case("none", .kubeProxy, .ok, "no trace"),
        Case("none, as far as can be seen", .kubeProxy, .note, "could not be read", "as root") {
            $0.filters = [FilterObservation(.ipv4, .nft, .unreadable("EPERM"))]
        },
        Case("chains of the kubelet", .kubeProxy, .ok) {
            $0.filters = [chains(["KUBE-KUBELET-CANARY", "KUBE-FIREWALL", "KUBE-IPTABLES-HINT"])]
        },
        Case("its process", .kubeProxy, .warning, "runs on this node", "delete daemonset") {
            $0.processes = ["kube-proxy"]
        },
        Case(
            "its chains",
            .kubeProxy,
            .warning,
            "2 chains in iptables-legacy",
            "fairlead cleanup --kube-proxy"
        ) { $0.filters = [chains(["KUBE-SERVICES", "KUBE-SVC-ABC", "INPUT"], .legacy)] },
        Case("its nft table", .kubeProxy, .warning, "the nft table ip6 kube-proxy") {
            $0.nftTables = ["ip6 kube-proxy", "ip nat"]
        },
        Case("its addresses", .kubeProxy, .warning, "5 addresses bound to the service device") {
            $0.network.foreignBoundAddresses = 5
        },
        Case("no Cilium", .cilium, .ok),
        Case("Cilium", .cilium, .note, "cilium_host", "its agent", "kubeProxyReplacement") {
            $0.network.interfaces.insert("cilium_host")
            $0.processes = ["cilium-agent"]
        },
        Case("the chains of Cilium", .cilium, .note, "its chains") {
            $0.filters = [chains(["CILIUM_FORWARD"])]
        },
        Case("no kube-router", .kubeRouter, .ok),
        Case("kube-router for policies", .kubeRouter, .note, "does not serve Services") {
            $0.filters = [chains(["KUBE-ROUTER-INPUT"])]
        },
        Case("kube-router for Services", .kubeRouter, .warning, "--run-service-proxy=false") {
            $0.network.interfaces.insert("kube-dummy-if")
        },
        Case("virtual servers of ours", .foreignServers, .ok),
        Case("virtual servers of others", .foreignServers, .note, "3 of 1,200 not made by") {
            $0.ipvs = .present(IPVSObservation(virtualServers: 1_200, foreign: 3))
        },
    ])
    func judgesOthers(_ row: Case) throws { try JudgementTests.judge(row) }

    @Test(arguments: [
        Case("a daemon", .daemon, .ok, "process 4711"),
        Case("a daemon of another container", .daemon, .ok, "another container") {
            $0.daemon = .running(process: nil, hasControlSocket: true)
        },
        Case("one that cannot be asked", .daemon, .warning, "no control socket") {
            $0.daemon = .running(process: 4711, hasControlSocket: false)
        },
        Case("none", .daemon, .ok, "none runs") { $0.daemon = .absent },
        Case("one that has ended", .daemon, .ok, "goes on serving") { $0.daemon = .ended },
        Case("rules in one variant", .ownRules, .ok, "in iptables-nft") {
            $0.filters = [chains(["FAIRLEAD-MARK"]), chains(["INPUT"], .legacy)]
        },
        Case(
            "rules in both variants",
            .ownRules,
            .warning,
            "those of iptables-legacy were left behind",
            "iptables-legacy-save | grep -v FAIRLEAD- | iptables-legacy-restore"
        ) {
            $0.filters = [
                chains(["FAIRLEAD-MARK", "FAIRLEAD-GUARD"]), chains(["FAIRLEAD-MARK"], .legacy),
            ]
        },
    ])
    func judgesFairleadItself(_ row: Case) throws { try JudgementTests.judge(row) }
}
