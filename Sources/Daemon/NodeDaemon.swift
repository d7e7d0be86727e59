import Addressing
import DataplaneModel
import LinuxDataplane
package import Logging
import Planning
import Reconciliation
import ServiceLifecycle
package import ServiceModel
package import Settings

/// The daemon of a node: a source of cluster state, and the loop that brings the kernel to it.
package struct NodeDaemon<Source: ServiceSource>: ServiceLifecycle.Service {
    private let configuration: FairleadConfiguration
    private let source: Source
    private let logger: Logger

    package init(configuration: FairleadConfiguration, source: Source, logger: Logger) {
        self.configuration = configuration
        self.source = source
        self.logger = logger
    }

    /// Serves until it is shut down.
    ///
    /// What is in the kernel then stays, and goes on serving.
    ///
    /// - Throws: when the kernel has no IPVS, when it may not be changed, or when the source cannot
    ///   be read at all.
    package func run() async throws {
        if !configuration.clusterCIDRs.isEmpty {
            logger.warning(
                """
                clusterCIDRs has no effect yet: nothing is masqueraded, so clients outside the \
                cluster are served only where replies come back through this node
                """
            )
        }
        let mailbox = EventMailbox()
        let executor = DataplaneExecutor()
        try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask(executorPreference: executor) { try await reconcile(mailbox) }
                group.addTask {
                    try await source.run { mailbox.post($0) }
                    // It ends by itself only when it is told to.
                    if !Task.isCancelled { throw EndedSource() }
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
        logger.notice("stopped; the kernel goes on serving what is programmed")
    }

    private func reconcile(_ mailbox: EventMailbox) async throws {
        if let reason = try await Self.missingIPVS() {
            throw DataplaneError(
                action: "use IPVS",
                code: .noEntry,
                hint: "this kernel has no IPVS, and the module ip_vs could not be loaded "
                    + "(\(reason)); install the package with this kernel's modules, or load it "
                    + "with \"modprobe ip_vs\""
            )
        }
        let lock = try InstanceLock(stateDirectory: configuration.stateDirectory)
        defer { withExtendedLifetime(lock) {} }
        var device = try LinuxDataplane(
            device: configuration.addresses.device,
            stateDirectory: configuration.stateDirectory
        )
        let sources = preferredSources(&device)
        for family in AddressFamily.allCases {
            guard let source = sources[family] else { continue }
            logger.info("packets of this node to \(family) Services leave from \(source)")
        }
        var reconciler = Reconciler(
            device: device,
            options: ReconcilerOptions(configuration, sources: sources)
        )
        let clock = ContinuousClock()
        let origin = clock.now
        try reconciler.start(now: .zero)
        let log = ReportLog(logger: logger)
        while !Task.isCancelled {
            let deadline = reconciler.nextDeadline.map { origin.advanced(by: $0) }
            var events = await mailbox.take(until: deadline)
            if !events.isEmpty, configuration.intervals.coalesce > .zero {
                try? await Task.sleep(for: configuration.intervals.coalesce)
                events += mailbox.takeAll()
            }
            guard !Task.isCancelled else { break }
            for event in events { reconciler.take(event) }
            let begin = clock.now
            if reconciler.isAuditDue(at: begin - origin) {
                reconciler.setPreferredSources(preferredSources(&reconciler.device))
            }
            let report = reconciler.reconcile(now: begin - origin)
            if !report.isEmpty {
                log.write(
                    report,
                    took: clock.now - begin,
                    counts: report.isInitialSync ? reconciler.counts : nil
                )
            }
        }
    }

    /// Nil when the kernel has IPVS, loaded now if need be; else why it could not be loaded.
    private static func missingIPVS() async throws -> String? {
        if try IPVSSocket.isAvailable() { return nil }
        if let reason = await KernelModules.load("ip_vs") { return reason }
        return try IPVSSocket.isAvailable() ? nil : "modprobe says it is loaded"
    }

    private func preferredSources(_ device: inout LinuxDataplane) -> PreferredSources {
        var sources = PreferredSources()
        for family in AddressFamily.allCases {
            let configured = configuration.addresses.sourceAddresses.first { $0.family == family }
            sources[family] = configured ?? device.preferredSource(family)
        }
        return sources
    }
}

/// A source that stopped telling what the cluster wants.
struct EndedSource: Error, CustomStringConvertible {
    let description = "the source of Services ended by itself; what is programmed stays as it is"
}
