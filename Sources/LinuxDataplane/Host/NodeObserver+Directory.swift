import DataplaneModel
import Glibc
import NodeChecks

extension NodeObserver {
    /// What the state directory is.
    func directoryKind() -> DirectoryObservation.Kind {
        let status: stat
        switch Self.status(of: stateDirectory) {
        case .success(let found): status = found
        case .failure(let error) where error.code != .noEntry: return .unreadable("\(error.code)")
        case .failure:
            var nearest = stateDirectory[...]
            while nearest.count > 1, !Self.exists(String(nearest)) {
                nearest = nearest.prefix(upTo: nearest.lastIndex(of: "/") ?? nearest.startIndex)
            }
            let path = nearest.isEmpty ? "/" : String(nearest)
            return .missing(nearest: path, isWritable: Self.isWritable(path))
        }
        return kind(status)
    }

    private func kind(_ status: stat) -> DirectoryObservation.Kind {
        switch status.st_mode & S_IFMT {
        case S_IFLNK: return .symbolicLink
        case S_IFDIR:
            return .directory(
                owner: status.st_uid,
                mode: status.st_mode & 0o7777,
                isWritable: Self.isWritable(stateDirectory)
            )
        default: return .other
        }
    }

    /// Whether a daemon holds the lock of the state directory.
    func daemon() -> DaemonObservation {
        let hasSocket = Self.exists(stateDirectory + "/control.sock")
        guard case .success = Self.status(of: stateDirectory + "/lock") else { return .absent }
        guard let holder = InstanceLock.holder(stateDirectory: stateDirectory) else {
            return .ended
        }
        return .running(process: holder == 0 ? nil : holder, hasControlSocket: hasSocket)
    }

    /// What is at a path itself, and not what a link there leads to.
    private static func status(of path: String) -> Result<stat, DataplaneError> {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else {
            let code = ErrorNumber(rawValue: errno)
            return .failure(DataplaneError(action: "look at \(path)", code: code))
        }
        return .success(status)
    }

    private static func isWritable(_ path: String) -> Bool { unsafe access(path, W_OK) == 0 }
}
