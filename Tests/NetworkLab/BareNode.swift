/// A namespace with a route to everywhere, as a node has, but no other node around.
package func bareNode(_ name: String) throws -> NetworkNamespace {
    let namespace = try NetworkNamespace(name)
    try namespace.perform {
        try addSwallowingDevice("node0")
        try Command.run(
            "ip",
            ["-batch", "-"],
            input: """
                link set lo up
                link set node0 up
                addr add 192.0.2.10/24 dev node0
                addr add 2001:db8::10/64 dev node0 nodad
                route add default via 192.0.2.1
                route add default via 2001:db8::1

                """
        )
    }
    return namespace
}

/// Makes a device that swallows what is sent to it, in the namespace of the calling thread; not every
/// kernel has the first of the kinds that do.
private func addSwallowingDevice(_ name: String) throws {
    let dummy = try Command.execute("ip", ["link", "add", name, "type", "dummy"])
    guard dummy.status != 0 else { return }
    try Command.run("ip", ["link", "add", name, "type", "ifb"])
}
