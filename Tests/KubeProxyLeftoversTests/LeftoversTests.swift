import Addressing
import DataplaneModel
import KubeProxyLeftovers
import Testing

struct LeftoversTests {
    private static func key(_ text: String) throws -> VirtualServerKey {
        try #require(VirtualServerKey(text))
    }

    /// Addresses on kube-proxy's device, and virtual servers by name with one real server each.
    private static func node(
        bound: [String] = [],
        virtualServers: [String] = [],
        forwarding: ForwardingMethod = .masquerade
    ) throws -> ObservedNode {
        var node = ObservedNode()
        node.addresses = [try IPAddress("192.0.2.10"), try IPAddress("127.0.0.1")]
        var device = ObservedNode.Device(isUp: false)
        device.singles = Set(try bound.map { try IPAddress($0) })
        node.device = device
        for text in virtualServers {
            let key = try key(text)
            node.virtualServers[key] = IPVSState.Entry(
                server: VirtualServer(key: key, scheduler: .roundRobin),
                realServers: [
                    RealServer(
                        address: SocketEndpoint(try IPAddress("10.244.1.2"), 8080),
                        forwarding: forwarding
                    )
                ]
            )
        }
        return node
    }

    @Test func aNodeWithoutKubeProxyHasNothing() {
        let leftovers = Leftovers(on: ObservedNode())
        #expect(leftovers.isEmpty && leftovers.remarks.isEmpty && leftovers.summary.isEmpty)
    }

