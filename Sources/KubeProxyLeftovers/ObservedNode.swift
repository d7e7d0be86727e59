package import Addressing
package import DataplaneModel

/// What a node holds where kube-proxy may have left something, whoever made it.
package struct ObservedNode: Hashable, Sendable {
    /// The rules by the program that reads them: `iptables-legacy`, `ip6tables-nft`.
    package var rules: [String: RuleListing] = [:]
    /// The names of all address sets.
    package var sets: Set<String> = []
    /// The ports in those of kube-proxy's sets that hold node ports, by the name of the set.
    package var nodePorts: [String: Set<UInt16>] = [:]
    /// The families that have a table of nftables called as kube-proxy's is.
    package var tables: Set<AddressFamily> = []
    package var virtualServers: [VirtualServerKey: IPVSState.Entry] = [:]
    /// The device of kube-proxy's ipvs mode; nil where there is none, or one of another kind.
    package var device: Device?
    /// The addresses of all other devices.
    package var addresses: Set<IPAddress> = []
    /// What is fairlead's, by its record.
    package var claims: Set<OwnedObject> = []
    /// What could not be looked into, as sentences.
    package var doubts: [String] = []

    /// The device that kube-proxy binds service addresses to.
    package struct Device: Hashable, Sendable {
        package var isUp: Bool
        /// Addresses with the whole length of their family as prefix, as kube-proxy binds them.
        package var singles: Set<IPAddress> = []
        /// Addresses to which fairlead has a local route by this device.
        package var routed: Set<IPAddress> = []
        /// It has other addresses or routes, which neither the kernel nor fairlead put there.
        package var hasMore = false

        package init(isUp: Bool) { self.isUp = isUp }
    }

    /// A node with nothing on it.
    package init() {}
}
