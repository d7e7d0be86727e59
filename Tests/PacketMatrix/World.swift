package import Addressing
package import ServiceModel

/// The cluster in which every cell of the matrix plays: two nodes, their pods, and clients outside.
///
/// `node-a` is under test: all packets come to it first. It is in zone-1, `node-b` in zone-2. Pods
/// of node-a are 10.244.1.*n* and fd00:10:244:1::*n*, those of node-b 10.244.2.*n* and
/// fd00:10:244:2::*n*.
package enum World {
    package static let nodeName = "node-a"
    package static let otherNodeName = "node-b"
    package static let zone = "zone-1"
    package static let otherZone = "zone-2"
    /// The namespace of all Services.
    package static let namespace = "matrix"

    /// The port of all Services.
    package static let servicePort: UInt16 = 80
    /// Where pods serve.
    package static let podPort: UInt16 = 8080
    /// Where processes in a node's own network serve as endpoints.
    package static let hostNetworkPort: UInt16 = 18_080
    /// Where a process of node-a listens that has nothing to do with any Service.
    package static let hostPort: UInt16 = 22_022

    /// The addresses of all pods.
    package static func clusterCIDR(_ family: AddressFamily) -> IPPrefix {
        IPPrefix(
            holding: address(family, .ipv4(0x0af4_0000), 0xfd00_0010_0244_0000, 0),
            length: family == .ipv4 ? 16 : 48
        )
    }

    /// The addresses of the pods of a node: 1 for node-a, 2 for node-b.
    package static func podCIDR(ofNode number: Int, _ family: AddressFamily) -> IPPrefix {
        IPPrefix(
            holding: podAddress(0, ofNode: number, family),
            length: family == .ipv4 ? 24 : 64
        )
    }

    package static func podAddress(
        _ index: Int,
        ofNode number: Int,
        _ family: AddressFamily
    ) -> IPAddress {
        address(
            family,
            .ipv4(0x0af4_0000 + UInt32(number << 8 + index)),
            0xfd00_0010_0244_0000 + UInt64(number),
            index
        )
    }

    /// 192.0.2.10 and 2001:db8::10 for node-a, with 11 at the end for node-b.
    package static func nodeAddress(_ number: Int, _ family: AddressFamily) -> IPAddress {
        address(family, .ipv4(0xc000_0209 + UInt32(number)), 0x2001_0db8_0000_0000, 9 + number)
    }

    /// The other address of node-a, on its link to the clients outside.
    package static func secondNodeAddress(_ family: AddressFamily) -> IPAddress {
        outsideAddress(1, family)
    }

    /// What pods of node-a have as their gateway; an address of node-a too.
    package static func podGateway(ofNode number: Int, _ family: AddressFamily) -> IPAddress {
        podAddress(1, ofNode: number, family)
    }

    /// All addresses of node-a: what it may put in the place of a client's.
    package static func nodeAddresses(_ family: AddressFamily) -> [IPAddress] {
        [
            nodeAddress(1, family), secondNodeAddress(family), podGateway(ofNode: 1, family),
        ]
    }

    /// 192.168.50.*index* and fd00:50::*index*.
    package static func outsideAddress(_ index: Int, _ family: AddressFamily) -> IPAddress {
        address(family, .ipv4(0xc0a8_3200 + UInt32(index)), 0xfd00_0050_0000_0000, index)
    }

    /// 10.96.0.*number* and fd00:10:96::*number*.
    package static func clusterIP(_ number: Int, _ family: AddressFamily) -> IPAddress {
        address(family, .ipv4(0x0a60_0000 + UInt32(number)), 0xfd00_0010_0096_0000, number)
    }

    /// 203.0.113.*number* and 2001:db8:203::*number*.
    package static func externalIP(_ number: Int, _ family: AddressFamily) -> IPAddress {
        address(family, .ipv4(0xcb00_7100 + UInt32(number)), 0x2001_0db8_0203_0000, number)
    }

    /// 198.51.100.*number* and 2001:db8:198::*number*.
    package static func loadBalancerIP(_ number: Int, _ family: AddressFamily) -> IPAddress {
        address(family, .ipv4(0xc633_6400 + UInt32(number)), 0x2001_0db8_0198_0000, number)
    }

    package static func nodePort(_ number: Int) -> UInt16 { UInt16(30_000 + number) }

    private static func address(
        _ family: AddressFamily,
        _ ipv4: IPAddress,
        _ high: UInt64,
        _ low: Int
    ) -> IPAddress {
        guard family == .ipv6 else { return ipv4 }
        // People read 10 in ::10 as ten, and so do the IPv4 addresses beside them.
        return .ipv6(high: high, low: UInt64(String(low), radix: 16) ?? 0)
    }

    /// Both Nodes, as the cluster describes them.
    package static var nodes: [ClusterChange] {
        [(1, nodeName, zone), (2, otherNodeName, otherZone)].map { number, name, zone in
            .node(
                Node(
                    name: name,
                    zone: zone,
                    podCIDRs: AddressFamily.allCases.map { podCIDR(ofNode: number, $0) },
                    addresses: AddressFamily.allCases.map { nodeAddress(number, $0) }
                )
            )
        }
    }
}
