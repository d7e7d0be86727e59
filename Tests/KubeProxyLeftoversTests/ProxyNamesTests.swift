import Addressing
import KubeProxyLeftovers
import Testing

struct ProxyNamesTests {
    @Test(arguments: [
        ("nat", "KUBE-SERVICES"), ("filter", "KUBE-SERVICES"), ("filter", "KUBE-EXTERNAL-SERVICES"),
        ("nat", "KUBE-NODEPORTS"), ("filter", "KUBE-NODE-PORT"), ("nat", "KUBE-POSTROUTING"),
        ("nat", "KUBE-MARK-MASQ"), ("filter", "KUBE-FORWARD"), ("filter", "KUBE-PROXY-FIREWALL"),
        ("filter", "KUBE-SOURCE-RANGES-FIREWALL"), ("filter", "KUBE-IPVS-FILTER"),
        ("filter", "KUBE-IPVS-OUT-FILTER"), ("nat", "KUBE-LOAD-BALANCER"),
        ("mangle", "KUBE-PROXY-CANARY"), ("nat", "KUBE-SVC-TCOU7JCQXEZGVUNU"),
        ("nat", "KUBE-SVL-TCOU7JCQXEZGVUNU"), ("nat", "KUBE-SEP-TCOU7JCQXEZGVUNU"),
        ("nat", "KUBE-EXT-TCOU7JCQXEZGVUNU"), ("nat", "KUBE-FW-TCOU7JCQXEZGVUNU"),
        ("nat", "KUBE-XLB-TCOU7JCQXEZGVUNU"), ("nat", "KUBE-FIREWALL"),
    ])
    func theseChainsAreKubeProxys(_ table: String, _ chain: String) {
        #expect(ProxyNames.isChain(chain, in: table))
    }

    @Test(arguments: [
        ("mangle", "KUBE-KUBELET-CANARY"), ("mangle", "KUBE-IPTABLES-HINT"),
        ("filter", "KUBE-FIREWALL"), ("nat", "KUBE-MARK-DROP"), ("filter", "KUBE-ROUTER-INPUT"),
        ("filter", "KUBE-ROUTER-FORWARD"), ("filter", "KUBE-NWPLCY-DEFAULT"),
        ("filter", "KUBE-NWPLCY-TCOU7JCQXEZGVUNU"), ("filter", "KUBE-POD-FW-TCOU7JCQXEZGVUNU"),
        ("nat", "KUBE-HOSTPORTS"), ("nat", "KUBE-HP-TCOU7JCQXEZGVUNU"), ("filter", "cali-INPUT"),
        ("nat", "CILIUM_PRE_nat"), ("nat", "CNI-HOSTPORT-SETMARK"), ("nat", "FAIRLEAD-SERVICES"),
        ("nat", "PREROUTING"), ("nat", "KUBE-SVC-"), ("nat", "KUBE-SERVICES-OLD"), ("nat", ""),
    ])
    func theseChainsAreSomebodyElses(_ table: String, _ chain: String) {
        #expect(!ProxyNames.isChain(chain, in: table))
    }

    @Test func thereAreSeventeenSetsOfEachFamilyWithNamesThatTheKernelTakes() {
        #expect(ProxyNames.sets.count == 34)
        #expect(Set(ProxyNames.sets).count == 34)
        #expect(ProxyNames.sets.count { $0.hasPrefix("KUBE-6-") } == 17)
        #expect(ProxyNames.sets.allSatisfy { $0.utf8.count <= 31 })
        #expect(ProxyNames.sets.contains("KUBE-6-LOAD-BALANCER-SOURCE-CID"))
        #expect(ProxyNames.sets.contains("KUBE-6-NODE-PORT-LOCAL-SCTP-HAS"))
        #expect(ProxyNames.sets.contains("KUBE-NODE-PORT-LOCAL-SCTP-HASH"))
        for family in AddressFamily.allCases {
            for transport in TransportProtocol.allCases {
                #expect(ProxyNames.sets.contains(ProxyNames.nodePortSet(transport, family)))
            }
        }
    }
}
