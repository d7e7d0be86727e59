package import Addressing
package import DataplaneModel
package import Iptables

/// What a node holds where something of fairlead's may be, whoever made it.
package struct ObservedRemains: Hashable, Sendable {
    /// The rules by the program that reads them: `iptables-legacy`, `ip6tables-nft`.
    package var rules: [String: SavedRules] = [:]
    /// The names of all address sets.
    package var sets: Set<String> = []
    /// Virtual servers that members of fairlead's sets speak of.
    package var named: Set<VirtualServerKey> = []
    package var virtualServers: Set<VirtualServerKey> = []
    /// The name of the service device.
    package var deviceName = ""
    /// The service device; nil where there is none, or one of another kind.
    package var device: Device?
    /// Addresses to which fairlead has a local route, by whatever device.
    package var routed: Set<IPAddress> = []
    /// What the record claims.
    package var claims: Set<OwnedObject> = []
    /// Whether there is a record that can be read as a whole.
    package var isRecordWhole = true
    /// Where the record is.
    package var stateDirectory = ""
    /// The names of the files there that are fairlead's, without the lock.
    package var files: [String] = []
    /// What could not be looked into, as sentences.
    package var doubts: [String] = []

    /// The device that service addresses are on.
    package struct Device: Hashable, Sendable {
        package var isUp: Bool
        /// Addresses with the whole length of their family as prefix, as fairlead binds them.
        package var singles: Set<IPAddress> = []
        /// It has other addresses or routes, which neither the kernel nor fairlead put there.
        package var hasMore = false

        package init(isUp: Bool) { self.isUp = isUp }
    }

    /// A node with nothing on it.
    package init() {}
}
