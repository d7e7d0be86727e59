import Synchronization
package import SystemPackage

/// An open file that lines are written to.
///
/// Each line is one system call, unless the kernel takes only a part of it; lines of several threads
/// are never mixed.
package final class LogDestination: Sendable {
    package static let standardError = LogDestination(.standardError)

    private let file: Mutex<FileDescriptor>

    /// `file` stays open as long as this is used; it is never closed here.
    package init(_ file: FileDescriptor) {
        self.file = Mutex(file)
    }

    func write(_ line: [UInt8]) {
        file.withLock { file in
            // There is nobody left to tell.
            _ = try? file.writeAll(line)
        }
    }
}
