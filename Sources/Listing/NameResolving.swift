package import Addressing

/// Where a listing gets names from, when it prints names instead of numbers.
package protocol NameResolving {
    /// The host name of an address; nil to print the number.
    func hostName(of address: IPAddress) -> String?
    /// The name of a port; nil to print the number.
    func serviceName(of port: UInt16, _ transport: TransportProtocol) -> String?
}

/// Numbers only, as with `-n`.
package struct NumericNames: NameResolving {
    package init() {}
    package func hostName(of address: IPAddress) -> String? { nil }
    package func serviceName(of port: UInt16, _ transport: TransportProtocol) -> String? { nil }
}

extension NameResolving {
    /// `10.0.0.1:80`, `[fd00::1]:80`, or with names in the place of either part.
    ///
    /// `ipvsadm` has room for 59 characters and cuts what is longer.
    func text(of endpoint: SocketEndpoint, _ transport: TransportProtocol?) -> String {
        let host = hostName(of: endpoint.address) ?? endpoint.address.description
        let port =
            transport.flatMap { serviceName(of: endpoint.port, $0) } ?? String(endpoint.port)
        return String(
            (endpoint.address.family == .ipv4 ? "\(host):\(port)" : "[\(host)]:\(port)").prefix(59)
        )
    }
}
