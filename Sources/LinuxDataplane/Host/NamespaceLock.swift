package import DataplaneModel
import Glibc

/// Keeps a second daemon away from the network namespace that the first one programs, whatever their
/// state directories are; held until it goes out of scope, or the process ends in whatever way.
///
/// It is an abstract Unix socket, whose name belongs to the namespace and not to a file system
/// (unix(7)), so nobody can remove it under its holder. Any user may take such a name, and must not
/// keep the daemon away by it: only who has our rights counts.
package final class NamespaceLock: Sendable {
    private let descriptor: Int32
    /// False where somebody without our rights has the name.
    package let isHeld: Bool

    /// Takes the lock of the calling thread's network namespace.
    ///
    /// `name` has 107 bytes at most; another one than the default is for tests.
    ///
    /// - Throws: `DataplaneError` when another process has it, or no socket can be had.
    package init(name: String = "fairlead") throws(DataplaneError) {
        let action = "hold the network namespace"
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else {
            throw DataplaneError(action: action, code: ErrorNumber(rawValue: errno))
        }
        self.descriptor = descriptor
        // Listening lets others see whose it is.
        if unsafe Self.with(name, { unsafe Glibc.bind(descriptor, $0, $1) }) == 0,
            listen(descriptor, 1) == 0
        {
            isHeld = true
            return
        }
        isHeld = false
        let code = errno
        guard code == EADDRINUSE else {
            throw DataplaneError(action: action, code: ErrorNumber(rawValue: code))
        }
        guard unsafe Self.with(name, { unsafe connect(descriptor, $0, $1) }) == 0,
            let owner = Self.owner(behind: descriptor), owner == 0 || owner == geteuid()
        else { return }
        throw DataplaneError(
            action: action,
            code: .busy,
            hint: "another fairlead is at work in this network namespace, with another state "
                + "directory; stop it first"
        )
    }

    deinit { close(descriptor) }

    /// The user who listens at the other end.
    private static func owner(behind descriptor: Int32) -> uid_t? {
        // `struct ucred`, which the C library hides: process, user and group.
        var credentials = [UInt32](repeating: .max, count: 3)
        var size = socklen_t(12)
        let result = unsafe getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size)
        return result == 0 && size == 12 ? credentials[1] : nil
    }

    private static func with(
        _ name: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { path in
            // A first byte of zero makes it abstract, and the size says where the name ends.
            for (index, byte) in name.utf8.enumerated() { unsafe path[index + 1] = byte }
        }
        let size = socklen_t(MemoryLayout<sa_family_t>.size + 1 + name.utf8.count)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, size)
            }
        }
    }
}
