package import Addressing
import NIOCore
import Synchronization

/// Addresses and ports that no other test of this machine is likely to use.
package enum Place {
    /// An address of 127.0.0.0/8, all of which Linux has.
    package static func address() -> IPAddress {
        .ipv4(0x7f00_0000 | UInt32.random(in: 0x1_0000..<0xff_ffff))
    }

    package static func endpoint() -> SocketEndpoint { SocketEndpoint(address(), port()) }

    /// Of ::1.
    package static func endpointOfIPv6() -> SocketEndpoint {
        SocketEndpoint(.ipv6(high: 0, low: 1), port())
    }

    /// From 12000 to 29999, below those that the kernel gives to clients: each once in this process,
    /// as one that listens on all addresses takes the port of every one.
    package static func port() -> UInt16 {
        12_000 + UInt16(count.add(1, ordering: .relaxed).newValue % 18_000)
    }

    private static let count = Atomic(UInt.random(in: 0..<18_000))

    package static var hasIPv6: Bool {
        (try? System.enumerateDevices())?.contains { $0.address?.ipAddress == "::1" } ?? false
    }
}
