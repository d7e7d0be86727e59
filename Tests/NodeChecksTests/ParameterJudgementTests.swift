import NodeChecks
import Testing

@Suite struct ParameterJudgementTests {
    private static let unmanaged = ServingIntent.asking { $0.managesParameters = false }

    @Test(arguments: [
        Case("right", .parameter, of: "net.ipv4.ip_forward", .ok, "1"),
        Case("the daemon sets it", .parameter, of: "net.ipv4.vs.conntrack", .note, "sets it to 1") {
            $0.set(["net.ipv4.vs.conntrack": "0"])
        },
        Case(
            "nobody sets it",
            .parameter,
            of: "net.ipv4.vs.conntrack",
            .warning,
            "cannot be masqueraded",
            "sysctl -w net.ipv4.vs.conntrack=1",
            intent: unmanaged
        ) { $0.set(["net.ipv4.vs.conntrack": "0"]) },
        Case("it is not there", .parameter, of: "net.ipv4.ip_forward", .warning, "/proc/sys") {
            $0.set(["net.ipv4.ip_forward": ""])
        },
        Case("IPv6", .parameter, of: "net.ipv6", .note, "when a Service has an IPv6 address") {
            $0.set(["net.ipv6.conf.all.forwarding": "0"])
        },
        Case(
            "IPv6, set by nobody",
            .parameter,
            of: "net.ipv6",
            .note,
            "sysctl -w",
            intent: unmanaged
        ) {
            $0.set(["net.ipv6.conf.all.forwarding": "0"])
        },
        Case("before ip_vs is loaded", .parameter, of: "net.ipv4.vs.*", .note, "conntrack=1") {
            $0.unload(.ipvs)
            $0.set([
                "net.ipv4.vs.conntrack": "", "net.ipv4.vs.expire_nodest_conn": "",
                "net.ipv4.vs.expire_quiescent_template": "",
            ])
        },
        Case(
            "before ip_vs is loaded, set by nobody",
            .parameter,
            of: "net.ipv4.vs.*",
            .warning,
            "After \"modprobe ip_vs\"",
            intent: unmanaged
        ) { $0.set(["net.ipv4.vs.conntrack": ""]) },
        Case(
            "strict ARP",
            .parameter,
            of: "net.ipv4.conf.all.arp_announce",
            .note,
            "sets it to 2",
            intent: .asking { $0.strictARP = true }
        ) {
            $0.set([
                "net.ipv4.conf.all.arp_announce": "0", "net.ipv4.conf.all.arp_ignore": "0",
            ])
        },
        Case("an old kernel", .parameter, of: "net.ipv4.vs.conn_reuse", .note, "sets it to 0") {
            $0.modules.release = "5.4.0"
            $0.set(["kernel.osrelease": "5.4.0"])
        },
        Case("reuse on a new kernel", .connectionReuse, .ok, "1"),
        Case("what kube-proxy left", .connectionReuse, .warning, "conn_reuse_mode=1") {
            $0.set(["net.ipv4.vs.conn_reuse_mode": "0"])
        },
        Case("a learned route", .routerAdvertisements, .note, "accept_ra=2", "sets both") {
            $0.set(["net.ipv6.conf.all.forwarding": "0", "net.ipv6.conf.eth0.accept_ra": "1"])
            $0.network.advertisedRoutes = ["eth0"]
        },
        Case("nobody keeps it", .routerAdvertisements, .warning, "accept_ra=2", intent: unmanaged) {
            $0.set(["net.ipv6.conf.all.forwarding": "0", "net.ipv6.conf.eth0.accept_ra": "1"])
            $0.network.advertisedRoutes = ["eth0"]
        },
        Case("a route that will go", .routerAdvertisements, .warning, "eth0/100.accept_ra=2") {
            $0.set(["net.ipv6.conf.eth0/100.accept_ra": "1"])
            $0.network.advertisedRoutes = ["eth0.100"]
        },
    ])
    func judgesParameters(_ row: Case) throws { try JudgementTests.judge(row) }

