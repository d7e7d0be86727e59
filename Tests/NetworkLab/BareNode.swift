/// A namespace with a route to everywhere, as a node has, but no other node around.
package func bareNode(_ name: String) throws -> NetworkNamespace {
    let namespace = try NetworkNamespace(name)
    try namespace.perform {
        try Command.run(
            "ip",
            ["-batch", "-"],
            input: """
                link set lo up
                link add node0 type dummy
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
