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

/// The address and port that a socket call wrote; nil when it wrote none.
func receivingSocketAddress(
    _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Void
) -> SocketEndpoint? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    unsafe withUnsafeMutablePointer(to: &storage) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe body($0, &length)
        }
    }
    // Both kinds have the port behind the family; the address follows at once, or after a flow
    // label of 4 bytes.
    let family: AddressFamily
    switch Int32(storage.ss_family) {
    case AF_INET: family = .ipv4
    case AF_INET6: family = .ipv6
    default: return nil
    }
    let bytes = unsafe withUnsafeBytes(of: &storage) { unsafe Array($0) }
    let offset = family == .ipv4 ? 4 : 8
    let address = Array(bytes[offset..<offset + family.bits / 8])
    return IPAddress(family: family, networkOrder: address.span).map {
        SocketEndpoint($0, UInt16(bytes[2]) << 8 | UInt16(bytes[3]))
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

/// A socket that takes connections, or datagrams, at an address of the calling thread's namespace.
func listeningSocket(
    _ endpoint: SocketEndpoint,
    _ transport: TransportProtocol
) throws -> Int32 {
    let descriptor = try makeSocket(transport, endpoint.address.family)
    setOption(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
    if endpoint.address.family == .ipv6 {
        setOption(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1)
    }
    let bound = unsafe withSocketAddress(endpoint) { unsafe bind(descriptor, $0, $1) }
    guard bound == 0, transport == .udp || Glibc.listen(descriptor, 256) == 0 else {
        defer { close(descriptor) }
        throw LabError("listen on \(transport) \(endpoint)", errno)
    }
    return descriptor
}