    @Test func saysNothingOfAdvertisementsThatMatterToNobody() {
        let kept = NodeObservation.healthy {
            $0.set(["net.ipv6.conf.eth0.accept_ra": "2"])
            $0.network.advertisedRoutes = ["eth0"]
        }
        let unused = NodeObservation.healthy { $0.set(["net.ipv6.conf.eth0.accept_ra": "1"]) }
        for node in [kept, unused] {
            #expect(
                NodeReport(of: node, for: ServingIntent()).finding(.routerAdvertisements) == nil
            )
        }
    }

    @Test func saysNothingOfIPVSInTheModeIptables() {
        let node = NodeObservation.healthy { $0.set(["net.ipv4.vs.conntrack": "0"]) }
        #expect(NodeReport(of: node, for: .iptables).complaints == ["filter.matches failure"])
    }

    @Test(arguments: [
        Case("loose", .reversePath, .ok, "not strict") {
            $0.set(["net.ipv4.conf.all.rp_filter": "2", "net.ipv4.conf.eth0.rp_filter": "1"])
        },
        Case("strict on lo alone", .reversePath, .ok) {
            $0.set(["net.ipv4.conf.lo.rp_filter": "1"])
        },
        Case("strict, one way out", .reversePath, .note, "strict (1) on eth0", "martian") {
            $0.set(["net.ipv4.conf.all.rp_filter": "1"])
        },
        Case("strict, two ways out", .reversePath, .warning, "by eth0, eth1", "rp_filter=2") {
            $0.set(["net.ipv4.conf.eth0.rp_filter": "1"])
            $0.network.defaultRoutes = ["eth0", "eth1"]
        },
        Case("strict, and packets were dropped", .reversePath, .warning, "1,234 packets so far") {
            $0.set(["net.ipv4.conf.eth0.rp_filter": "1"])
            $0.network.reversePathDrops = 1_234
        },
        Case("a bridge that calls iptables", .bridge, .ok) {
            $0.network.bridges = [.init(name: "cni0", ports: 3, callsFilter: false)]
            $0.set(["net.bridge.bridge-nf-call-iptables": "1"])
        },
        Case("a bridge that does so by itself", .bridge, .ok) {
            $0.network.bridges = [.init(name: "cni0", ports: 3, callsFilter: true)]
        },
        Case("a bridge that does not", .bridge, .warning, "cni0", "bridge-nf-call-iptables=1") {
            $0.network.bridges = [.init(name: "cni0", ports: 3, callsFilter: false)]
            $0.set(["net.bridge.bridge-nf-call-iptables": "0"])
        },
        Case("without br_netfilter", .bridge, .warning, "modprobe br_netfilter") {
            $0.network.bridges = [.init(name: "cni0", ports: 3, callsFilter: false)]
        },
    ])
    func judgesTheNetwork(_ row: Case) throws { try JudgementTests.judge(row) }

    @Test func aBridgeThatNobodyIsOnDoesNotMatter() {
        let node = NodeObservation.healthy {
            $0.network.bridges = [.init(name: "docker0", ports: 0, callsFilter: false)]
        }
        #expect(NodeReport(of: node, for: ServingIntent()).finding(.bridge) == nil)
    }

    @Test(arguments: [
        Case("room", .trackedConnections, .ok, "1,000 connections of at most 262,144 (0 %)"),
        Case("no limit", .trackedConnections, .ok, "no limit") {
            $0.set(["net.netfilter.nf_conntrack_max": "0"])
        },
        Case("three quarters", .trackedConnections, .ok, "(75 %)") {
            $0.set(["net.netfilter.nf_conntrack_count": "196608"])
        },
        Case("filling", .trackedConnections, .warning, "(80 %)", "nf_conntrack_max=524288") {
            $0.set(["net.netfilter.nf_conntrack_count": "209716"])
        },
        Case("full", .trackedConnections, .warning, "as good as full", "(97 %)") {
            $0.set(["net.netfilter.nf_conntrack_count": "255000"])
        },
        Case("buckets", .trackingBuckets, .ok, "65,536"),
        Case("few buckets", .trackingBuckets, .note, "nf_conntrack_buckets=16384") {
            $0.set([
                "net.netfilter.nf_conntrack_buckets": "1024",
                "net.netfilter.nf_conntrack_count": "10000",
            ])
        },
        Case("few connections of IPVS", .balancedConnections, .ok, "4,096 buckets") {
            $0.ipvs = .present(IPVSObservation(connections: 16_384))
        },
        Case("many of them", .balancedConnections, .warning, "conn_tab_bits=17") {
            $0.ipvs = .present(IPVSObservation(connections: 100_000))
        },
        Case("more than the kernel has bits for", .balancedConnections, .warning, "bits=20") {
            $0.ipvs = .present(IPVSObservation(connections: 5_000_000))
        },
        Case("a table that grows", .balancedConnections, .ok, "grows by itself") {
            $0.ipvs = .present(IPVSObservation(connections: 5_000_000))
            $0.set(["net.ipv4.vs.conn_lfactor": "-4"])
        },
    ])
    func judgesTables(_ row: Case) throws { try JudgementTests.judge(row) }
}
