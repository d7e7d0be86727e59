import Addressing
import Glibc

/// Hears the ICMP errors that say "port unreachable", in the namespace of the thread that made it.
///
/// The kernel tells a client's socket of them as well, but TCP only with the next transmission, a
/// second later, and SCTP after three, when the error comes back while `connect` still holds the
/// socket; between namespaces of one machine it mostly does.
struct PortUnreachableListener: ~Copyable {
    let descriptor: Int32
    private let family: AddressFamily

    init(_ family: AddressFamily) throws {
        self.family = family
        descriptor = try makeICMPSocket(family)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit { close(descriptor) }

    /// Reads what has come, and tells whether a packet to `endpoint` from `port` was refused.
    func hasHeard(
        of endpoint: SocketEndpoint,
        _ transport: TransportProtocol,
        from port: UInt16
    ) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 2048)
        while true {
            let size = buffer.count
            let count = unsafe recv(descriptor, &buffer, size, 0)
            guard count > 0 else { return false }
            if Self.refuses(buffer[..<count], endpoint, transport, from: port) { return true }
        }
    }

    private static func refuses(
        _ message: ArraySlice<UInt8>,
        _ endpoint: SocketEndpoint,
        _ transport: TransportProtocol,
        from port: UInt16
    ) -> Bool {
        let isIPv4 = endpoint.address.family == .ipv4
        // IPv4 gives the header of the message too. Behind the 8 bytes of the message's own stands
        // the packet that caused it.
        let start = isIPv4 ? Int(message[0] & 15) * 4 : 0
        let packet = start + 8
        guard message.count > packet,
            message[start] == (isIPv4 ? 3 : 1), message[start + 1] == (isIPv4 ? 3 : 4)
        else { return false }
        let ports = packet + (isIPv4 ? Int(message[packet] & 15) * 4 : 40)
        let address = packet + (isIPv4 ? 16 : 24)
        let next = packet + (isIPv4 ? 9 : 6)
        guard message.count >= ports + 4 else { return false }
        let destination = Array(message[address..<address + endpoint.address.family.bits / 8])
        func number(at offset: Int) -> UInt16 {
            UInt16(message[offset]) << 8 | UInt16(message[offset + 1])
        }
        return message[next] == transport.rawValue && number(at: ports) == port
            && number(at: ports + 2) == endpoint.port
            && IPAddress(family: endpoint.address.family, networkOrder: destination.span)
                == endpoint.address
    }
}

/// A raw socket for ICMP or ICMPv6, in the namespace of the calling thread.
func makeICMPSocket(_ family: AddressFamily) throws -> Int32 {
    let descriptor = socket(
        family == .ipv4 ? AF_INET : AF_INET6,
        Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
        family == .ipv4 ? Int32(IPPROTO_ICMP) : Int32(IPPROTO_ICMPV6)
    )
    guard descriptor >= 0 else { throw LabError("make an ICMP socket", errno) }
    return descriptor
}
