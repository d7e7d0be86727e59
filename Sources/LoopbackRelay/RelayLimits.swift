/// How much of this process the clients of relayed ports may hold.
package struct RelayLimits: Hashable, Sendable {
    /// TCP connections over all ports together, of two open files each; more are reset at once.
    package var connections = 4096
    /// UDP clients of one port, of one open file each; the one that was silent for longest goes.
    package var datagramClients = 1024
    /// After so long without a datagram in either direction a UDP client is forgotten.
    package var datagramIdleTime: Duration = .seconds(60)

    package init() {}
}
