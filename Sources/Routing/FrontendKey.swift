package import Addressing

/// Where clients knock: an address with a port and a protocol, or a port of every node.
package enum FrontendKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    case address(SocketEndpoint, TransportProtocol)
    /// On each of the node's addresses of a family that serve node ports.
    case nodePort(UInt16, TransportProtocol, AddressFamily)

    package init(_ endpoint: SocketEndpoint, _ transport: TransportProtocol) {
        self = .address(endpoint, transport)
    }

    package var transport: TransportProtocol {
        switch self {
        case .address(_, let transport), .nodePort(_, let transport, _): transport
        }
    }

    package var family: AddressFamily {
        switch self {
        case .address(let endpoint, _): endpoint.address.family
        case .nodePort(_, _, let family): family
        }
    }

    package var port: UInt16 {
        switch self {
        case .address(let endpoint, _): endpoint.port
        case .nodePort(let port, _, _): port
        }
    }

    /// The address of its own; nil for a node port.
    package var address: IPAddress? {
        if case .address(let endpoint, _) = self { endpoint.address } else { nil }
    }

    /// `10.96.0.1:80/TCP`, or `node port 30080/TCP (IPv4)`.
    package var description: String {
        switch self {
        case .address(let endpoint, let transport): "\(endpoint)/\(transport)"
        case .nodePort(let port, let transport, let family):
            "node port \(port)/\(transport) (\(family))"
        }
    }

    /// Addresses first.
    package static func < (left: FrontendKey, right: FrontendKey) -> Bool {
        switch (left, right) {
        case (.address(let first, let firstProtocol), .address(let second, let secondProtocol)):
            first == second ? firstProtocol < secondProtocol : first < second
        case (
            .nodePort(let first, let firstProtocol, let firstFamily),
            .nodePort(let second, let secondProtocol, let secondFamily)
        ):
            (first, firstProtocol, firstFamily) < (second, secondProtocol, secondFamily)
        case (.address, .nodePort): true
        case (.nodePort, .address): false
        }
    }
}
