import Addressing
import ControlSocket
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
    private let nodeName: String
    private let source: Source
    private let logger: Logger

    /// `nodeName` is the name of this machine's Node object.
    package init(
        configuration: FairleadConfiguration,
        nodeName: String,
        source: Source,
        logger: Logger
    ) {
        self.configuration = configuration
        self.nodeName = nodeName
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
        try await requireIPVS()
        let lock = try InstanceLock(stateDirectory: configuration.stateDirectory)
        defer { withExtendedLifetime(lock) {} }
        sayWhatIsMissing()
        let mailbox = Mailbox()
        let executor = DataplaneExecutor()
        let listeners = NodeListeners(logger: logger)
        try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask(executorPreference: executor) {
                    try await reconcile(mailbox, listeners)
                }
                group.addTask {
                    try await source.run { mailbox.post(.event($0)) }
                    // It ends by itself only when it is told to.
                    if !Task.isCancelled { throw EndedSource() }
                }
                group.addTask { await answerQuestions(mailbox) }
                group.addTask { await listeners.run() }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
        logger.notice("stopped; the kernel goes on serving what is programmed")
    }

    private func reconcile(_ mailbox: Mailbox, _ listeners: NodeListeners) async throws {
        defer { mailbox.close() }
        var device = try LinuxDataplane(
            device: configuration.addresses.device,
            stateDirectory: configuration.stateDirectory
        )
        let watch = try AddressWatch(serviceDevice: configuration.addresses.device) {
            mailbox.post(.addressesChanged)
        }
        defer { withExtendedLifetime(watch) {} }
        let sources = device.preferredSources(configuration.addresses)
        for family in AddressFamily.allCases {
            guard let source = sources[family] else { continue }
            logger.info("packets of this node to \(family) Services leave from \(source)")
        }
        var reconciler = Reconciler(
            device: device,
            options: ReconcilerOptions(configuration, nodeName: nodeName, sources: sources)
        )
        let clock = ContinuousClock()
        let origin = clock.now
        try reconciler.start(now: .zero)
        let log = ReportLog(logger: logger)
        while !Task.isCancelled {
            let deadline = reconciler.nextDeadline.map { origin.advanced(by: $0) }
            var messages = await mailbox.take(until: deadline)
            if messages.contains(where: \.isChange), configuration.intervals.coalesce > .zero {
                try? await Task.sleep(for: configuration.intervals.coalesce)
                messages += mailbox.takeAll()
            }
            guard !Task.isCancelled else {
                for message in messages { message.dismiss() }
                break
            }
            take(messages, by: &reconciler)
            let begin = clock.now
            if reconciler.isAuditDue(at: begin - origin) {
                reconciler.setPreferredSources(
                    reconciler.device.preferredSources(configuration.addresses)
                )
            }
            let report = reconciler.reconcile(now: begin - origin)
            if report.hasNewListeners {
                listeners.post(ListenerRequest(reconciler, configuration.nodePorts))
            }
            if !report.isEmpty {
                log.write(
                    report,
                    took: clock.now - begin,
                    counts: report.isInitialSync ? reconciler.counts : nil
                )
            }
        }
    }

    private func take(
        _ messages: [DaemonMessage],
        by reconciler: inout Reconciler<LinuxDataplane>
    ) {
        // However many changes have come, the addresses are read once.
        let haveAddressesChanged = messages.contains {
            if case .addressesChanged = $0 { true } else { false }
        }
        if haveAddressesChanged {
            reconciler.readNodeAddresses()
            reconciler.setPreferredSources(
                reconciler.device.preferredSources(configuration.addresses)
            )
        }
        for message in messages {
            switch message {
            case .event(let event): reconciler.take(event)
            case .addressesChanged: break
            case .question(let question, let answer):
                answer(reconciler.explainer?.explain(question))
            }
        }
    }

    private func answerQuestions(_ mailbox: Mailbox) async {
        let server = ControlServer(
            stateDirectory: configuration.stateDirectory,
            logger: logger,
            protect: { try HostFile.restrictToOwner($0) }
        ) { request in
            await ControlAnswers(mailbox: mailbox).answer(request)
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

    /// - Throws: when the kernel has no IPVS, and none can be loaded.
    private func requireIPVS() async throws {
        if try IPVSSocket.isAvailable() { return }
        var reason = await KernelModules.load("ip_vs")
        if reason == nil, !(try IPVSSocket.isAvailable()) { reason = "modprobe says it is loaded" }
        guard let reason else { return }
        throw DataplaneError(
            action: "use IPVS",
            code: .noEntry,
            hint: "this kernel has no IPVS, and the module ip_vs could not be loaded "
                + "(\(reason)); install the package with this kernel's modules, or load it "
                + "with \"modprobe ip_vs\""
        )
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
