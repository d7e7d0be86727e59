package import Addressing
import Glibc
package import PacketMatrix

/// The cluster of the packet matrix, in network namespaces: two nodes, their pods, and a client
/// outside.
///
/// Everything that is sent goes through `node` first. Pods have addresses of their own alone
/// (/32, /128) and reach everybody by way of their node, as pods do. The client has its route to
/// everything through `node`, and node-b has no way back to the client: whatever reaches a pod of
/// node-b with the client's own address is never answered, so that a masquerade that is missing is
/// not repaired by a lucky way home. Nobody is at the default gateway of the nodes.
package final class TwoNodeLaboratory: Sendable {
    /// node-a, under test.
    package let node: NetworkNamespace
    private let otherNode: NetworkNamespace
    private let client: NetworkNamespace
    private let pods: [EndpointName: NetworkNamespace]
    /// A pod of node-a that serves nothing.
    private let pod: NetworkNamespace
    private let server: ReportingServer

    /// The protocols that this kernel has; not all have SCTP.
    package static let transports = TransportProtocol.allCases.filter { transport in
        (try? makeSocket(transport, .ipv4)).map { close($0) } != nil
    }

    package init() throws {
        node = try NetworkNamespace(World.nodeName)
        otherNode = try NetworkNamespace(World.otherNodeName)
        client = try NetworkNamespace("client")
        pod = try NetworkNamespace("pod")
        var pods: [EndpointName: NetworkNamespace] = [:]
        for name in EndpointName.allCases where !name.isHostNetwork {
            pods[name] = try NetworkNamespace(name.rawValue)
        }
        self.pods = pods
        try Self.connect(node, otherNode, client)
        for (name, namespace) in pods.sorted(by: { $0.key < $1.key }) {
            try Self.add(
                namespace,
                to: name.isNear ? node : otherNode,
                number: name.isNear ? 1 : 2,
                address: name.address
            )
        }
        try Self.add(pod, to: node, number: 1, address: Vantage.pod.address)
        server = try ReportingServer(Self.listeners(node, otherNode, pods))
        try meetNeighbours()
    }

    /// Where a client's sockets are made.
    package func namespace(of client: Vantage) -> NetworkNamespace {
        switch client {
        case .node: node
        case .pod: pod
        case .near1: pods[.near1] ?? pod
        case .outside, .neighbour: self.client
        }
    }

    private static func listeners(
        _ node: NetworkNamespace,
        _ otherNode: NetworkNamespace,
        _ pods: [EndpointName: NetworkNamespace]
    ) -> [ReportingServer.Listener] {
        var listeners: [ReportingServer.Listener] = []
        for family in AddressFamily.allCases {
            let any = family == .ipv4 ? IPAddress.ipv4(0) : .ipv6(high: 0, low: 0)
            for transport in transports {
                for name in EndpointName.allCases {
                    // With an address of its own, so that datagrams are answered from there.
                    listeners.append(
                        ReportingServer.Listener(
                            name: name.rawValue,
                            namespace: pods[name] ?? (name.isNear ? node : otherNode),
                            endpoint: SocketEndpoint(name.address(family), name.port),
                            transport: transport
                        )
                    )
                }
                listeners.append(
                    ReportingServer.Listener(
                        name: "a process of the node that serves no Service",
                        namespace: node,
                        endpoint: SocketEndpoint(any, World.hostPort),
                        transport: transport
                    )
                )
            }
        }
        return listeners
    }
}

