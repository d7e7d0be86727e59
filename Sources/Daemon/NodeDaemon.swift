import Addressing
import ControlSocket
import DataplaneModel
import LinuxDataplane
import ListeningSockets
package import Logging
import Planning
import Reconciliation
import ServiceLifecycle
package import ServiceModel
package import Settings

/// The daemon of a node: a source of cluster state, and the loop that brings the kernel to it.
package struct NodeDaemon<Source: ServiceSource>: ServiceLifecycle.Service {
    private let configuration: FairleadConfiguration
    private let nodeName: String
    private let source: Source
    private let logger: Logger
    private let announce: @Sendable (ObjectEvent) -> Void
    private let remarks: @Sendable () -> [String]

    /// `nodeName` is the name of this machine's Node object; `announce` is told what people who look
    /// at objects of the cluster should know, and `remarks` says what those who look at this daemon
    /// should, in sentences.
    package init(
        configuration: FairleadConfiguration,
        nodeName: String,
        source: Source,
        logger: Logger,
        announce: @escaping @Sendable (ObjectEvent) -> Void = { _ in },
        remarks: @escaping @Sendable () -> [String] = { [] }
    ) {
        self.configuration = configuration
        self.nodeName = nodeName
        self.source = source
        self.logger = logger
        self.announce = announce
        self.remarks = remarks
    }

    /// Serves until it is shut down.
    ///
    /// What is in the kernel then stays, and goes on serving.
    ///
    /// - Throws: when no dataplane can be had that the configuration allows, when the kernel may not
    ///   be changed, when another daemon is at work here, or when the source cannot be read at all.
    package func run() async throws {
        let lock = try InstanceLock(stateDirectory: configuration.stateDirectory)
        let namespaceLock = try NamespaceLock()
        defer { withExtendedLifetime((lock, namespaceLock)) {} }
        sayWhatIsMissing()
        await HostSettings(configuration: configuration, logger: logger).apply()
        let record = ServingRecord(configuration)
        let mailbox = Mailbox(record: record)
        let executor = DataplaneExecutor()
        let listeners = NodeListeners(logger: logger, announce: announce) {
            record.isHealthy
        }
        let probes = ProbeServers(
            configuration,
            mailbox: mailbox,
            listeners: listeners,
            record: record,
            activity: { [source] in source.activity },
            logger: logger
        )
        try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask(executorPreference: executor) {
                    try await reconcile(mailbox, listeners, record)
                }
                group.addTask {
                    try await source.run { mailbox.post(.event($0)) }
                    // It ends by itself only when it is told to.
                    if !Task.isCancelled { throw EndedSource() }
                }
                group.addTask { await AuditSignal.follow(mailbox, logger) }
                group.addTask { await answerQuestions(mailbox, probes) }
                group.addTask { await listeners.run() }
                group.addTask { try await answer(probes) }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
        logger.notice("stopped; the kernel goes on serving what is programmed")
    }

    private func reconcile(
        _ mailbox: Mailbox,
        _ listeners: NodeListeners,
        _ record: ServingRecord
    ) async throws {
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
        let watch = try AddressWatch(serviceDevice: configuration.addresses.device) {
            mailbox.post(.addressesChanged)
        } deviceLoss: {
            mailbox.post(.auditRequest { _ in })
        }
        defer { withExtendedLifetime(watch) {} }
        await loop.run(mailbox, listeners)
    }

    private func answerQuestions(_ mailbox: Mailbox, _ probes: ProbeServers) async {
        let answers = ControlAnswers(
            mailbox: mailbox,
            activity: { [source] in source.activity },
            failingPorts: { await probes.failingPorts() },
            remarks: remarks
        )
        let server = ControlServer(
            stateDirectory: configuration.stateDirectory,
            logger: logger,
            protect: { try HostFile.restrictToOwner($0) }
        ) { request in
            await answers.answer(request)
        }
        do {
            try await server.run()
        } catch is CancellationError {
            return
        } catch {
            logger.error(
                """
                the control socket in \(configuration.stateDirectory) cannot be used, so nothing \
                can be asked of this daemon: \(error)
                """
            )
        }
        // The other tasks go on without it.
        try? await Task.sleep(for: .seconds(Int64.max / 1_000_000_000))
    }

    private func answer(_ probes: ProbeServers) async throws {
        if let problem = probes.fatal(among: await probes.listen()) {
            await probes.shutdown()
            throw UnusablePort(problem: problem)
        }
        try? await Task.sleep(for: .seconds(Int64.max / 1_000_000_000))
        await probes.shutdown()
    }

    private func sayWhatIsMissing() {
        if configuration.packetFilter == .never {
            logger.warning(
                """
                packetFilter is none: nothing is masqueraded, refused or dropped, source ranges are \
                not enforced, and clients inside and outside the cluster are not told apart
                """
            )
        } else if configuration.localTraffic.mode == .clusterCIDR,
            configuration.clusterCIDRs.isEmpty
        {
            logger.warning(
                """
                clusterCIDRs is empty, so no packet is known to come from a pod: clients outside \
                the cluster that use cluster IPs are not masqueraded, and pods are treated like \
                them; give the ranges of all pods, or another localTraffic.mode
                """
            )
        }
    }
}

/// A source that stopped telling what the cluster wants.
struct EndedSource: Error, CustomStringConvertible {
    let description = "the source of Services ended by itself; what is programmed stays as it is"
}

/// A port that the configuration insists on, and that cannot be had.
private struct UnusablePort: Error, CustomStringConvertible {
    let problem: ListenProblem

    var description: String { "\(problem); bindFailureIsFatal says to end then" }
}
