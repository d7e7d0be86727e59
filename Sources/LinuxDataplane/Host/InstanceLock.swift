package import DataplaneModel
import Glibc
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
            throw DataplaneError(
                action: error.action,
                code: error.code,
                kernelMessage: error.kernelMessage,
                hint: (error.hint.isEmpty ? "" : error.hint + "; ")
                    + "the record of what is ours is kept there; make it writable, or name another "
                    + "directory as stateDirectory in the configuration"
            )
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