    @Test func addressesOnItsDeviceAndVirtualServersThereAreKubeProxys() throws {
        let node = try Self.node(
            bound: ["10.96.0.1", "fd00:10:96::1"],
            virtualServers: ["TCP 10.96.0.1:443", "UDP [fd00:10:96::1]:53", "TCP 203.0.113.1:80"]
        )
        #expect(
            Leftovers(on: node).steps == [
                .deleteVirtualServer(try Self.key("TCP 10.96.0.1:443"), isNodePort: false),
                .deleteVirtualServer(try Self.key("UDP [fd00:10:96::1]:53"), isNodePort: false),
                .removeAddress(try IPAddress("10.96.0.1")),
                .removeAddress(try IPAddress("fd00:10:96::1")), .removeDevice,
            ]
        )
    }

    @Test func whatIsInTheRecordIsNotKubeProxys() throws {
        var node = try Self.node(
            bound: ["10.96.0.1", "10.96.0.2"],
            virtualServers: ["TCP 10.96.0.1:443", "TCP 10.96.0.2:80", "TCP 192.0.2.10:30080"]
        )
        node.claims = [
            .address(try IPAddress("10.96.0.1")),
            .virtualServer(try Self.key("TCP 10.96.0.2:80")),
            .virtualServer(try Self.key("TCP 192.0.2.10:30080")),
        ]
        #expect(Leftovers(on: node).steps == [.removeAddress(try IPAddress("10.96.0.2"))])
    }

    @Test func anAddressWithARouteOfOursStaysSinceTheRouteWouldGoWithIt() throws {
        var node = try Self.node(bound: ["10.96.0.1"])
        node.device?.routed = [try IPAddress("10.96.0.1")]
        #expect(Leftovers(on: node).isEmpty)
    }

    @Test(arguments: [
        ("TCP 192.0.2.10:30080", true), ("TCP 192.0.2.10:20080", true),
        ("UDP 192.0.2.10:30080", false), ("TCP 192.0.2.10:30081", false),
        ("TCP 192.0.2.11:30080", false), ("TCP 127.0.0.1:30080", false), ("FWM 30080", false),
    ])
    func aNodePortIsWhatItsSetsSay(_ name: String, _ isNodePort: Bool) throws {
        var node = try Self.node(virtualServers: [name])
        node.nodePorts = ["KUBE-NODE-PORT-TCP": [30080, 20080], "KUBE-NODE-PORT-UDP": []]
        let steps = Leftovers(on: node).steps.filter { $0 != .removeDevice }
        let wanted = LeftoverStep.deleteVirtualServer(try Self.key(name), isNodePort: true)
        #expect(steps == (isNodePort ? [wanted] : []))
    }

    @Test(arguments: [
        ("TCP 192.0.2.10:30000", true), ("SCTP 192.0.2.10:32767", true),
        ("TCP 192.0.2.10:29999", false), ("TCP 192.0.2.10:32768", false),
        ("TCP 192.0.2.11:30080", false), ("TCP 127.0.0.1:30080", false),
    ])
    func withoutTheSetsAPortOfTheUsualRangeIsANodePort(
        _ name: String,
        _ isNodePort: Bool
    ) throws {
        let node = try Self.node(bound: ["10.96.0.1"], virtualServers: [name])
        let wanted = LeftoverStep.deleteVirtualServer(try Self.key(name), isNodePort: true)
        #expect(Leftovers(on: node).steps.contains(wanted) == isNodePort)
        // Without any trace of the ipvs mode it is somebody else's.
        let bare = try Self.node(virtualServers: [name])
        #expect(Leftovers(on: bare).steps == [.removeDevice])
    }

    @Test func aVirtualServerThatForwardsOtherwiseIsNoNodePort() throws {
        for forwarding in [ForwardingMethod.directRouting, .tunnel] {
            var node = try Self.node(
                virtualServers: ["TCP 192.0.2.10:30080"],
                forwarding: forwarding
            )
            node.nodePorts = ["KUBE-NODE-PORT-TCP": [30080]]
            #expect(Leftovers(on: node).steps == [.removeDevice])
        }
    }

    @Test func aRemarkWarnsOfDeletingByHandTheAddressThatHoldsRoutesOfOurs() throws {
        var node = try Self.node(bound: ["10.96.0.1", "fd00:10:96::1"])
        node.device?.routed = [try IPAddress("fd00:10:96::2")]
        #expect(Leftovers(on: node).remarks.isEmpty)
        node.device?.routed.insert(try IPAddress("10.96.0.2"))
        #expect(Leftovers(on: node).remarks.count == 1)
        #expect(Leftovers(on: node).remarks.first?.contains("ip addr del") ?? false)
    }

    @Test func theDeviceStaysWhileAnybodyUsesIt() throws {
        var cases: [ObservedNode.Device] = []
        cases.append(ObservedNode.Device(isUp: true))
        var device = ObservedNode.Device(isUp: false)
        device.hasMore = true
        cases.append(device)
        device.hasMore = false
        device.routed = [try IPAddress("10.96.0.9")]
        cases.append(device)
        for device in cases {
            var node = try Self.node()
            node.device = device
            #expect(Leftovers(on: node).isEmpty)
        }
        #expect(Leftovers(on: try Self.node()).steps == [.removeDevice])
    }

    @Test func onlySetsOfItsExactNamesGoAndTheirUsersAreNamed() throws {
        var node = ObservedNode()
        node.sets = [
            "KUBE-CLUSTER-IP", "KUBE-6-CLUSTER-IP", "KUBE-CLUSTER-IP-OLD", "KUBE-DST-3YNVZWWGX3UQ",
            "FAIRLEAD-CLUSTER", "kube-router-node-ips",
        ]
        node.rules["iptables-legacy"] = RuleListing(
            """
            *filter
            :MINE - [0:0]
            :KUBE-IPVS-FILTER - [0:0]
            -A MINE -m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT
            -A MINE -m comment --comment "--match-set KUBE-6-CLUSTER-IP dst" -j ACCEPT
            -A KUBE-IPVS-FILTER -m set --match-set KUBE-6-CLUSTER-IP dst,dst -j RETURN
            COMMIT
            """
        )
        let sets = Leftovers(on: node).steps.filter {
            if case .destroySet = $0 { true } else { false }
        }
        let user =
            "iptables-legacy -t filter -A MINE -m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT"
        #expect(
            sets == [
                .destroySet("KUBE-CLUSTER-IP", users: [user]),
                .destroySet("KUBE-6-CLUSTER-IP", users: []),
            ]
        )
    }

    @Test func rulesGoBeforeSetsAndAddressesBeforeTheirDevice() throws {
        var node = try Self.node(bound: ["10.96.0.1"], virtualServers: ["TCP 10.96.0.1:443"])
        node.tables = [.ipv6, .ipv4]
        node.sets = ["KUBE-CLUSTER-IP"]
        node.rules["ip6tables-nft"] = RuleListing(SavedNode.iptablesOfIPv6.saved)
        node.rules["iptables-legacy"] = RuleListing(SavedNode.ipvs.saved)
        node.doubts = ["one cannot look everywhere"]
        let leftovers = Leftovers(on: node)
        #expect(leftovers.remarks == ["one cannot look everywhere"])
        #expect(
            leftovers.steps.map(\.description) == [
                "the nftables table ip kube-proxy", "the nftables table ip6 kube-proxy",
                "the chains and rules in nat (iptables-legacy)",
                "the chains and rules in filter (iptables-legacy)",
                "the chains and rules in nat (ip6tables-nft)", "the address set KUBE-CLUSTER-IP",
                "the virtual server TCP 10.96.0.1:443", "the address 10.96.0.1 on kube-ipvs0",
                "the device kube-ipvs0",
            ]
        )
        #expect(
            leftovers.summary
                == "2 nftables tables, 20 chains and calls of them (iptables-legacy), "
                + "5 chains and calls of them (ip6tables-nft), 1 address set, 1 virtual server, "
                + "1 service address, the device kube-ipvs0"
        )
    }
}
