import Addressing
import DataplaneModel
import Glibc
import LinuxDataplane
import NetworkLab
import Testing

/// The kernel these tests need: one with IPVS, as root, in namespaces that they make themselves.
enum TestKernel {
    /// Set by whoever starts these tests in a kernel that may be changed at will.
    static var isProvided: Bool { unsafe getenv("FAIRLEAD_KERNEL_TESTS") != nil }

    static let reason: Comment = "needs a kernel with IPVS: Scripts/test runs it in one"

    /// A directory below /run for one test's record.
    static func stateDirectory(_ name: String) -> String { "/run/fairlead-tests/\(name)" }
}

/// A namespace with a route to everywhere, as a node has, but no other node around.
func bareNode(_ name: String) throws -> NetworkNamespace {
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
