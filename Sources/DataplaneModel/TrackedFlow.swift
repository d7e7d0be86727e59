package import Addressing

/// A conversation as the kernel's connection tracking remembers it, with all that it takes to end
/// this one and no other.
package struct TrackedFlow: Hashable, Sendable, CustomStringConvertible {
    package let transport: TransportProtocol
    /// Who sent the first packet.
    package let source: SocketEndpoint
    /// Where the first packet was sent, before anybody rewrote it: the Service.
    package let destination: SocketEndpoint
    /// Where answers come from: the endpoint, or `destination` when nobody rewrote it.
    package let replySource: SocketEndpoint
    /// Where answers go: `source`, or the node's own address when the source was rewritten.
    package let replyDestination: SocketEndpoint
    /// The zone that the first packet was tracked in; 0 where nobody made zones.
    package let zone: UInt16
    /// The kernel's number for this flow.
    ///
    /// A later one between the same endpoints has another, unless the kernel gave it the very same
    /// piece of memory (`nf_ct_get_id`, `net/netfilter/nf_conntrack_core.c`).
    package let id: UInt32

    package init(
        transport: TransportProtocol,
        source: SocketEndpoint,
        destination: SocketEndpoint,
        replySource: SocketEndpoint,
        replyDestination: SocketEndpoint,
        zone: UInt16 = 0,
        id: UInt32
    ) {
        self.transport = transport
        self.source = source
        self.destination = destination
        self.replySource = replySource
        self.replyDestination = replyDestination
        self.zone = zone
        self.id = id
    }

    /// `UDP 10.244.0.9:4000 to 10.96.0.10:53, answered by 10.244.0.5:53`.
    package var description: String {
        "\(transport) \(source) to \(destination), answered by \(replySource)"
    }
}
