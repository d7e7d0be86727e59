import CNetworkLab
import Glibc

/// A network namespace, kept by a descriptor.
///
/// Namespaces belong to threads, so whatever is to happen inside runs on a thread of its own that
/// enters it.
package final class NetworkNamespace: Sendable {
    package let name: String
    private let descriptor: Int32

    /// Makes a namespace with nothing in it but a loopback device that is down.
    package init(_ name: String) throws {
        self.name = name
        descriptor = try NetworkNamespace.onThread {
            guard fairlead_unshare_network() == 0 else { throw LabError("unshare", errno) }
            let descriptor = unsafe open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw LabError("open the new namespace", errno) }
            return descriptor
        }
    }

    deinit { close(descriptor) }

    /// A path by which other programs (`ip link set … netns`) can name it.
    package var path: String { "/proc/\(getpid())/fd/\(descriptor)" }

    /// Runs `body` inside, and waits for it.
    @discardableResult
    package func perform<Value>(_ body: () throws -> Value) throws -> Value {
        try Self.onThread {
            guard fairlead_enter_network(self.descriptor) == 0 else {
                throw LabError("enter the namespace \(self.name)", errno)
            }
            return try body()
        }
    }

    /// Runs `body` inside, where directories are empty that are not for everybody else.
    ///
    /// What it writes there is gone afterwards; what it starts sees the same.
    @discardableResult
    package func perform<Value>(
        covering directories: [String],
        _ body: () throws -> Value
    ) throws -> Value {
        try perform {
            guard fairlead_unshare_mounts() == 0 else { throw LabError("unshare mounts", errno) }
            for directory in directories {
                guard unsafe fairlead_cover(directory) == 0 else {
                    throw LabError("cover \(directory)", errno)
                }
            }
            return try body()
        }
    }

    /// Where a thread leaves what it found.
    ///
    /// One thread writes before it ends, and another reads after it has ended.
    private final class Outcome<Value> {
        var result: Result<Value, any Error>?
        init() {}
    }

    private static func onThread<Value>(_ body: () throws -> Value) throws -> Value {
        let outcome = Outcome<Value>()
        try withoutActuallyEscaping(body) { body in
            try LabThread { _ in outcome.result = Result { try body() } }.stop()
        }
        guard let result = outcome.result else { throw LabError("run a thread", ECHILD) }
        return try result.get()
    }
}

/// What went wrong while a laboratory was built or used.
package struct LabError: Error, CustomStringConvertible {
    package let description: String

    package init(_ action: String, _ code: Int32) {
        description = unsafe "\(action): \(String(cString: strerror(code)))"
    }

    package init(_ description: String) { self.description = description }
}
