package import Addressing
import Glibc

/// A port of a namespace that takes TCP connections and does nothing with them.
///
/// The kernel answers by itself until 4096 of them wait, so no other thread has a part in it.
package final class SilentServer: Sendable {
    private let descriptor: Int32

    package init(in namespace: NetworkNamespace, port: UInt16) throws {
        descriptor = try namespace.perform {
            let descriptor = try listeningSocket(SocketEndpoint(.ipv4(0), port), .tcp)
            _ = Glibc.listen(descriptor, 4096)
            return descriptor
        }
    }

    deinit { close(descriptor) }
}

/// The beginning of a TCP connection.
package enum Handshake {
    /// How long `connect` takes from the namespace of the calling thread; the connection is reset
    /// afterwards.
    ///
    /// - Throws: `LabError` with the kernel's words.
    package static func duration(to endpoint: SocketEndpoint) throws -> Duration {
        let descriptor = try makeSocket(.tcp, endpoint.address.family)
        defer { close(descriptor) }
        var now = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_LINGER,
            &now,
            socklen_t(MemoryLayout<linger>.size)
        )
        var result: Int32 = 0
        let duration = ContinuousClock().measure {
            result = unsafe withSocketAddress(endpoint) { unsafe connect(descriptor, $0, $1) }
        }
        guard result == 0 else { throw LabError("connect to \(endpoint)", errno) }
        return duration
    }
}
