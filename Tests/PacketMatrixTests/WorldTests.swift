import Addressing
import PacketMatrix
import Testing

@Suite struct WorldTests {
    @Test func addressesReadAsTheirNumbersInBothFamilies() throws {
        let expected: [(IPAddress, String)] = [
            (World.nodeAddress(1, .ipv4), "192.0.2.10"),
            (World.nodeAddress(1, .ipv6), "2001:db8::10"),
            (World.nodeAddress(2, .ipv4), "192.0.2.11"),
            (World.nodeAddress(2, .ipv6), "2001:db8::11"),
            (World.secondNodeAddress(.ipv4), "192.168.50.1"),
            (World.secondNodeAddress(.ipv6), "fd00:50::1"),
            (EndpointName.near1.address(.ipv4), "10.244.1.2"),
            (EndpointName.far2.address(.ipv6), "fd00:10:244:2::3"),
            (World.clusterIP(12, .ipv4), "10.96.0.12"),
            (World.clusterIP(12, .ipv6), "fd00:10:96::12"),
            (World.externalIP(12, .ipv4), "203.0.113.12"),
            (World.externalIP(12, .ipv6), "2001:db8:203::12"),
            (World.loadBalancerIP(12, .ipv4), "198.51.100.12"),
            (World.loadBalancerIP(12, .ipv6), "2001:db8:198::12"),
        ]
        for (address, text) in expected { #expect(address == (try IPAddress(text))) }
        #expect(World.clusterCIDR(.ipv4) == (try IPPrefix("10.244.0.0/16")))
        #expect(World.clusterCIDR(.ipv6) == (try IPPrefix("fd00:10:244::/48")))
        #expect(World.podCIDR(ofNode: 2, .ipv4) == (try IPPrefix("10.244.2.0/24")))
        #expect(World.podCIDR(ofNode: 2, .ipv6) == (try IPPrefix("fd00:10:244:2::/64")))
    }

    @Test func podsAreInsideTheClusterAndNobodyElseIs() {
        for family in AddressFamily.allCases {
            let cluster = World.clusterCIDR(family)
            for name in EndpointName.allCases {
                #expect(cluster.contains(name.address(family)) == !name.isHostNetwork)
            }
            for vantage in Vantage.allCases {
                let isPod = vantage == .pod || vantage == .near1
                #expect(cluster.contains(vantage.address(family)) == isPod)
            }
        }
    }
}
