import Addressing
package import DataplaneModel
import Iptables

/// The virtual servers that chains of the packet filter stand in for, for those who only read.
package enum ChainListing {
    /// All that are whole, with the Service port that each is for.
    ///
    /// Their counters are 0: chains count no connections, and the kernel keeps none of the rest.
    ///
    /// - Throws: `DataplaneError` when the rules of IPv4 cannot be read.
    package static func read(
        stateDirectory: String
    ) throws(DataplaneError) -> (servers: [VirtualServerReading], names: [VirtualServerKey: String])
    {
        let filters = PacketFilters(directory: stateDirectory)
        var servers: [VirtualServerReading] = []
        var names: [VirtualServerKey: String] = [:]
        for family in AddressFamily.allCases {
            let saved: SavedRules
            do throws(DataplaneError) {
                saved = try filters.programs(of: family).save()
            } catch {
                // A node may well do without IPv6.
                guard family == .ipv6 else { throw error }
                continue
            }
            for server in BalancingChains.read(saved, family).intact {
                servers.append(VirtualServerReading(server))
                names[server.key] = server.owner
            }
        }
        return (servers, names)
    }
}

extension VirtualServerReading {
    fileprivate init(_ server: BalancedServer) {
        let family = server.key.family
        let length = server.persistence.map { Int($0.prefixLength) } ?? family.bits
        self.init(
            server: server.entry.server,
            netmask: family == .ipv4
                ? UInt32(truncatingIfNeeded: UInt64(UInt32.max) << UInt64(32 - length))
                : UInt32(length),
            statistics: TrafficStatistics(),
            realServers: server.realServers.map { RealServerReading(server: $0) }
        )
    }
}
