package import SystemPackage

/// Why a directory cannot be followed at all.
package enum DirectorySourceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It is not there, is no directory, or cannot be read.
    case unreadableDirectory(FilePath, Errno)
    /// The kernel gives no more means to watch a directory.
    case noMoreWatches(Errno)
    case system(operation: String, Errno)

    package var description: String {
        switch self {
        case .unreadableDirectory(let directory, let errno):
            "the directory of manifests \(directory) cannot be read: \(errno)"
        case .noMoreWatches(let errno):
            "no directory can be watched: \(errno); raise fs.inotify.max_user_instances or "
                + "fs.inotify.max_user_watches"
        case .system(let operation, let errno):
            "\(operation): \(errno)"
        }
    }
}
