import CNetlink
package import DataplaneModel
import Dispatch
import Glibc
import Netlink
import Synchronization

/// Tells when an address comes to this node or leaves it, and when the service device is lost, by the
/// kernel's own announcements (rtnetlink), as long as it exists.
@safe package final class AddressWatch {
    /// What came together.
    private struct Changes {
        var hasAddress = false
        var isDeviceLost = false
    }

    private let source: any DispatchSourceRead
    private let device: Device

    /// Followed on one queue; the lock is for the compiler.
    private final class Device: Sendable {
        let name: String
        let state: Mutex<ServiceDeviceState>

        init(_ name: String) {
            self.name = name
            state = Mutex(ServiceDeviceState(name: name, index: unsafe if_nametoindex(name)))
        }

        func take(_ link: ServiceDeviceState.Announcement) -> Bool {
            state.withLock { $0.take(link) }
        }

        /// Begins anew with the device as it is.
        func forget() {
            let index = unsafe if_nametoindex(name)
            state.withLock { $0 = ServiceDeviceState(name: name, index: index) }
        }
    }

    /// Watches the network namespace of the calling thread.
    ///
    /// `change` is called on a queue of its own, once for any number of addresses that come or go
    /// together; addresses of the service device do not count: those are ours. `deviceLoss` is called
    /// when the service device was up and is gone or down, or is another one.
    ///
    /// - Throws: `DataplaneError` when the kernel does not let it listen.
    package init(
        serviceDevice: String,
        change: @escaping @Sendable () -> Void,
        deviceLoss: @escaping @Sendable () -> Void
    ) throws(DataplaneError) {
        let descriptor = try Self.listen()
        let queue = DispatchQueue(label: "fairlead.addresses")
        // After the socket, so that no announcement is missed.
        let device = Device(serviceDevice)
        self.device = device
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler {
            let changes = Self.drain(descriptor, device)
            if changes.hasAddress { change() }
            if changes.isDeviceLost { deviceLoss() }
        }
        source.setCancelHandler { close(descriptor) }
        source.resume()
    }

    deinit { source.cancel() }

    private static func listen() throws(DataplaneError) -> Int32 {
        let kind = Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_NETLINK, kind, NETLINK_ROUTE)
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        address.nl_groups = UInt32(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_LINK)
        let size = socklen_t(MemoryLayout<sockaddr_nl>.size)
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, size)
            }
        }
        guard result == 0 else {
            let code = errno
            if descriptor >= 0 { close(descriptor) }
            throw DataplaneError(
                action: "listen for changes of the node's addresses",
                code: ErrorNumber(rawValue: code)
            )
        }
        return descriptor
    }

    /// Reads what has come.
    private static func drain(_ descriptor: Int32, _ device: Device) -> Changes {
        let index = unsafe if_nametoindex(device.name)
        var changes = Changes()
        var buffer = [UInt8](repeating: 0, count: 1 << 15)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
            }
            guard count > 0 else {
                // What was lost when too much came may have been anything.
                if count < 0, errno == ENOBUFS {
                    changes = Changes(hasAddress: true, isDeviceLost: true)
                    device.forget()
                    continue
                }
                return changes
            }
            note(buffer.span.extracting(..<count), device, except: index, in: &changes)
        }
    }

    /// Walks `struct nlmsghdr` after `struct nlmsghdr`, each with what it announces.
    private static func note(
        _ bytes: Span<UInt8>,
        _ device: Device,
        except index: UInt32,
        in changes: inout Changes
    ) {
        let headerSize = 16
        var offset = 0
        while offset + headerSize <= bytes.count {
            let length = Int(bytes.extracting(offset..<offset + 4).number(as: UInt32.self))
            guard length >= headerSize, offset + length <= bytes.count else {
                changes.hasAddress = true
                return
            }
            let payload = bytes.extracting(offset + headerSize..<offset + length)
            switch bytes.extracting(offset + 4..<offset + 6).number(as: UInt16.self) {
            case RouteProtocol.newAddress, RouteProtocol.deleteAddress:
                if isRelevant(payload, except: index) { changes.hasAddress = true }
            case let type:
                let link = ServiceDeviceState.Announcement(type: type, payload)
                if let link, device.take(link) { changes.isDeviceLost = true }
            }
            offset += (length + 3) & ~3
        }
    }

    /// Whether the `struct ifaddrmsg` of an address matters here.
    private static func isRelevant(_ payload: Span<UInt8>, except device: UInt32) -> Bool {
        guard payload.count >= 8 else { return true }
        // Those of a link or of the node alone serve nobody; each pod that starts brings some.
        return payload.extracting(4..<8).number(as: UInt32.self) != device
            && payload[3] < RouteProtocol.link
    }
}