extension TwoNodeLaboratory {
    /// The link between the nodes, the link to the client, and the routes between them.
    private static func connect(
        _ node: NetworkNamespace,
        _ otherNode: NetworkNamespace,
        _ client: NetworkNamespace
    ) throws {
        var near = "link set lo up\nlink add uplink type veth peer name uplink netns "
        near += "\(otherNode.path)\nlink set uplink up\n"
        near += "link add outside type veth peer name eth0 netns \(client.path)\n"
        near += "link set outside up\n"
        var far = "link set lo up\nlink set uplink up\n"
        var outside = "link set lo up\nlink set eth0 up\n"
        for family in AddressFamily.allCases {
            let here = World.nodeAddress(1, family)
            let there = World.nodeAddress(2, family)
            let second = World.secondNodeAddress(family)
            let length = family == .ipv4 ? 24 : 64
            let network = IPPrefix(holding: second, length: length)
            let gateway: IPAddress =
                family == .ipv4 ? .ipv4(0xc000_0201) : .ipv6(high: 0x2001_0db8 << 32, low: 1)
            near += assign(here, length, "uplink") + assign(second, length, "outside")
            near += "route add \(World.podCIDR(ofNode: 2, family)) via \(there)\n"
            far += assign(there, length, "uplink")
            far += "route add \(World.podCIDR(ofNode: 1, family)) via \(here)\n"
            far += "route add \(second)/\(family.bits) via \(here)\n"
            far += "route add blackhole \(network)\n"
            // A gateway that is known and not there: what is sent to it vanishes at once.
            for index in 1...2 {
                let route = """
                    neigh add \(gateway) lladdr 02:00:00:00:00:01 dev uplink
                    route add default via \(gateway)

                    """
                if index == 1 { near += route } else { far += route }
            }
            for vantage in [Vantage.outside, .neighbour] {
                outside += assign(vantage.address(family), length, "eth0")
            }
            outside += "route add default via \(second)\n"
        }
        for (namespace, commands) in [(node, near), (otherNode, far), (client, outside)] {
            try namespace.perform {
                try Command.run("ip", ["-batch", "-"], input: commands)
                try hastenAssociations()
                guard namespace !== client else { return }
                for setting in [
                    "1 > /proc/sys/net/ipv4/ip_forward",
                    "1 > /proc/sys/net/ipv6/conf/all/forwarding",
                    // A client that is refused often is soon told nothing, and silence is another
                    // promise.
                    "0 > /proc/sys/net/ipv4/icmp_ratelimit",
                    "0 > /proc/sys/net/ipv6/icmp/ratelimit",
                ] {
                    try Command.run("sh", ["-c", "echo \(setting)"])
                }
            }
        }
    }

    /// A pod and its way to its node, and the node's way to it.
    private static func add(
        _ pod: NetworkNamespace,
        to node: NetworkNamespace,
        number: Int,
        address: (AddressFamily) -> IPAddress
    ) throws {
        let device = pod.name
        var onNode = "link add \(device) type veth peer name eth0 netns \(pod.path)\n"
        onNode += "link set \(device) up\n"
        var inside = "link set lo up\nlink set eth0 up\n"
        for family in AddressFamily.allCases {
            let gateway = World.podGateway(ofNode: number, family)
            onNode += assign(gateway, family.bits, device)
            onNode += "route add \(address(family))/\(family.bits) dev \(device) src \(gateway)\n"
            inside += assign(address(family), family.bits, "eth0")
            inside += "route add \(gateway)/\(family.bits) dev eth0\n"
            inside += "route add default via \(gateway) dev eth0\n"
        }
        try node.perform { try Command.run("ip", ["-batch", "-"], input: onNode) }
        try pod.perform {
            try Command.run("ip", ["-batch", "-"], input: inside)
            try hastenAssociations()
        }
    }

    /// Lets SCTP send what was lost again after half a second.
    ///
    /// Its first wait is three seconds otherwise, which is all the patience that a client here has: a
    /// machine that is busy elsewhere for a moment would look like a promise that is not kept.
    private static func hastenAssociations() throws {
        guard transports.contains(.sctp) else { return }
        for setting in ["rto_min", "rto_initial"] {
            try Command.run("sh", ["-c", "echo 500 > /proc/sys/net/sctp/\(setting)"])
        }
    }

    private static func assign(_ address: IPAddress, _ length: Int, _ device: String) -> String {
        "addr add \(address)/\(length) dev \(device)"
            + (address.family == .ipv6 ? " nodad\n" : "\n")
    }
}
