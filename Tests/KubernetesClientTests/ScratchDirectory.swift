import FoundationEssentials
import SystemPackage

/// A directory that is gone after the test.
final class ScratchDirectory: Sendable {
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory.path(percentEncoded: false)
            + "/kubernetes-client-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file in place of what is there, and answers its path.
    @discardableResult
    func write(_ name: String, _ text: String, isProgram: Bool = false) throws -> String {
        let path = "\(path)/\(name)"
        let new = "\(path).new"
        // Open no longer than the system call: a program that is open for writing cannot be started.
        let file = try FileDescriptor.open(
            FilePath(new),
            .writeOnly,
            options: [.create, .truncate, .closeOnExec],
            permissions: isProgram ? .ownerReadWriteExecute : .ownerReadWrite
        )
        try file.closeAfter { _ = try file.writeAll(text.utf8) }
        if FileManager.default.fileExists(atPath: path) {
            try FileManager.default.removeItem(atPath: path)
        }
        try FileManager.default.moveItem(atPath: new, toPath: path)
        return path
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }

    func lines(_ name: String) -> [String] {
        guard let data = FileManager.default.contents(atPath: "\(path)/\(name)") else { return [] }
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
