package import Addressing
package import DataplaneModel
import Netlink

/// A conversation with the kernel's routing: the service device, and which addresses are local.
package struct RouteSocket: ~Copyable {
    private var socket: NetlinkSocket
    private let deviceName: String
    /// The kernel makes no dummy devices: local routes are by the loopback device then.
    private var usesLoopback = false

    /// A network device as far as it matters here.
    private struct Link {
        let index: UInt32
        let isUp: Bool
        /// `dummy`, `veth`, `bridge` …; empty for a real interface.
        let kind: String
    }

    /// Opens a conversation about the service device of this name.
    package init(device name: String) throws(DataplaneError) {
        deviceName = name
        do throws(NetlinkError) {
            socket = try NetlinkSocket(.route)
        } catch {
            throw DataplaneError(error, action: "reach the kernel's routing")
        }
    }

    /// System calls made so far.
    package var systemCalls: Int { socket.systemCalls }

    /// Makes the service device where it is missing, and sets it up.
    ///
    /// In a kernel that has no such devices local routes go by the loopback device.
    package mutating func prepareDevice() throws(DataplaneError) {
        var batch = MessageBatch()
        batch.appendPreparation(ofDevice: deviceName)
        let failures = socket.transact(&batch)
        let exists = ErrorNumber.exists.rawValue
        for failure in failures {
            let isHarmless =
                failure.index == 1 || (failure.index == 0 && failure.error.code == exists)
            if failure.index == 0, failure.error.code == ErrorNumber.notSupported.rawValue {
                usesLoopback = true
                return
            }
            if !isHarmless {
                throw DataplaneError(failure.error, action: "make the device \(deviceName)")
            }
        }
    }

    /// Makes sure that the service device is one for services, if there is one of that name.
    ///
    /// - Throws: `DataplaneError` when it is another kind of interface: its addresses are not ours
    ///   to take away.
    package mutating func checkDevice() throws(DataplaneError) {
        guard let link = try link(), link.kind != "dummy" else { return }
        throw DataplaneError(
            action: "use the device \(deviceName) for service addresses",
            code: .invalid,
            hint: "it is not a dummy device; name one that is, or that is not there yet, in "
                + "addresses.device"
        )
    }

    /// The addresses that are announced on the service device, and those of other devices.
    ///
    /// The device has to be up: the kernel takes no IPv6 local route on one that is down
    /// (`ip6_route_info_create`, `net/ipv6/route.c`).
    package mutating func addresses() throws(DataplaneError) -> ObservedAddresses {
        var observed = ObservedAddresses()
        let link = try link()
        let device = link?.index
        observed.hasDevice = link?.isUp ?? usesLoopback
        try dump("list the addresses", RouteProtocol.getAddress, header: { $0.zeros(8) }) {
            payload in
            guard payload.count >= 8 else { return }
            let family = payload[0]
            let index: UInt32 = payload.extracting(4..<8).number()
            var local: IPAddress?
            var address: IPAddress?
            forEachAttribute(in: payload.extracting(8..<payload.count)) { type, value in
                switch type {
                case RouteProtocol.local: local = Self.address(family, value)
                case RouteProtocol.address: address = Self.address(family, value)
                default: break
                }
            }
            // On a point-to-point link "address" is the other end.
            guard let found = local ?? address else { return }
            if index == device {
                observed.announced[found] = .bound
            } else {
                observed.foreign.insert(found)
            }
        }
        for family in [RouteProtocol.familyIPv4, RouteProtocol.familyIPv6] {
            try localRoutes(
                family: family,
                device: device ?? RouteProtocol.loopback,
                into: &observed
            )
        }
        if device == nil, !observed.announced.isEmpty {
            // An earlier run found that there are no dummy devices here.
            usesLoopback = true
            observed.hasDevice = true
        }
        return observed
    }

    private mutating func localRoutes(
        family: UInt8,
        device: UInt32,
        into observed: inout ObservedAddresses
    ) throws(DataplaneError) {
        try dump("list the local routes", RouteProtocol.getRoute) { writer in
            writer.raw(family)
            writer.zeros(3)
            writer.raw(RouteProtocol.localTable)
            writer.zeros(7)
        } reply: { payload in
            guard payload.count >= 12, payload[4] == RouteProtocol.localTable,
                payload[7] == RouteProtocol.localType, payload[5] != RouteProtocol.madeByKernel
            else { return }
            var destination: IPAddress?
            var source: IPAddress?
            var output: UInt32 = 0
            forEachAttribute(in: payload.extracting(12..<payload.count)) { type, value in
                switch type {
                case RouteProtocol.destination: destination = Self.address(family, value)
                case RouteProtocol.preferredSource: source = Self.address(family, value)
                case RouteProtocol.outputDevice: output = value.number()
                default: break
                }
            }
            // Others have local routes by the loopback device too, and whole networks among them.
            let isWhole = Int(payload[1]) == (family == RouteProtocol.familyIPv4 ? 32 : 128)
            let isOurs = payload[5] == RouteProtocol.madeByUs && isWhole
            guard
                output == device
                    ? device != RouteProtocol.loopback || isOurs
                    : output == RouteProtocol.loopback && isOurs, let destination,
                observed.announced[destination] == nil
            else { return }
            observed.announced[destination] = .route(source: source)
            if isOurs { observed.marked.insert(destination) }
        }
    }

    /// The source address that the node's own packets to the rest of the world would have; nil
    /// where the node has no such address.
    package mutating func preferredSource(_ family: AddressFamily) -> IPAddress? {
        // Documentation prefixes (RFC 5737, RFC 3849): only a default route covers them.
        let elsewhere =
            family == .ipv4
            ? IPAddress.ipv4(0xc633_6401) : IPAddress.ipv6(high: 0x2001_0db8 << 32, low: 1)
        var source: IPAddress?
        try? socket.request(type: RouteProtocol.getRoute) { writer in
            writer.raw(elsewhere.routeFamily)
            writer.raw(UInt8(family.bits))
            writer.zeros(10)
            writer.attribute(RouteProtocol.destination, elsewhere)
        } reply: { _, payload in
            guard payload.count >= 12 else { return }
            forEachAttribute(in: payload.extracting(12..<payload.count)) { type, value in
                if type == RouteProtocol.preferredSource {
                    source = IPAddress(family: family, networkOrder: value)
                }
            }
        }
        if let source { return source }
        let others = (try? addresses().foreign) ?? []
        return others.filter {
            $0.family == family && !$0.isLoopback && !$0.isLinkLocal
        }.min()
    }

    /// Carries out announcements and withdrawals, in their order, and answers which failed, by
    /// their position in `operations`.
    ///
    /// Operations of another kind must not be among them.
    package mutating func apply(_ operations: ArraySlice<Operation>) -> [OperationFailure] {
        let device: UInt32
        let before: ObservedAddresses?
        do throws(DataplaneError) {
            device = try link()?.index ?? (usesLoopback ? RouteProtocol.loopback : 0)
            before = operations.contains(where: \.unbinds) ? try addresses() : nil
        } catch {
            return operations.indices.map { OperationFailure(index: $0, error: error) }
        }
        defer { if let before { restoreRoutes(before, operations, device: device) } }
        guard device == RouteProtocol.loopback else { return send(operations, device: device) }
        var failures: [OperationFailure] = []
        var rest = operations
        while let index = rest.indices.first(where: { rest[$0].binds }) {
            failures += send(rest[..<index], device: device)
            // An address on the loopback device would be one of the node's own.
            let error = DataplaneError(
                action: rest[index].description,
                code: .notSupported,
                hint:
                    "this kernel has no dummy devices to bind addresses to; load the module dummy, "
                    + "or use addresses.announce: routes"
            )
            failures.append(OperationFailure(index: index, error: error))
            rest = rest[(index + 1)...]
        }
        return failures + send(rest, device: device)
    }

    private mutating func send(
        _ operations: ArraySlice<Operation>,
        device: UInt32
    ) -> [OperationFailure] {
        var failures: [OperationFailure] = []
        var rest = operations
        while !rest.isEmpty {
            let chunk = rest.prefix(NetlinkSocket.messagesPerSend)
            rest = rest.dropFirst(chunk.count)
            failures += apply(chunk, device: device)
        }
        return failures
    }

    /// Puts back the routes that went with the last IPv4 address of the device: with it the kernel
    /// removes every IPv4 route by it (`fib_inetaddr_event`, `net/ipv4/fib_frontend.c`).
    private mutating func restoreRoutes(
        _ before: ObservedAddresses,
        _ operations: ArraySlice<Operation>,
        device: UInt32
    ) {
        var wanted = before.announced
        for operation in operations {
            switch operation {
            case .announce(let address, let announcement),
                .replaceAnnouncement(let address, _, let announcement):
                wanted[address] = announcement
            case .withdraw(let address, _): wanted[address] = nil
            default: break
            }
        }
        guard let now = try? addresses().announced else { return }
        let missing = wanted.filter { address, announcement in
            address.family == .ipv4 && announcement != .bound && now[address] == nil
        }
        let repairs = missing.map { Operation.announce($0.key, $0.value) }
        _ = send(repairs[...], device: device)
    }

    private mutating func apply(
        _ operations: ArraySlice<Operation>,
        device: UInt32
    ) -> [OperationFailure] {
        var batch = MessageBatch()
        batch.reserveCapacity(operations.count, averageSize: 64)
        // An operation may need several messages.
        var origins: [Int] = []
        for (index, operation) in zip(operations.indices, operations) {
            batch.append(operation, device: device)
            while origins.count < batch.count { origins.append(index) }
        }
        var failures: [OperationFailure] = []
        for failure in socket.transact(&batch) {
            let index = origins[failure.index]
            guard failures.last?.index != index else { continue }
            failures.append(OperationFailure(failure.error, of: operations, at: index))
        }
        return failures
    }

    private mutating func link() throws(DataplaneError) -> Link? {
        var found: Link?
        do throws(NetlinkError) {
            try socket.request(type: RouteProtocol.getLink) { writer in
                writer.linkHeader()
                writer.attribute(RouteProtocol.linkName, deviceName)
            } reply: { _, payload in
                guard payload.count >= 16 else { return }
                let flags: UInt32 = payload.extracting(8..<12).number()
                var kind = ""
                forEachAttribute(in: payload.extracting(16..<payload.count)) { type, value in
                    guard type == RouteProtocol.linkInformation else { return }
                    forEachAttribute(in: value) { type, value in
                        if type == RouteProtocol.linkKind { kind = value.text() }
                    }
                }
                found = Link(
                    index: payload.extracting(4..<8).number(),
                    isUp: flags & RouteProtocol.isUp != 0,
                    kind: kind
                )
            }
        } catch {
            if error.code == ErrorNumber.noDevice.rawValue { return nil }
            throw DataplaneError(error, action: "look for the device \(deviceName)")
        }
        return found
    }

    /// Asks for everything, and again when it changed while it was read.
    ///
    /// A table that was read while it changed has entries twice or not at all; what it has twice
    /// does no harm.
    private mutating func dump(
        _ action: String,
        _ type: UInt16,
        header: (inout AttributeWriter) -> Void,
        reply: (Span<UInt8>) -> Void
    ) throws(DataplaneError) {
        var attempts = 0
        while true {
            attempts += 1
            do throws(NetlinkError) {
                return try socket.request(type: type, flags: .dump, header) { _, payload in
                    reply(payload)
                }
            } catch {
                switch ErrorNumber(rawValue: error.code) {
                case .interrupted where attempts < 10:
                    break
                case .notSupported, .familyNotSupported:
                    // A kernel without IPv6 has none of what was asked for.
                    return
                default:
                    throw DataplaneError(error, action: action)
                }
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

extension Operation {
    /// Whether it puts an address on the service device.
    fileprivate var binds: Bool {
        switch self {
        case .announce(_, .bound), .replaceAnnouncement(_, _, .bound): true
        default: false
        }
    }

    /// Whether it takes an IPv4 address off the service device.
    fileprivate var unbinds: Bool {
        switch self {
        case .replaceAnnouncement(let address, .bound, .route), .withdraw(let address, .bound):
            address.family == .ipv4
        default: false
        }
    }
}

extension MessageBatch {
    /// Adds the messages of an announcement or a withdrawal.
    fileprivate mutating func append(_ operation: Operation, device: UInt32) {
        switch operation {
        case .announce(let address, let announcement):
            appendAnnouncement(
                of: address,
                announcement,
                device: device,
                flags: [.create, .exclusive]
            )
        case .replaceAnnouncement(let address, let old, let new):
            appendAnnouncement(of: address, new, device: device, flags: [.create, .replace])
            guard (old == .bound) != (new == .bound) else { return }
            appendWithdrawal(of: address, old, device: device)
            if old == .bound {
                // With an IPv4 address the kernel removes every local route to it, ours included.
                appendAnnouncement(
                    of: address,
                    new,
                    device: device,
                    flags: [.create, .replace]
                )
            }
        case .withdraw(let address, let announcement):
            // Our route may be by the loopback device, from when there was no other.
            appendWithdrawal(
                of: address,
                announcement,
                device: announcement == .bound ? device : nil
            )
        default:
            break
        }
    }
}
