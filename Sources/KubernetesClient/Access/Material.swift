import FoundationEssentials
import SystemPackage

/// A certificate, key or token that is given in a file, or in the kubeconfig itself.
struct Material: Sendable, CustomStringConvertible {
    enum Source: Sendable {
        case file(String)
        case inline(Secret<[UInt8]>)
    }

    let source: Source
    /// The file and the field that name it; no field where the file is named by nobody.
    let place: String

    /// For messages: the file, or the field that holds it.
    var description: String {
        switch source {
        case .file(let path): path
        case .inline: place
        }
    }

    /// The largest file that is read; certificates of many authorities have some hundred KiB.
    private static let maximumSize = 4 << 20

    /// Reads a file anew each time: they are rotated.
    ///
    /// Such files are small and lie on a local disk or in memory, so this blocks for no time worth
    /// speaking of.
    func bytes() throws(ClusterAccessError) -> [UInt8] {
        switch source {
        case .inline(let secret): return secret.value
        case .file(let path):
            do throws(Errno) {
                return try Self.read(path)
            } catch {
                throw ClusterAccessError(
                    place: place,
                    "the file \(path) cannot be read: \(Self.words(for: error)); it must be a "
                        + "file that the daemon may read"
                )
            }
        }
    }

    private static func words(for error: Errno) -> String {
        switch error {
        case .fileTooLarge: "it has more than \(maximumSize >> 20) MiB"
        case .noSuchFileOrDirectory: "it is not there"
        case .invalidArgument: "it is not a regular file"
        default: "\(error)"
        }
    }

    /// - Throws: `fileTooLarge` for what is too large, `isDirectory` for a directory, and whatever
    ///   the kernel has against it.
    static func read(_ path: String) throws(Errno) -> [UInt8] {
        do {
            // FileManager does not say what the kernel has against a file. Without .nonBlocking,
            // opening a named pipe would wait for its writer.
            let file = try FileDescriptor.open(
                FilePath(path),
                .readOnly,
                options: [.closeOnExec, .nonBlocking]
            )
            let stat = try file.closeAfter { try file.stat() }
            guard stat.type == .regular else {
                throw stat.type == .directory ? Errno.isDirectory : Errno.invalidArgument
            }
            guard stat.size <= maximumSize else { throw Errno.fileTooLarge }
        } catch {
            throw error as? Errno ?? .ioError
        }
        guard let data = FileManager.default.contents(atPath: path) else { throw .ioError }
        return Array(data)
    }
}
