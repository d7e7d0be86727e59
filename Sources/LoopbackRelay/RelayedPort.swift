package import Addressing

/// A port of this node's loopback interface, and where its clients are sent on to.
package struct RelayedPort: Hashable, Sendable {
    package let listen: SocketEndpoint
    /// SCTP is not relayed.
    package let transport: TransportProtocol
    /// An address of this node, not of its loopback interface, with the same node port.
    package let target: SocketEndpoint
    /// The Service port, as the log says it.
    package let owner: String

    package init(
        listen: SocketEndpoint,
        transport: TransportProtocol,
        target: SocketEndpoint,
        owner: String
    ) {
        self.listen = listen
        self.transport = transport
        self.target = target
        self.owner = owner
    }
}
