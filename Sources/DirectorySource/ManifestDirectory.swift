import FoundationEssentials
import Manifests
import SystemPackage

/// Reads the manifests that lie directly in a directory.
struct ManifestDirectory: Sendable {
    let path: FilePath
    /// A larger file is not read.
    let maximumFileSize: Int

    /// Whether a file of this name is read; editors give their own files other names.
    static func isManifest(_ name: String) -> Bool {
        !name.hasPrefix(".")
            && [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
    }

    /// The names of all manifests, sorted.
    func names() throws(Errno) -> [String] {
        // FileManager does not say what the kernel has against it.
        let descriptor = try open(path, .directory)
        try? descriptor.close()
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path.string)
                .filter(Self.isManifest)
                .sorted()
        } catch {
            throw .ioError
        }
    }

    /// The entry was just made, and whoever makes it is still to write it.
    ///
    /// A link has all its content from the start, and nobody closes it.
    func isBeingWritten(_ name: String) -> Bool {
        guard let stat = try? path.appending(name).stat(followTargetSymlink: false) else {
            return false
        }
        return stat.type == .regular && stat.linkCount == 1
    }

    /// Whether the path still leads to this directory.
    func isStill(_ identity: FileIdentity) -> Bool {
        (try? path.stat()).map(FileIdentity.init) == identity
    }

    /// Reads and decodes a file; whatever fails becomes its state.
    func read(_ name: String) -> ManifestFileState {
        do throws(Errno) {
            // Without .nonBlocking, opening a named pipe would wait for its writer.
            let descriptor = try open(path.appending(name))
            defer { try? descriptor.close() }
            let stat = try descriptor.stat()
            guard stat.type != .directory else {
                return .unreadable("is a directory; only files are read")
            }
            guard stat.type == .regular else { return .unreadable("is not a regular file") }
            guard stat.size <= maximumFileSize else {
                return .unreadable(
                    "has \(stat.size) bytes, which is more than the \(maximumFileSize) allowed"
                )
            }
            // One byte more shows the end of the file with the last of its content.
            let limit = max(Int(clamping: stat.size), 0) + 1
            var bytes = try descriptor.bytes(atMost: limit)
            while true {
                let more = try descriptor.bytes(atMost: 64 << 10)
                guard !more.isEmpty else { break }
                bytes += more
                guard bytes.count <= maximumFileSize else {
                    return .unreadable(
                        "has more than the \(maximumFileSize) bytes that are allowed"
                    )
                }
            }
            return .decoded(ManifestFile.decode(bytes, fileName: name))
        } catch .noSuchFileOrDirectory {
            return isEntry(name) ? .unreadable("is a symbolic link to nothing") : .absent
        } catch {
            return .unreadable("cannot be read: \(error)")
        }
    }

    private func open(
        _ path: FilePath,
        _ options: FileDescriptor.OpenOptions = []
    ) throws(Errno) -> FileDescriptor {
        do {
            return try FileDescriptor.open(
                path,
                .readOnly,
                options: options.union([.closeOnExec, .nonBlocking])
            )
        } catch {
            throw error as? Errno ?? .ioError
        }
    }

    private func isEntry(_ name: String) -> Bool {
        (try? path.appending(name).stat(followTargetSymlink: false)) != nil
    }
}
