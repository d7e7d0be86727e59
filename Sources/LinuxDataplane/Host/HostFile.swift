import Glibc
package import DataplaneModel
import SystemPackage

/// Small files of the kernel and of ours, read and written whole.
package enum HostFile {
    /// No file of the kernel or of ours comes near it, in bytes.
    private static let longest = 256 << 20

    /// The text of a file; nil when there is no such file.
    ///
    /// - Throws: `DataplaneError` for everything else, also for a file of more than `limit` bytes.
    package static func read(
        _ path: String,
        upTo limit: Int = longest
    ) throws(DataplaneError) -> String? {
        try read(path, limit, [])
    }

    /// The text of a file that this program has written itself, as `read`; a symbolic link in its
    /// place is an error.
    package static func readOwn(_ path: String) throws(DataplaneError) -> String? {
        try read(path, longest, .noFollow)
    }

    private static func read(
        _ path: String,
        _ limit: Int,
        _ options: FileDescriptor.OpenOptions
    ) throws(DataplaneError) -> String? {
        do {
            let file = try FileDescriptor.open(
                FilePath(path),
                .readOnly,
                options: options.union(.closeOnExec)
            )
            return try file.closeAfter {
                var bytes: [UInt8] = []
                var chunk = [UInt8](repeating: 0, count: 1 << 16)
                while true {
                    let count = unsafe try chunk.withUnsafeMutableBytes {
                        try unsafe file.read(into: $0)
                    }
                    if count == 0 { return String(decoding: bytes, as: UTF8.self) }
                    bytes += chunk[..<count]
                    guard bytes.count <= limit else { throw SystemPackage.Errno.fileTooLarge }
                }
            }
        } catch {
            let error = Self.error(error, action: "read \(path)")
            if error.code == .noEntry { return nil }
            throw error
        }
    }

    /// Writes a text into a file that is there, from its start.
    package static func write(_ text: String, to path: String) throws(DataplaneError) {
        do {
            let file = try FileDescriptor.open(FilePath(path), .writeOnly, options: .closeOnExec)
            try file.closeAfter { _ = try file.writeAll(text.utf8) }
        } catch {
            throw Self.error(error, action: "write \(path)")
        }
    }

    /// Puts a file in place of another in one step: readers see the old text or the new one.
    package static func replace(_ path: String, with text: String) throws(DataplaneError) {
        let temporary = path + ".new"
        do {
            // One that an earlier run left, or that others put there to have it written to.
            _ = unsafe unlink(temporary)
            let file = try FileDescriptor.open(
                FilePath(temporary),
                .writeOnly,
                options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
                permissions: [.ownerReadWrite, .groupRead, .otherRead]
            )
            try file.closeAfter { _ = try file.writeAll(text.utf8) }
        } catch {
            throw Self.error(error, action: "write \(temporary)")
        }
        guard unsafe rename(temporary, path) == 0 else {
            throw DataplaneError(
                action: "move \(temporary) to \(path)",
                code: ErrorNumber(rawValue: errno)
            )
        }
    }

    /// Lets nobody but the owner read, write or connect to something in the file system.
    package static func restrictToOwner(_ path: String) throws(DataplaneError) {
        guard unsafe chmod(path, 0o600) == 0 else {
            throw DataplaneError(
                action: "restrict \(path) to its owner",
                code: ErrorNumber(rawValue: errno)
            )
        }
    }

    /// Removes a file, and its directory when that is empty then.
    package static func remove(_ path: String) throws(DataplaneError) {
        guard unsafe unlink(path) == 0 else {
            throw DataplaneError(action: "remove \(path)", code: ErrorNumber(rawValue: errno))
        }
        if let slash = path.lastIndex(of: "/") { _ = unsafe rmdir(String(path[..<slash])) }
    }

    /// Makes sure that nobody but root and the user of this process can put anything into a
    /// directory.
    ///
    /// - Throws: `DataplaneError` when others can, or when it is no directory itself.
    package static func requireOwnDirectory(_ path: String) throws(DataplaneError) {
        func refusal(_ words: String, _ code: ErrorNumber) -> DataplaneError {
            DataplaneError(action: "use the directory \(path)", code: code, hint: words)
        }
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else {
            throw refusal("", ErrorNumber(rawValue: errno))
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw refusal(
                "it is a link or a file, and whoever made that decides what is read there",
                ErrorNumber(rawValue: ENOTDIR)
            )
        }
        guard status.st_uid == 0 || status.st_uid == geteuid() else {
            throw refusal(
                "it belongs to user \(status.st_uid), who could change what is kept there; "
                    + "\"chown root:root \(path)\"",
                .notPermitted
            )
        }
        guard status.st_mode & 0o022 == 0 else {
            throw refusal(
                "others than its owner may write there; \"chmod 755 \(path)\"",
                .notPermitted
            )
        }
    }

    /// Lets nothing that this process makes from now on be written by others, in the moment before
    /// its own mode is set.
    package static func restrictNewFiles() {
        let before = umask(0o022)
        umask(before | 0o022)
    }

    /// Makes a directory and those above it, as far as they are missing.
    package static func makeDirectory(_ path: String) throws(DataplaneError) {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/" + part
            guard unsafe mkdir(made, 0o755) != 0, errno != EEXIST else { continue }
            throw DataplaneError(
                action: "make the directory \(made)",
                code: ErrorNumber(rawValue: errno)
            )
        }
    }

    /// The names in a directory, sorted; none when there is no such directory.
    package static func names(in path: String) -> [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func error(_ error: any Error, action: String) -> DataplaneError {
        let code = (error as? SystemPackage.Errno)?.rawValue ?? EIO
        return DataplaneError(
            action: action,
            code: ErrorNumber(rawValue: code),
            kernelMessage: unsafe String(cString: strerror(code))
        )
    }
}
