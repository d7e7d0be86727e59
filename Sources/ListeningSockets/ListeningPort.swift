package import Addressing

/// Where a socket of this process listens.
package struct ListeningPort: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let endpoint: SocketEndpoint
    package let transport: TransportProtocol
    /// Whether `[::]` takes IPv4 as well; false keeps an IPv6 socket to IPv6 whatever the sysctl
    /// `net.ipv6.bindv6only` says.
    package let isDualStack: Bool

    package init(_ endpoint: SocketEndpoint, _ transport: TransportProtocol) {
        self.endpoint = endpoint
        self.transport = transport
        isDualStack = false
    }

    private init(dualStack port: UInt16, _ transport: TransportProtocol) {
        endpoint = SocketEndpoint(.ipv6(high: 0, low: 0), port)
        self.transport = transport
        isDualStack = true
    }

    /// The port of every address of both families.
    package static func everywhere(
        _ port: UInt16,
        _ transport: TransportProtocol
    ) -> ListeningPort {
        ListeningPort(dualStack: port, transport)
    }

    /// `TCP 10.0.0.1:80`, or `TCP *:80` for all addresses of both families.
    package var description: String {
        isDualStack ? "\(transport) *:\(endpoint.port)" : "\(transport) \(endpoint)"
    }

    package static func < (left: ListeningPort, right: ListeningPort) -> Bool {
        if left.endpoint != right.endpoint { return left.endpoint < right.endpoint }
        if left.transport != right.transport { return left.transport < right.transport }
        return !left.isDualStack && right.isDualStack
    }
}
