import Addressing
package import ListeningSockets
package import Logging
import NIOCore

/// Serves node ports on 127.0.0.1 and ::1, which IPVS cannot.
///
/// The kernel lets no packet with a loopback address leave the loopback interface, so the
/// connections of such clients are taken here and made again to an address that IPVS serves. The
/// endpoint sees this node as its client.
package final class LoopbackRelay: Sendable {
    private let listeners: ListenerSet
    private let targets = RelayTargets()
    private let streams: StreamRelay
    private let datagrams: DatagramRelay

    package init(limits: RelayLimits = RelayLimits(), logger: Logger) {
        listeners = ListenerSet(logger: logger)
        streams = StreamRelay(targets: targets, limits: limits)
        datagrams = DatagramRelay(targets: targets, limits: limits, logger: logger)
    }

    /// Relays these ports from now on, and answers what could not be opened, which is logged too.
    ///
    /// A port that stays is not touched: its new clients go to the new target, connections and UDP
    /// clients that are there stay where they are. The TCP connections of a port that is gone go on
    /// to their end; its UDP clients have none. Of two entries with one port the first has it.
    @discardableResult
    package func update(_ ports: [RelayedPort]) async -> [ListenProblem] {
        let relayed = ports.filter { $0.transport != .sctp }
        targets.replace(
            with: Dictionary(
                relayed.map { ($0.listeningPort, $0.target) },
                uniquingKeysWith: { first, _ in first }
            )
        )
        return await listeners.update(
            relayed.map { port in
                let listeningPort = port.listeningPort
                return Listener(listeningPort, owner: port.owner) { [streams, datagrams] in
                    port.transport == .tcp
                        ? try await streams.open(listeningPort)
                        : try await datagrams.open(listeningPort)
                }
            }
        )
    }

    /// How many ports cannot be opened, by the last attempt.
    package var failingPorts: Int { get async { await listeners.failingPorts } }

    /// Closes all ports and connections, for good.
    package func shutdown() async {
        await listeners.shutdown()
        await streams.shutdown()
    }
}

extension RelayedPort {
    fileprivate var listeningPort: ListeningPort { ListeningPort(listen, transport) }
}
