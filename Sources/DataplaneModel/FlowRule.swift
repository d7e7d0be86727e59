package import Addressing

/// Who may answer at a place that is served.
///
/// A UDP client that keeps its port goes on with whatever its first packet met, for as long as it
/// sends: an endpoint that has left since, or nobody, when the Service was not served yet. Only the
/// end of the flow in connection tracking makes its next packet a first one again.
///
/// The rule is kube-proxy's since 1.32 (`pkg/proxy/conntrack/cleanup.go`), with one difference: that
/// one spares flows to Services without endpoints. Here they end too, so that the next packet is
/// refused and its sender told at once.
package struct FlowRule: Hashable, Sendable {
    /// The Service's address and port, or a node's address and a node port.
    ///
    /// Never a place where a process of the node itself answers, as for node ports on loopback: all
    /// its flows would be stale.
    package let destination: SocketEndpoint
    package let transport: TransportProtocol
    /// Who may answer; empty when nobody may.
    package let backends: Set<SocketEndpoint>

    package init(
        destination: SocketEndpoint,
        transport: TransportProtocol,
        backends: Set<SocketEndpoint>
    ) {
        self.destination = destination
        self.transport = transport
        self.backends = backends
    }

    /// Whether a flow was sent to this place, and somebody answers it, or would, who may not.
    package func isStale(_ flow: TrackedFlow) -> Bool {
        flow.transport == transport && flow.destination == destination
            && !backends.contains(flow.replySource)
    }
}
