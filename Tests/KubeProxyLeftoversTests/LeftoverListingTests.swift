import Addressing
import DataplaneModel
import KubeProxyLeftovers
import Listing
import Testing

struct LeftoverListingTests {
    private static func node() throws -> ObservedNode {
        var node = ObservedNode()
        node.tables = [.ipv6]
        node.sets = ["KUBE-CLUSTER-IP"]
        node.addresses = [try IPAddress("192.0.2.10")]
        var device = ObservedNode.Device(isUp: false)
        device.singles = [try IPAddress("10.96.0.1"), try IPAddress("fd00:10:96::1")]
        node.device = device
        for text in ["TCP 10.96.0.1:443", "UDP 192.0.2.10:30053"] {
            let key = try #require(VirtualServerKey(text))
            node.virtualServers[key] = IPVSState.Entry(
                server: VirtualServer(key: key, scheduler: .roundRobin),
                realServers: []
            )
        }
        node.rules["iptables-legacy"] = RuleListing(
            """
            *nat
            :KUBE-SERVICES - [0:0]
            :KUBE-MARK-MASQ - [0:0]
            :KUBE-SVC-TCOU7JCQXEZGVUNU - [0:0]
            :KUBE-SVC-NPX46M4PTMTKRN6Y - [0:0]
            -A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
            -A MINE -j KUBE-MARK-MASQ
            -A MINE -m set --match-set KUBE-CLUSTER-IP dst,dst -j RETURN
            -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
            COMMIT
            """
        )
        return node
    }

    @Test func theStepsAreCommandsThatAnOperatorKnows() throws {
        #expect(
            LeftoverListing.commands(of: Leftovers(on: try Self.node())) == """
                # the chain KUBE-MARK-MASQ (iptables-legacy -t nat) stays, without rules, as it is called by what is not kube-proxy's: -A MINE -j KUBE-MARK-MASQ
                nft delete table ip6 kube-proxy
                iptables-legacy -t nat -D OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
                iptables-legacy -t nat -F KUBE-MARK-MASQ
                iptables-legacy -t nat -F KUBE-SERVICES
                iptables-legacy -t nat -F KUBE-SVC-TCOU7JCQXEZGVUNU
                iptables-legacy -t nat -F KUBE-SVC-NPX46M4PTMTKRN6Y
                iptables-legacy -t nat -X KUBE-SERVICES
                iptables-legacy -t nat -X KUBE-SVC-TCOU7JCQXEZGVUNU
                iptables-legacy -t nat -X KUBE-SVC-NPX46M4PTMTKRN6Y
                # KUBE-CLUSTER-IP is in use, and cannot be destroyed before: iptables-legacy -t nat -A MINE -m set --match-set KUBE-CLUSTER-IP dst,dst -j RETURN
                ipset destroy KUBE-CLUSTER-IP
                ipvsadm -D -t 10.96.0.1:443
                ipvsadm -D -u 192.0.2.10:30053   # a node port
                ip addr del 10.96.0.1/32 dev kube-ipvs0
                ip -6 addr del fd00:10:96::1/128 dev kube-ipvs0
                ip link del kube-ipvs0

                """
        )
    }

    @Test func whatHasBeenRemovedIsCountedAndNamed() throws {
        #expect(
            LeftoverListing.summary(of: Leftovers(on: try Self.node()).steps) == """
                  1 nftables table: ip6 kube-proxy
                  1 rule that called its chains: iptables-legacy nat OUTPUT
                  1 chain emptied: iptables-legacy nat KUBE-MARK-MASQ
                  3 chains (iptables-legacy nat): KUBE-SERVICES, 2 KUBE-SVC-…
                  1 address set: KUBE-CLUSTER-IP
                  2 virtual servers: TCP 10.96.0.1:443, UDP 192.0.2.10:30053
                  2 service addresses: 10.96.0.1, fd00:10:96::1
                  1 device: kube-ipvs0

                """
        )
    }

    @Test func aLongListOfNamesIsCutShort() {
        let steps = (1...25).map { LeftoverStep.removeAddress(.ipv4(0x0a60_0000 + $0)) }
        let text = LeftoverListing.summary(of: steps)
        #expect(text.hasPrefix("  25 service addresses: 10.96.0.1, 10.96.0.2, "))
        #expect(text.hasSuffix(", 10.96.0.20 and 5 more\n"))
        #expect(LeftoverListing.summary(of: []).isEmpty)
    }
}
