/// The interfaces and routes of a node, as far as they matter here.
package struct NetworkObservation: Hashable, Sendable {
    package struct Bridge: Hashable, Sendable {
        package let name: String
        /// How many interfaces are on it.
        package let ports: Int
        /// Whether packets between its own ports pass iptables whatever the parameter says.
        package let callsFilter: Bool

        package init(name: String, ports: Int, callsFilter: Bool) {
            self.name = name
            self.ports = ports
            self.callsFilter = callsFilter
        }
    }

    /// The names of all interfaces.
    package var interfaces: Set<String> = []
    package var bridges: [Bridge] = []
    /// The interfaces of IPv4 default routes.
    package var defaultRoutes: Set<String> = []
    /// The interfaces of IPv6 default routes that a router advertised.
    package var advertisedRoutes: Set<String> = []
    /// Packets dropped so far because their answers would leave by another interface; nil when the
    /// kernel does not count them.
    package var reversePathDrops: UInt64?
    /// Addresses bound to the service device that are not in the record of what is ours.
    package var foreignBoundAddresses = 0
    /// There is an interface of the service device's name that is no dummy device.
    package var isServiceDeviceUnfit = false

    package init() {}
}

// What the files below `/proc/net` say.
extension NetworkObservation {
    /// The names in `/proc/net/dev`, whose first two lines are headings.
    package static func interfaces(inDeviceTable text: String) -> Set<String> {
        Set(
            text.split(separator: "\n").dropFirst(2).compactMap { line in
                guard let colon = line.lastIndex(of: ":") else { return nil }
                return String(line[..<colon].drop { $0 == " " })
            }
        )
    }

    /// The interfaces of the default routes in `/proc/net/route`.
    package static func defaultRoutes(inRouteTable text: String) -> Set<String> {
        Set(
            text.split(separator: "\n").dropFirst().compactMap { line in
                let fields = line.split { $0 == "\t" || $0 == " " }
                guard fields.count >= 8, fields[1] == "00000000", fields[7] == "00000000" else {
                    return nil
                }
                return String(fields[0])
            }
        )
    }

    /// The interfaces of the default routes in `/proc/net/ipv6_route` that come from an
    /// advertisement (`RTF_ADDRCONF`, `include/uapi/linux/ipv6_route.h`).
    package static func advertisedRoutes(inRouteTable text: String) -> Set<String> {
        Set(
            text.split(separator: "\n").compactMap { line in
                let fields = line.split(separator: " ")
                guard fields.count == 10, fields[1] == "00",
                    fields[0].allSatisfy({ $0 == "0" }),
                    let flags = UInt32(fields[8], radix: 16), flags & 0x4_0000 != 0
                else { return nil }
                return String(fields[9])
            }
        )
    }

    /// A counter of `/proc/net/netstat`, where a line of names is followed by one of values.
    package static func counter(
        _ name: String,
        of group: String,
        in text: String
    ) -> UInt64? {
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("\(group):") }
        guard lines.count >= 2 else { return nil }
        let names = lines[0].split(separator: " ")
        let values = lines[1].split(separator: " ")
        guard let index = names.firstIndex(where: { $0 == name }), values.indices.contains(index)
        else { return nil }
        return UInt64(values[index])
    }
}
