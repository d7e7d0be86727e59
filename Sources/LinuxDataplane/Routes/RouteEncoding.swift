import Addressing
import DataplaneModel
import Netlink

extension AttributeWriter {
    /// `struct ifinfomsg`.
    mutating func linkHeader(index: UInt32 = 0, flags: UInt32 = 0, change: UInt32 = 0) {
        raw(UInt16(0))
        raw(UInt16(0))
        raw(index)
        raw(flags)
        raw(change)
    }

    /// `struct ifaddrmsg`, for a single address.
    mutating func addressHeader(_ address: IPAddress, device: UInt32) {
        raw(address.routeFamily)
        raw(UInt8(address.family.bits))
        raw(UInt8(0))
        raw(RouteProtocol.universe)
        raw(device)
    }

    /// `struct rtmsg`, for a local route to a single address.
    mutating func localRouteHeader(_ address: IPAddress) {
        raw(address.routeFamily)
        raw(UInt8(address.family.bits))
        raw(UInt8(0))
        raw(UInt8(0))
        raw(RouteProtocol.localTable)
        raw(RouteProtocol.madeByUs)
        raw(RouteProtocol.host)
        raw(RouteProtocol.localType)
        raw(UInt32(0))
    }

    mutating func attribute(_ type: UInt16, _ address: IPAddress) {
        attribute(type) { writer in address.forEachByte { writer.raw($0) } }
    }
}

extension IPAddress {
    /// `AF_INET` or `AF_INET6`.
    var routeFamily: UInt8 {
        family == .ipv4 ? RouteProtocol.familyIPv4 : RouteProtocol.familyIPv6
    }
}

extension MessageBatch {
    /// Makes the service device, leaves it without addresses of its own, and sets it up.
    ///
    /// Three messages, since the kernel takes the second only for a device that is there. The first
    /// may fail because the device is there, the second because the node has no IPv6.
    mutating func appendPreparation(ofDevice name: String) {
        append(type: RouteProtocol.newLink, flags: [.create, .exclusive]) { writer in
            writer.linkHeader()
            writer.attribute(RouteProtocol.linkName, name)
            writer.nest(RouteProtocol.linkInformation) {
                $0.attribute(RouteProtocol.linkKind, "dummy")
            }
        }
        append(type: RouteProtocol.newLink) { writer in
            writer.linkHeader()
            writer.attribute(RouteProtocol.linkName, name)
            writer.nest(RouteProtocol.linkFamilies) { families in
                families.nest(UInt16(RouteProtocol.familyIPv6)) {
                    $0.attribute(
                        RouteProtocol.ipv6AddressGeneration,
                        RouteProtocol.noAddressGeneration
                    )
                }
            }
        }
        append(type: RouteProtocol.newLink) { writer in
            writer.linkHeader(flags: RouteProtocol.isUp, change: RouteProtocol.isUp)
            writer.attribute(RouteProtocol.linkName, name)
        }
    }

    mutating func appendAnnouncement(
        of address: IPAddress,
        _ announcement: Announcement,
        device: UInt32,
        flags: MessageFlags
    ) {
        switch announcement {
        case .bound:
            append(type: RouteProtocol.newAddress, flags: flags) { writer in
                writer.addressHeader(address, device: device)
                writer.attribute(RouteProtocol.local, address)
                writer.attribute(RouteProtocol.address, address)
                if address.family == .ipv6 {
                    writer.attribute(
                        RouteProtocol.addressFlags,
                        RouteProtocol.noDuplicateDetection
                    )
                }
            }
        case .route(let source):
            append(type: RouteProtocol.newRoute, flags: flags) { writer in
                writer.localRouteHeader(address)
                writer.attribute(RouteProtocol.destination, address)
                writer.attribute(RouteProtocol.outputDevice, device)
                if let source { writer.attribute(RouteProtocol.preferredSource, source) }
            }
        }
    }

    /// Without a device, a route is withdrawn by whatever device it is.
    mutating func appendWithdrawal(
        of address: IPAddress,
        _ announcement: Announcement,
        device: UInt32?
    ) {
        switch announcement {
        case .bound:
            append(type: RouteProtocol.deleteAddress) { writer in
                writer.addressHeader(address, device: device ?? 0)
                writer.attribute(RouteProtocol.local, address)
                writer.attribute(RouteProtocol.address, address)
            }
        case .route:
            append(type: RouteProtocol.deleteRoute) { writer in
                writer.localRouteHeader(address)
                writer.attribute(RouteProtocol.destination, address)
                if let device { writer.attribute(RouteProtocol.outputDevice, device) }
            }
        }
    }
}
