import Addressing
import CNetlink
import DataplaneModel
import KubeProxyLeftovers
import Netlink

/// A conversation about a device of service addresses, kube-proxy's or ours: what is on it, and taking that away.
///
/// It tells apart what `RouteSocket` need not: how long the prefix of an address is, and whose a
/// route is.
struct ProxyDevice: ~Copyable {
    private var socket: NetlinkSocket
    private let name: String
    private var link: Link?
    /// Our own routes by the device, each with the source address it gives to packets.
    private var routes: [IPAddress: IPAddress?] = [:]

    private struct Link {
        let index: UInt32
        let isUp: Bool
    }

    /// What was read.
    struct Reading {
        /// Nil where there is no such device, or one of another kind.
        var device: ObservedNode.Device?
        /// The addresses of all other devices.
        var addresses: Set<IPAddress> = []
        /// Where there is a local route of ours to, by whatever device.
        var routed: Set<IPAddress> = []
    }

    /// A conversation about the device of this name.
    init(_ name: String = ProxyNames.device) throws(DataplaneError) {
        self.name = name
        do throws(NetlinkError) {
            socket = try NetlinkSocket(.route)
        } catch {
            throw DataplaneError(error, action: "reach the kernel's routing")
        }
    }

    /// Reads the device as it is now, and what else decides over it.
    mutating func read() throws(DataplaneError) -> Reading {
        link = try readLink()
        routes = [:]
        var reading = Reading(device: link.map { ObservedNode.Device(isUp: $0.isUp) })
        try readAddresses(into: &reading)
        try readRoutes(into: &reading)
        return reading
    }

    /// Removes addresses with the whole length of their family from the device that was read, and
    /// answers why those that stayed did.
    ///
    /// With the last IPv4 address of a device the kernel removes all routes by it
    /// (`fib_inetaddr_event`, `net/ipv4/fib_frontend.c`). So ours lead elsewhere meanwhile, and no
    /// service address is without one at any time.
    mutating func remove(_ addresses: [IPAddress]) -> [IPAddress: DataplaneError] {
        guard let link else { return [:] }
        let own = routes.filter { $0.key.family == .ipv4 }
        var detour = MessageBatch()
        var withdrawal = MessageBatch()
        var restoration = MessageBatch()
        var detourEnd = MessageBatch()
        for (address, source) in own {
            let route = Announcement.route(source: source)
            detour.appendAnnouncement(
                of: address,
                route,
                device: Self.loopback,
                flags: [.create, Self.append]
            )
            restoration.appendAnnouncement(
                of: address,
                route,
                device: link.index,
                flags: [.create, .replace]
            )
            detourEnd.appendWithdrawal(of: address, route, device: Self.loopback)
        }
        for address in addresses {
            withdrawal.appendWithdrawal(of: address, .bound, device: link.index)
        }
        _ = socket.transact(&detour)
        let refused = socket.transact(&withdrawal)
        let lost = socket.transact(&restoration)
        // Restoring has put the routes in place of their detours, so there usually is none.
        if lost.isEmpty { _ = socket.transact(&detourEnd) }
        var failures: [IPAddress: DataplaneError] = [:]
        for failure in refused where failure.error.code != Self.notAvailable {
            let address = addresses[failure.index]
            failures[address] = DataplaneError(
                failure.error,
                action: "remove the address \(address)"
            )
        }
        return failures
    }

    /// The loopback device is the first one in every network namespace.
    private static let loopback: UInt32 = 1

    /// Beside a route of the same destination; the corresponding C constant is `NLM_F_APPEND`.
    private static let append = MessageFlags(rawValue: 0x800)

    /// The corresponding C constant is `EADDRNOTAVAIL`: the address is gone already.
    private static let notAvailable: Int32 = 99

    /// Removes the device that was read.
    mutating func removeDevice() throws(DataplaneError) {
        guard let link else { return }
        var batch = MessageBatch()
        batch.append(type: RouteProtocol.deleteLink) { $0.linkHeader(index: link.index) }
        if let failure = socket.transact(&batch).first {
            throw DataplaneError(
                failure.error,
                action: "remove the device \(name)"
            )
        }
    }

