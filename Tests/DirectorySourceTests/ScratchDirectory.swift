import FoundationEssentials
import Glibc
import SystemPackage
import Testing

/// A directory that is gone after the test, and what people and programs do in one.
struct ScratchDirectory: ~Copyable {
    let root: FilePath
    /// The directory that a source follows.
    let path: FilePath

    init() throws {
        root = FilePath(FileManager.default.temporaryDirectory.path(percentEncoded: false))
            .appending("directory-source-\(UUID().uuidString)")
        path = root.appending("manifests")
        try FileManager.default.createDirectory(
            atPath: path.string,
            withIntermediateDirectories: true
        )
    }

    deinit { try? FileManager.default.removeItem(atPath: root.string) }

    /// Empties or makes the file, writes it and closes it, as a shell does with `>`.
    func write(_ name: String, _ text: String) throws {
        try Self.write(path.appending(name), text)
    }

    static func write(_ path: FilePath, _ text: String) throws {
        let file = try open(path)
        try file.closeAfter { _ = try file.writeAll(text.utf8) }
    }

    /// Opens a file for writing, with nothing in it.
    func open(_ name: String) throws -> FileDescriptor {
        try Self.open(path.appending(name))
    }

    private static func open(_ path: FilePath) throws -> FileDescriptor {
        try FileDescriptor.open(
            path,
            .writeOnly,
            options: [.create, .truncate, .closeOnExec],
            permissions: [.ownerReadWrite]
        )
    }

    /// Also replaces what is there.
    func move(_ from: String, to name: String) throws {
        try Self.move(path.appending(from), to: path.appending(name))
    }

    static func move(_ from: FilePath, to: FilePath) throws {
        guard unsafe rename(from.string, to.string) == 0 else { throw Errno(rawValue: errno) }
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: path.appending(name).string)
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: path.appending(name).string,
            withDestinationPath: target
        )
    }

    func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: path.appending(name).string,
            withIntermediateDirectories: true
        )
    }
}
