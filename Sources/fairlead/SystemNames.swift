import Addressing
import Glibc
import Listing

/// Names from this system: its host table and DNS, and its table of services.
struct SystemNames: NameResolving {
    /// The host name of this machine in lower case, as Kubernetes names nodes.
    static var ownHostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self).lowercased()
    }

    func hostName(of address: IPAddress) -> String? {
        var bytes: [UInt8] = []
        address.forEachByte { bytes.append($0) }
        let family = address.family == .ipv4 ? AF_INET : AF_INET6
        guard let host = unsafe gethostbyaddr(bytes, socklen_t(bytes.count), family) else {
            return nil
        }
        return unsafe String(cString: host.pointee.h_name)
    }

    func serviceName(of port: UInt16, _ transport: TransportProtocol) -> String? {
        let name = transport.description.lowercased()
        guard let service = unsafe getservbyport(Int32(port.bigEndian), name) else { return nil }
        return unsafe String(cString: service.pointee.s_name)
    }

    /// The first IPv4 address of a host name.
    static func address(of name: String) -> IPAddress? {
        guard let host = unsafe gethostbyname(name), unsafe host.pointee.h_addrtype == AF_INET,
            unsafe host.pointee.h_length == 4,
            let first = unsafe host.pointee.h_addr_list.pointee
        else { return nil }
        var bits: UInt32 = 0
        for index in 0..<4 { bits = unsafe bits << 8 | UInt32(UInt8(bitPattern: first[index])) }
        return .ipv4(bits)
    }

    /// The port of a service name.
    static func port(of name: String, _ transport: TransportProtocol) -> UInt16? {
        guard let service = unsafe getservbyname(name, transport.description.lowercased()) else {
            return nil
        }
        return unsafe UInt16(truncatingIfNeeded: service.pointee.s_port).byteSwapped
    }
}
