import Glibc
package import DataplaneModel
import SystemPackage

/// Small files of the kernel and of ours, read and written whole.
package enum HostFile {
    /// The text of a file; nil when there is no such file.
    ///
    /// - Throws: `DataplaneError` for everything else.
    package static func read(_ path: String) throws(DataplaneError) -> String? {
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
            return try file.closeAfter {
                var bytes: [UInt8] = []
                var chunk = [UInt8](repeating: 0, count: 1 << 16)
                while true {
                    let count = unsafe try chunk.withUnsafeMutableBytes {
                        try unsafe file.read(into: $0)
                    }
                    if count == 0 { return String(decoding: bytes, as: UTF8.self) }
                    bytes += chunk[..<count]
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
            let file = try FileDescriptor.open(
                FilePath(temporary),
                .writeOnly,
                options: [.create, .truncate, .closeOnExec, .noFollow],
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
