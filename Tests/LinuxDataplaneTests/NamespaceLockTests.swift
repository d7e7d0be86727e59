import DataplaneModel
import Glibc
import LinuxDataplane
import Testing

@Suite struct NamespaceLockTests {
    private let name = "fairlead-test-\(UInt64.random(in: 0 ... .max))"

    @Test func aNamespaceHasOneHolderAtATime() throws {
        do {
            let first = try NamespaceLock(name: name)
            defer { withExtendedLifetime(first) {} }
            let error = #expect(throws: DataplaneError.self) { try NamespaceLock(name: name) }
            #expect(
                error?.description
                    == "hold the network namespace: EBUSY: another fairlead is at work in this "
                    + "network namespace, with another state directory; stop it first"
            )
            // What begins with the same letters is another name.
            _ = try NamespaceLock(name: name + "a")
        }
        #expect(try NamespaceLock(name: name).isHeld)
    }

    /// Somebody who may not do what a daemon does could otherwise keep it from starting.
    @Test(.enabled(if: geteuid() == 0))
    func whoHasOtherRightsKeepsNobodyAway() throws {
        // A socket that nobody listens on is no daemon's either.
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { path in
            for (index, byte) in name.utf8.enumerated() { unsafe path[index + 1] = byte }
        }
        let size = socklen_t(MemoryLayout<sa_family_t>.size + 1 + name.utf8.count)
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, size)
            }
        }
        #expect(result == 0)
        #expect(try !NamespaceLock(name: name).isHeld)
    }
}
