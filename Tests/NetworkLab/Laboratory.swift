package import Addressing

/// A node with pods behind it and a client outside, each in a network namespace of its own.
///
/// The node routes between them; pods and client have their default route through it. Pod *i* is
/// 10.244.*i*.2 and fd00:10:244:*i*::2, the client 192.168.50.2 (and .3 to .20) and fd00:50::2 (and
/// ::3 to ::20), the node 192.168.50.1 and fd00:50::1. Service addresses are 10.96.0.0/16 and
/// fd00:10:96::/112. The node has a default route, as the kernel takes no real server without a
/// route to it.
package final class Laboratory: Sendable {
    package let node: NetworkNamespace
    package let client: NetworkNamespace
    package let pods: [NetworkNamespace]

    /// How many addresses the client has of each family.
    package static let clientAddresses = 19

    /// `uplink` is the kind of device that the node's default route goes through.
    package init(pods count: Int = 3) throws {
        node = try bareNode("node")
        client = try NetworkNamespace("client")
        pods = try (1...count).map { try NetworkNamespace("pod\($0)") }
        try node.perform {
            var commands = """
                link add outside type veth peer name eth0 netns \(client.path)
                link set outside up
                addr add 192.168.50.1/24 dev outside
                addr add fd00:50::1/64 dev outside nodad

                """
            for (index, pod) in pods.enumerated() {
                let number = index + 1
                commands += """
                    link add pod\(number) type veth peer name eth0 netns \(pod.path)
                    link set pod\(number) up
                    addr add 10.244.\(number).1/24 dev pod\(number)
                    addr add fd00:10:244:\(number)::1/64 dev pod\(number) nodad

                    """
            }
            try Command.run("ip", ["-batch", "-"], input: commands)
            for parameter in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"] {
                try Command.run("sh", ["-c", "echo 1 > /proc/sys/net/\(parameter)"])
            }
        }
        try configure(
            client,
            addresses: (2..<2 + Self.clientAddresses).flatMap {
                ["192.168.50.\($0)/24", "fd00:50::\($0)/64"]
            },
            gateway: "192.168.50.1",
            gateway6: "fd00:50::1"
        )
        for (index, pod) in pods.enumerated() {
            let number = index + 1
            try configure(
                pod,
                addresses: ["10.244.\(number).2/24", "fd00:10:244:\(number)::2/64"],
                gateway: "10.244.\(number).1",
                gateway6: "fd00:10:244:\(number)::1"
            )
        }
    }

    private func configure(
        _ namespace: NetworkNamespace,
        addresses: [String],
        gateway: String,
        gateway6: String
    ) throws {
        try namespace.perform {
            var commands = "link set lo up\nlink set eth0 up\n"
            for address in addresses {
                commands +=
                    "addr add \(address) dev eth0\(address.contains("::") ? " nodad" : "")\n"
            }
            commands += "route add default via \(gateway)\nroute add default via \(gateway6)\n"
            try Command.run("ip", ["-batch", "-"], input: commands)
        }
    }

    /// The address of a pod (from 1), of a family.
    package func podAddress(_ number: Int, _ family: AddressFamily) throws -> IPAddress {
        try IPAddress(family == .ipv4 ? "10.244.\(number).2" : "fd00:10:244:\(number)::2")
    }

    /// The client's addresses of a family.
    package func clientAddress(_ index: Int, _ family: AddressFamily) throws -> IPAddress {
        try IPAddress(family == .ipv4 ? "192.168.50.\(2 + index)" : "fd00:50::\(2 + index)")
    }
}
