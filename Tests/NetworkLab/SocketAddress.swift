import Addressing
import Glibc

/// Calls `body` with an address and port in the form that the socket calls take.
func withSocketAddress<Value>(
    _ endpoint: SocketEndpoint,
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
) -> Value {
    switch endpoint.address.family {
    case .ipv4:
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = endpoint.port.bigEndian
        address.sin_addr.s_addr = UInt32(truncatingIfNeeded: endpoint.address.low).bigEndian
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    case .ipv6:
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = endpoint.port.bigEndian
        unsafe withUnsafeMutableBytes(of: &address.sin6_addr) { bytes in
            var index = 0
            endpoint.address.forEachByte { byte in
                unsafe bytes[index] = byte
                index += 1
            }
        }
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
    }
}

/// A socket of a protocol and family, made in the namespace of the calling thread.
func makeSocket(
    _ transport: TransportProtocol,
    _ family: AddressFamily
) throws -> Int32 {
    let domain = family == .ipv4 ? AF_INET : AF_INET6
    let descriptor =
        switch transport {
        case .tcp: socket(domain, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        case .udp: socket(domain, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        case .sctp:
            socket(
                domain,
                Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
                Int32(IPPROTO_SCTP)
            )
        }
    guard descriptor >= 0 else { throw LabError("make a \(transport) socket", errno) }
    return descriptor
}

func setOption(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
    var value = value
    _ = unsafe setsockopt(
        descriptor,
        level,
        option,
        &value,
        socklen_t(MemoryLayout<Int32>.size)
    )
}
