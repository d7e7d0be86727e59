package import Addressing
package import DataplaneModel

/// A virtual server as rules of `iptables` can hold it: without scheduler, thresholds or tunnels.
package struct BalancedServer: Hashable, Sendable {
    package let key: VirtualServerKey
    /// Of the key, or, where that is a mark, of the packets that carry it.
    package let transport: TransportProtocol
    /// The name of the Service port (`default/web:http`); empty where nobody is known to want it.
    package var owner: String
    package var persistence: Persistence?
    /// Sorted by address.
    package private(set) var realServers: [RealServer]

    package init(
        key: VirtualServerKey,
        transport: TransportProtocol,
        owner: String = "",
        persistence: Persistence? = nil,
        realServers: [RealServer] = []
    ) {
        self.key = key
        self.transport = transport
        self.owner = owner
        self.persistence = persistence
        self.realServers = realServers.sorted { $0.address < $1.address }
    }

    /// The same in the words of IPVS.
    package var entry: IPVSState.Entry {
        IPVSState.Entry(
            server: VirtualServer(
                key: key,
                scheduler: .random,
                persistence: persistence
            ),
            realServers: realServers
        )
    }

    /// The real server at an address; nil where there is none.
    package subscript(address: SocketEndpoint) -> RealServer? {
        realServers.first { $0.address == address }
    }

    /// Puts a real server in its place, over one of the same address.
    package mutating func put(_ server: RealServer) {
        let index =
            realServers.firstIndex { $0.address >= server.address } ?? realServers.endIndex
        if index < realServers.endIndex, realServers[index].address == server.address {
            realServers[index] = server
        } else {
            realServers.insert(server, at: index)
        }
    }

    /// Takes a real server out; nothing when there is none at that address.
    package mutating func remove(_ address: SocketEndpoint) {
        realServers.removeAll { $0.address == address }
    }
}
