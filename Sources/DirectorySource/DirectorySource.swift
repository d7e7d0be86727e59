import Dispatch
package import Logging
package import ServiceModel
import Synchronization
package import SystemPackage

/// Takes Services and their endpoints from the manifests in a directory, and follows its changes.
///
/// It reads files named `*.yaml`, `*.yml` and `*.json`, but no hidden ones and no subdirectories. A
/// symbolic link is read like a file; a change of what it leads to is seen only where the link
/// itself is replaced, or `..data` beside it, as Kubernetes does in a mounted ConfigMap.
package struct DirectorySource: ServiceSource {
    private let directory: ManifestDirectory
    private let logger: Logger
    private let remarked = Remarks()

    /// 32 MiB: a list of 50,000 endpoints is somewhat smaller.
    package static let defaultMaximumFileSize = 32 << 20

    package init(
        directory: FilePath,
        maximumFileSize: Int = DirectorySource.defaultMaximumFileSize,
        logger: Logger
    ) {
        self.directory = ManifestDirectory(path: directory, maximumFileSize: maximumFileSize)
        self.logger = logger
    }

    /// What in the directory cannot be understood at the moment, as sentences.
    package var remarks: [String] { remarked.sentences.withLock { $0 } }

    /// Reads the directory once.
    ///
    /// - Throws: `DirectorySourceError` when it cannot be listed. What is wrong inside of it is in the
    ///   reports.
    package func read() throws(DirectorySourceError) -> ManifestUpdate {
        var manifests = ManifestSet()
        var states: [String: ManifestFileState] = [:]
        do throws(Errno) {
            for name in try directory.names() { states[name] = directory.read(name) }
        } catch {
            throw .unreadableDirectory(directory.path, error)
        }
        return manifests.update(states)
    }

    /// Hands over the whole directory and then its changes, until the task is cancelled.
    ///
    /// - Throws: `DirectorySourceError` when the directory cannot be read at the start. Later it may
    ///   come and go.
    package func run(_ sink: @escaping @Sendable (SourceEvent) -> Void) async throws {
        let stop = StopHandle(try StopSignal())
        let (directory, logger, remarked) = (directory, logger, remarked)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation {
                (continuation: CheckedContinuation<Void, any Error>) in
                // A thread of its own: it blocks in poll nearly all of the time.
                DispatchQueue(label: "directory-source").async {
                    var follower = DirectoryFollower(
                        directory,
                        logger: logger,
                        remarked: remarked,
                        sink: sink
                    )
                    continuation.resume(with: Result { try follower.follow(until: stop.signal) })
                }
            }
        } onCancel: {
            stop.signal.raise()
        }
    }
}

/// What the follower says and others read.
final class Remarks: Sendable {
    let sentences = Mutex<[String]>([])
}

/// Shares the signal between the thread that waits and the task that is cancelled.
private final class StopHandle: Sendable {
    let signal: StopSignal

    init(_ signal: consuming StopSignal) { self.signal = signal }
}
