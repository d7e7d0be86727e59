import DataplaneModel
import LinuxDataplane
import Listing
package import Logging
import Reconciliation
import ServiceLifecycle
package import ServiceModel
package import Settings
import Synchronization

/// Brings the kernel of a node to what a source says now, and ends.
///
/// What is in the kernel then serves by itself. No port is opened and nothing is answered.
package struct NodeProgrammer<Source: ServiceSource>: ServiceLifecycle.Service {
    private let configuration: FairleadConfiguration
    private let nodeName: String
    private let source: Source
    private let logger: Logger
    private let announce: @Sendable (ObjectEvent) -> Void

    /// How long what fails at first may take to succeed, and the source to say everything.
    private static var patience: Duration { .seconds(30) }
    private static var glance: Duration { .milliseconds(50) }

    /// `nodeName` is the name of this machine's Node object; `announce` is told what people who look
    /// at objects of the cluster should know.
    package init(
        configuration: FairleadConfiguration,
        nodeName: String,
        source: Source,
        logger: Logger,
        announce: @escaping @Sendable (ObjectEvent) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.nodeName = nodeName
        self.source = source
        self.logger = logger
        self.announce = announce
    }

    /// Programs everything, and ends when that is done, or it is shut down.
    ///
    /// - Throws: `IncompleteProgramming` with what is missing when not all was done in time; what was
    ///   done stays. Other errors when no dataplane can be had, when a daemon is at work here, or when
    ///   the source cannot be read at all.
    package func run() async throws {
        let lock = try InstanceLock(stateDirectory: configuration.stateDirectory)
        let namespaceLock = try NamespaceLock()
        defer { withExtendedLifetime((lock, namespaceLock)) {} }
        await HostSettings(configuration: configuration, logger: logger).apply()
        let record = ServingRecord(configuration)
        let mailbox = Mailbox(record: record)
        let executor = DataplaneExecutor()
        let initialSet = InitialSet()
        try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask(executorPreference: executor) { try await program(mailbox, record) }
                group.addTask {
                    try await source.run { event in
                        if case .initialSetComplete(let isWhole) = event {
                            initialSet.end(isWhole: isWhole)
                        }
                        mailbox.post(.event(event))
                    }
                    if !Task.isCancelled { throw EndedSource() }
                }
                group.addTask { try await waitForCompleteness(mailbox, initialSet) }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }

    private func program(_ mailbox: Mailbox, _ record: ServingRecord) async throws {
        defer { mailbox.close() }
        let chooser = DataplaneChooser(configuration: configuration)
        var loop = try DataplaneLoop(
            try await chooser.choose(),
            configuration: configuration,
            nodeName: nodeName,
            record: record,
            logger: logger,
            announce: announce
        )
        // What is asked of them is never carried out: there is nobody to answer.
        let listeners = NodeListeners(logger: logger, announce: announce) { false }
        await loop.run(mailbox, listeners)
    }

    private func waitForCompleteness(
        _ mailbox: Mailbox,
        _ initialSet: InitialSet
    ) async throws {
        let deadline = ContinuousClock.now.advanced(by: Self.patience)
        while !Task.isCancelled {
            let status = await withCheckedContinuation { continuation in
                mailbox.post(.statusQuestion { continuation.resume(returning: $0) })
            }
            // The loop has ended, and says itself why.
            guard let status else { return await Self.waitForShutdown() }
            let isWhole = initialSet.isWhole
            let missing = Missing(status, isWhole: isWhole, watches: source.activity)
            if missing.isEmpty {
                logger.notice("\(CompleteProgramming(status: status))")
                return
            }
            // What could not be read at first is not read again before it is written anew.
            let isOver = isWhole == false && missing.isOnlyUnreadable
            if isOver || ContinuousClock.now >= deadline {
                throw IncompleteProgramming(missing: missing.sentences)
            }
            try? await Task.sleep(for: Self.glance)
        }
    }

    private static func waitForShutdown() async {
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
    }
}

/// Whether the source has said all that exists.
private final class InitialSet: Sendable {
    private let state = Mutex<Bool?>(nil)

    /// Nil before it has; false when not everything could be read.
    var isWhole: Bool? { state.withLock { $0 } }

    func end(isWhole: Bool) { state.withLock { $0 = isWhole } }
}

/// What a node does not have yet, in sentences.
private struct Missing {
    private(set) var sentences: [String] = []
    /// All else is done.
    private(set) var isOnlyUnreadable = false

    var isEmpty: Bool { sentences.isEmpty }

    init(_ status: NodeStatus, isWhole: Bool?, watches: SourceActivity?) {
        for failure in status.failures {
            sentences.append((failure.object.map { "\($0): " } ?? "") + failure.message)
        }
        let unnamed = status.pendingRetries - status.failures.count
        if unnamed > 0 { sentences.append("\(unnamed) more that depend on what failed") }
        if isWhole == nil {
            sentences.append("not everything that exists has been said")
            // One cause keeps all of them waiting.
            sentences += Set((watches?.collections ?? []).compactMap(\.problem)).sorted()
        } else if sentences.isEmpty {
            if !status.isComplete {
                sentences.append("not everything has been programmed")
            } else if isWhole == false {
                isOnlyUnreadable = true
                sentences.append(
                    "not everything could be read, as the log says; what an earlier run programmed "
                        + "for nobody that is known stays"
                )
            } else if status.preparing != nil || status.servingForSeconds == nil {
                sentences.append(
                    "connections do not come to \(status.preparing ?? status.mode) yet"
                )
            }
        }
    }
}

/// A node that has been programmed as it should be.
struct CompleteProgramming: CustomStringConvertible {
    let status: NodeStatus

    var description: String {
        "programmed everything: \(ReportLog.text(status.virtualServers, "virtual server")) for "
            + "\(ReportLog.text(status.services, "Service")); nothing follows their changes"
            + (status.draining == 0
                ? ""
                : "; what leaves (\(ReportLog.text(status.draining, "real server"))) keeps its "
                    + "connections until the next run ends them")
    }
}

/// A node that could not be programmed as it should be.
struct IncompleteProgramming: Error, CustomStringConvertible {
    let missing: [String]

    var description: String {
        "Not everything is programmed; what is stays and serves. What is missing:\n"
            + missing.map { "  \($0)" }.joined(separator: "\n")
    }
}