    private mutating func readLink() throws(DataplaneError) -> Link? {
        var found: Link?
        do throws(NetlinkError) {
            try socket.request(type: RouteProtocol.getLink) { writer in
                writer.linkHeader()
                writer.attribute(RouteProtocol.linkName, name)
            } reply: { _, payload in
                guard payload.count >= 16 else { return }
                var kind = ""
                forEachAttribute(in: payload.extracting(16..<payload.count)) { type, value in
                    guard type == RouteProtocol.linkInformation else { return }
                    forEachAttribute(in: value) { type, value in
                        if type == RouteProtocol.linkKind { kind = value.text() }
                    }
                }
                guard kind == "dummy" else { return }
                let flags: UInt32 = payload.extracting(8..<12).number()
                found = Link(
                    index: payload.extracting(4..<8).number(),
                    isUp: flags & RouteProtocol.isUp != 0
                )
            }
        } catch {
            if error.code == ErrorNumber.noDevice.rawValue { return nil }
            throw DataplaneError(error, action: "look for the device \(name)")
        }
        return found
    }

    private mutating func readAddresses(into reading: inout Reading) throws(DataplaneError) {
        let device = link?.index
        try dump("list the addresses", RouteProtocol.getAddress, header: 8) { payload in
            guard payload.count >= 8 else { return }
            let index: UInt32 = payload.extracting(4..<8).number()
            var local: IPAddress?
            var peer: IPAddress?
            forEachAttribute(in: payload.extracting(8..<payload.count)) { type, value in
                switch type {
                case RouteProtocol.local: local = Self.address(payload[0], value)
                case RouteProtocol.address: peer = Self.address(payload[0], value)
                default: break
                }
            }
            // On a point-to-point link "address" is the other end.
            guard let address = local ?? peer else { return }
            if index != device {
                reading.addresses.insert(address)
            } else if Int(payload[1]) == address.family.bits {
                reading.device?.singles.insert(address)
            } else if !address.isLinkLocal {
                reading.device?.hasMore = true
            }
        }
    }

    private mutating func readRoutes(into reading: inout Reading) throws(DataplaneError) {
        let device = link?.index
        var found: [IPAddress: IPAddress?] = [:]
        try dump("list the routes", RouteProtocol.getRoute, header: 12) { payload in
            guard payload.count >= 12, payload[5] != RouteProtocol.madeByKernel else { return }
            var destination: IPAddress?
            var source: IPAddress?
            var output: UInt32 = 0
            forEachAttribute(in: payload.extracting(12..<payload.count)) { type, value in
                switch type {
                case RouteProtocol.destination: destination = Self.address(payload[0], value)
                case RouteProtocol.preferredSource: source = Self.address(payload[0], value)
                case RouteProtocol.outputDevice: output = value.number()
                default: break
                }
            }
            let isOurs =
                payload[5] == RouteProtocol.madeByUs && payload[4] == RouteProtocol.localTable
                && payload[7] == RouteProtocol.localType
            if isOurs, let destination { reading.routed.insert(destination) }
            guard let device, output == device else { return }
            if isOurs, let destination {
                reading.device?.routed.insert(destination)
                found[destination] = .some(source)
            } else {
                reading.device?.hasMore = true
            }
        }
        routes = found
    }

    /// Asks for everything of both families, and again when it changed while it was read; what is
    /// read twice then does no harm.
    private mutating func dump(
        _ action: String,
        _ type: UInt16,
        header: Int,
        reply: (Span<UInt8>) -> Void
    ) throws(DataplaneError) {
        var attempts = 0
        while true {
            attempts += 1
            do throws(NetlinkError) {
                return try socket.request(type: type, flags: .dump) {
                    $0.zeros(header)
                } reply: {
                    _,
                    payload in
                    reply(payload)
                }
            } catch {
                let mayRepeat = error.code == ErrorNumber.interrupted.rawValue && attempts < 10
                if !mayRepeat { throw DataplaneError(error, action: action) }
            }
        }
    }

    private static func address(_ family: UInt8, _ value: Span<UInt8>) -> IPAddress? {
        switch family {
        case RouteProtocol.familyIPv4: IPAddress(family: .ipv4, networkOrder: value)
        case RouteProtocol.familyIPv6: IPAddress(family: .ipv6, networkOrder: value)
        default: nil
        }
    }
}

extension RouteProtocol {
    fileprivate static let deleteLink = UInt16(RTM_DELLINK)
}
