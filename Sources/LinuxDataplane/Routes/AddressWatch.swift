import CNetlink
package import DataplaneModel
import Dispatch
import Glibc

/// Tells when an address comes to this node or leaves it, by the kernel's own announcement
/// (rtnetlink), as long as it exists.
@safe package final class AddressWatch {
    private let source: any DispatchSourceRead

    /// Watches the network namespace of the calling thread.
    ///
    /// `change` is called on a queue of its own, once for any number of changes that come together.
    /// Addresses of the service device do not count: those are ours.
    ///
    /// - Throws: `DataplaneError` when the kernel does not let it listen.
    package init(
        serviceDevice: String,
        change: @escaping @Sendable () -> Void
    ) throws(DataplaneError) {
        let descriptor = try Self.listen()
        let queue = DispatchQueue(label: "fairlead.addresses")
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        source.setEventHandler {
            if Self.drain(descriptor, except: serviceDevice) { change() }
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
        address.nl_groups = UInt32(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR)
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

    /// Reads what has come; true when an address of another device is among it, or may be.
    private static func drain(_ descriptor: Int32, except device: String) -> Bool {
        let index = unsafe if_nametoindex(device)
        var isRelevant = false
        var buffer = [UInt8](repeating: 0, count: 1 << 15)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
            }
            guard count > 0 else {
                // What was lost when too much came may have been anything.
                if count < 0, errno == ENOBUFS {
                    isRelevant = true
                    continue
                }
                return isRelevant
            }
            if hasAddress(in: buffer[..<count], except: index) { isRelevant = true }
        }
    }

    /// Walks `struct nlmsghdr` after `struct nlmsghdr`, each with a `struct ifaddrmsg`.
    private static func hasAddress(in bytes: ArraySlice<UInt8>, except device: UInt32) -> Bool {
        let (headerSize, addressSize) = (16, 8)
        func number(at offset: Int) -> UInt32 {
            unsafe bytes.withUnsafeBytes {
                unsafe $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            }
        }
        var offset = 0
        while offset + headerSize + addressSize <= bytes.count {
            let length = Int(number(at: offset))
            guard length >= headerSize else { return true }
            // Those of a link or of the node alone serve nobody; each pod that starts brings some.
            let scope = bytes[bytes.startIndex + offset + headerSize + 3]
            if number(at: offset + headerSize + 4) != device, scope < RouteProtocol.link {
                return true
            }
            offset += (length + 3) & ~3
        }
        return false
    }
}
