import Logging
import ServiceModel
import Synchronization
import SystemPackage

/// Follows a directory, blocking the thread it is called on.
struct DirectoryFollower {
    private let directory: ManifestDirectory
    private let logger: Logger
    private let remarked: Remarks
    /// What was said of the initial set; nil before anything was.
    private var saidWhole: Bool?
    private let sink: @Sendable (SourceEvent) -> Void
    private var manifests = ManifestSet()

    /// Changes belong together when they are no further apart than this, in milliseconds.
    private static let quietPeriod = 20
    /// What goes on without a pause is handed over in parts.
    private static let longestBurst = Duration.milliseconds(200)
    /// How often a directory that went away is looked for, in milliseconds.
    private static let searchInterval = 1_000

    init(
        _ directory: ManifestDirectory,
        logger: Logger,
        remarked: Remarks = Remarks(),
        sink: @escaping @Sendable (SourceEvent) -> Void
    ) {
        self.directory = directory
        self.logger = logger
        self.remarked = remarked
        self.sink = sink
    }

    /// Returns when `stop` is raised.
    ///
    /// - Throws: when the directory cannot be read at the start; after that only when the kernel
    ///   refuses to wait.
    mutating func follow(until stop: borrowing StopSignal) throws(DirectorySourceError) {
        // Watched before it is read, so that nothing falls in between.
        var watch = try InotifyWatch(directory.path)
        do throws(Errno) {
            try readAll()
        } catch {
            throw .unreadableDirectory(directory.path, error)
        }
        sayInitialSetComplete()
        var isNew = false
        while true {
            let burst = try burst(watch, isNew: isNew, until: stop)
            isNew = false
            switch burst {
            case .entries(let names):
                take(Array(names))
            case .anything:
                readAllIfPossible()
            case .directoryGone:
                logger.error(
                    "the directory of manifests is gone; everything stays as it was",
                    metadata: ["directory": "\(directory.path)"]
                )
                guard let found = try search(until: stop) else { return }
                watch = found
                isNew = true
                logger.notice(
                    "the directory of manifests is back",
                    metadata: ["directory": "\(directory.path)"]
                )
            case .stopped:
                return
            }
        }
    }

    /// Says it again once what could not be understood at first is right.
    private mutating func sayInitialSetComplete() {
        saidWhole = manifests.isWhole
        sink(.initialSetComplete(isWhole: manifests.isWhole))
    }

    private enum Burst {
        /// Only these entries are to be read: any other may be half written.
        case entries(Set<String>)
        case anything
        case directoryGone
        case stopped
    }

    /// Waits for events and then for the end of them.
    ///
    /// With a new watch only for their end: whoever made the directory may still be filling it.
    private func burst(
        _ watch: borrowing InotifyWatch,
        isNew: Bool,
        until stop: borrowing StopSignal
    ) throws(DirectorySourceError) -> Burst {
        var names: Set<String> = []
        var isAnything = isNew
        var isGone = false
        var outcome: WaitOutcome = isNew ? .timeout : try watch.wait(stop)
        let start = ContinuousClock.now
        repeat {
            for event in try watch.events() {
                switch event.change {
                case .overflow: isAnything = true
                case .directoryGone: isGone = true
                case .created, .changed:
                    // Kubernetes swaps this link to change all files of a ConfigMap at once.
                    if event.name == "..data" { isAnything = true }
                    guard ManifestDirectory.isManifest(event.name) else { continue }
                    if event.change == .created, directory.isBeingWritten(event.name) { continue }
                    names.insert(event.name)
                }
            }
            outcome = try watch.wait(stop, milliseconds: Self.quietPeriod)
        } while outcome == .ready && ContinuousClock.now - start < Self.longestBurst
        if outcome == .stopped { return .stopped }
        // A directory that some process still is in, or that the path no longer leads to, is gone
        // without any event for itself.
        if isGone || !directory.isStill(watch.identity) { return .directoryGone }
        return isAnything ? .anything : .entries(names)
    }

    /// Waits for the directory to be there again; nil when `stop` is raised first.
    private func search(
        until stop: borrowing StopSignal
    ) throws(DirectorySourceError) -> InotifyWatch? {
        while try stop.wait(milliseconds: Self.searchInterval) != .stopped {
            if let watch = try? InotifyWatch(directory.path) { return watch }
        }
        return nil
    }

    private mutating func readAll() throws(Errno) {
        let names = try directory.names()
        let gone = Set(manifests.fileNames).subtracting(names)
        take(names + gone)
    }

    private mutating func readAllIfPossible() {
        do throws(Errno) {
            try readAll()
        } catch {
            logger.error(
                "the directory of manifests cannot be listed; everything stays as it was",
                metadata: ["directory": "\(directory.path)", "reason": "\(error)"]
            )
        }
    }

    private mutating func take(_ names: [String]) {
        var states: [String: ManifestFileState] = [:]
        for name in names {
            states[name] = directory.read(name)
        }
        let update = manifests.update(states)
        for report in update.reports {
            logger.log(report)
        }
        let problems = manifests.problems
        remarked.sentences.withLock { $0 = problems }
        if !update.changes.isEmpty { sink(.changes(update.changes)) }
        if saidWhole == false, manifests.isWhole { sayInitialSetComplete() }
    }
}

extension Logger {
    fileprivate func log(_ report: ManifestReport) {
        let level: Logger.Level =
            switch report.severity {
            case .problem: .warning
            case .settled: .notice
            case .notice: .info
            }
        // The sentence has file, document, object and field in it.
        log(level: level, "\(report)")
    }
}
