package import DataplaneModel
import Glibc
import NodeChecks
import SystemPackage

/// Keeps a second daemon away from what the first one owns; held until it goes out of scope, or the
/// process ends in whatever way.
package final class InstanceLock: Sendable {
    private let file: FileDescriptor

    /// Takes the lock of a state directory, which is made where it is missing.
    ///
    /// - Throws: `DataplaneError` when another process has it, when nothing can be written there, or
    ///   when others could write there.
    package init(stateDirectory: String) throws(DataplaneError) {
        let path = stateDirectory + "/lock"
        let file: FileDescriptor
        do throws(DataplaneError) {
            try HostFile.makeDirectory(stateDirectory)
            try HostFile.requireOwnDirectory(stateDirectory)
            file = try Self.open(path)
        } catch {
            throw Self.explained(error, isRoot: geteuid() == 0)
        }
        guard flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            let holder = ((try? HostFile.read(path)) ?? "")?.filter(\.isNumber) ?? ""
            try? file.close()
            throw DataplaneError(
                action: "lock \(path)",
                code: .busy,
                hint: "another fairlead" + (holder.isEmpty ? "" : " (process \(holder))")
                    + " is at work here; stop it first"
            )
        }
        // One that was removed meanwhile, with all that was there, keeps nobody away.
        var status = stat()
        guard unsafe fstat(file.rawValue, &status) == 0, status.st_nlink > 0 else {
            try? file.close()
            throw DataplaneError(
                action: "lock \(path)",
                code: .noEntry,
                hint: "it was removed just now by a \"fairlead cleanup\"; try again"
            )
        }
        ftruncate(file.rawValue, 0)
        // Only for the message above.
        _ = try? file.writeAll("\(getpid())\n".utf8)
        self.file = file
    }

    deinit { try? file.close() }

    /// The process that has the lock of a state directory; 0 for one of another container, nil when
    /// nobody has.
    ///
    /// Trying to take it could keep a daemon away that starts at that moment.
    package static func holder(stateDirectory: String) -> Int? {
        var status = stat()
        guard unsafe lstat(stateDirectory + "/lock", &status) == 0 else { return nil }
        return FileLocks.holder(
            ofInode: UInt64(status.st_ino),
            device: UInt64(status.st_dev),
            in: NodeObserver.text("/proc/locks") ?? ""
        )
    }

    /// Why nothing can be kept in a state directory, with a way out.
    static func explained(_ error: DataplaneError, isRoot: Bool) -> DataplaneError {
        // What is wrong with the directory itself has been said, with what helps.
        guard error.hint.isEmpty else { return error }
        let isRefused = error.code == .accessDenied || error.code == .notPermitted
        return DataplaneError(
            action: error.action,
            code: error.code,
            kernelMessage: error.kernelMessage,
            hint: isRefused && !isRoot
                ? "run it as root"
                : "the record of what is ours is kept there; make it writable, or name another "
                    + "directory as stateDirectory in the configuration"
        )
    }

    private static func open(_ path: String) throws(DataplaneError) -> FileDescriptor {
        do {
            return try FileDescriptor.open(
                FilePath(path),
                .readWrite,
                options: [.create, .closeOnExec, .noFollow],
                permissions: [.ownerReadWrite, .groupRead, .otherRead]
            )
        } catch {
            throw HostFile.error(error, action: "open \(path)")
        }
    }
}
