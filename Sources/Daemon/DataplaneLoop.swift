import Addressing
import DataplaneModel
import LinuxDataplane
import Listing
import Logging
import Planning
import Reconciliation
import ServiceModel
import Settings

/// The one task that owns the dataplane: takes messages, reconciles, and changes to another dataplane
/// when a better one can be had.
struct DataplaneLoop: ~Copyable {
    private let configuration: FairleadConfiguration
    private let nodeName: String
    private let logger: Logger
    private let log: ReportLog
    private let announce: @Sendable (ObjectEvent) -> Void
    private let record: ServingRecord
    private let chooser: DataplaneChooser
    private let clock = ContinuousClock()
    private let origin: ContinuousClock.Instant
    private var choice: DataplaneChoice
    private var reconciler: Reconciler<LinuxDataplane>
    private var account: ServingAccount
    private var drainingFile: DrainingFile
    private var audits = PendingAudits()
    /// Configured source addresses that the node does not have.
    private var missingSources: [IPAddress] = []
    private var nextProbe: Duration?
    /// Since when what is new is complete but for something that fails.
    private var completingSince: Duration?
    /// What to go back to when what is new fails for good; nil where nothing better is known.
    private var retreat: DataplaneChoice?
    /// Since when the rules should lead to this dataplane, as long as that is not written down.
    private var settlingSince: Duration?
    /// Since when IPVS has something of ours that nothing comes to.
    private var retiringSince: Duration?
    private var nextRetirement: Duration?
    private var retirementProblem: DataplaneError?

    /// How long failures keep a new dataplane from taking over.
    private static let patience = Duration.seconds(30)
    private static let retirementInterval = Duration.seconds(10)

    /// Opens the dataplane that was chosen.
    ///
    /// - Throws: `DataplaneError` when it cannot be opened or read.
    init(
        _ choice: DataplaneChoice,
        configuration: FairleadConfiguration,
        nodeName: String,
        record: ServingRecord,
        logger: Logger,
        announce: @escaping @Sendable (ObjectEvent) -> Void
    ) throws(DataplaneError) {
        self.configuration = configuration
        self.record = record
        self.nodeName = nodeName
        self.logger = logger
        self.choice = choice
        log = ReportLog(logger: logger)
        self.announce = announce
        chooser = DataplaneChooser(configuration: configuration)
        origin = clock.now
        account = ServingAccount(nodeName: nodeName, configured: configuration.mode)
        var device = try LinuxDataplane(choice.mode, configuration)
        let sources = device.preferredSources(configuration.addresses)
        for family in AddressFamily.allCases {
            guard let source = sources[family] else { continue }
            logger.info("packets of this node to \(family) Services leave from \(source)")
        }
        let missing = Self.missing(sources, configuration, besides: [], logger)
        let entry = try ModeRecord.load(stateDirectory: configuration.stateDirectory)
        var reconciler = Reconciler(
            device: device,
            options: ReconcilerOptions(
                configuration,
                choice.mode,
                nodeName: nodeName,
                sources: sources
            ),
            entry: entry
        )
        if let entry, entry != choice.mode {
            reconciler.restoreMarks(
                try FormerMarks.read(entry, stateDirectory: configuration.stateDirectory)
            )
        }
        var drainingFile = DrainingFile(
            stateDirectory: configuration.stateDirectory,
            now: clock.now - origin,
            logger: logger
        )
        reconciler.restore(drainingFile.load())
        try reconciler.start(now: .zero)
        if let problem = reconciler.device.recordProblem { logger.warning("\(problem)") }
        self.reconciler = reconciler
        self.drainingFile = drainingFile
        missingSources = missing
        scheduleProbe(at: .zero)
    }

    private var now: Duration { clock.now - origin }

    /// Serves until the task is cancelled.
    mutating func run(_ mailbox: Mailbox, _ listeners: NodeListeners) async {
        while !Task.isCancelled {
            let deadline = [reconciler.nextDeadline, nextProbe, nextRetirement]
                .compactMap(\.self).min()
            var messages = await mailbox.take(until: deadline.map { origin.advanced(by: $0) })
            if messages.contains(where: \.isChange), configuration.intervals.coalesce > .zero {
                try? await Task.sleep(for: configuration.intervals.coalesce)
                messages += mailbox.takeAll()
            }
            guard !Task.isCancelled else {
                for message in messages { message.dismiss() }
                break
            }
            take(messages)
            reconcile(listeners)
            if let due = nextProbe, due <= now { await probe(listeners) }
            takeOver(listeners)
            settleIn()
            if let due = nextRetirement, due <= now { retire() }
        }
    }

    private mutating func take(_ messages: [DaemonMessage]) {
        // However many changes have come, the addresses are read once.
        let haveAddressesChanged = messages.contains {
            if case .addressesChanged = $0 { true } else { false }
        }
        if haveAddressesChanged {
            reconciler.readNodeAddresses()
            adoptSources()
        }
        for message in messages {
            switch message {
            case .event(let event):
                reconciler.take(event)
                if case .triggers(let triggers) = event {
                    record.taken(triggers, in: reconciler.cluster)
                }
            case .addressesChanged: break
            case .auditRequest(let answer):
                reconciler.requestAudit()
                audits.answers.append(answer)
            case .question(let question, let answer):
                answer(reconciler.explainer?.explain(question))
            case .statusQuestion(let answer):
                answer(account.status(of: reconciler, choice, at: now))
            case .measurementQuestion(let answer):
                let status = account.status(of: reconciler, choice, at: now)
                answer(ServingSnapshot(status, of: reconciler))
            }
        }
    }

    private mutating func adoptSources() {
        let sources = reconciler.device.preferredSources(configuration.addresses)
        missingSources = Self.missing(sources, configuration, besides: missingSources, logger)
        reconciler.setPreferredSources(sources)
    }

    /// The configured addresses that this node does not have; those that are new are said.
    private static func missing(
        _ sources: PreferredSources,
        _ configuration: FairleadConfiguration,
        besides known: [IPAddress],
        _ logger: Logger
    ) -> [IPAddress] {
        let missing = configuration.addresses.sourceAddresses.filter { sources[$0.family] != $0 }
        for address in missing where !known.contains(address) {
            let other = sources[address.family].map { "\($0)" } ?? "none"
            logger.warning(
                """
                \(address) is no address of this node, so its packets to Services leave from another \
                one (\(other)); it comes from addresses.sourceAddresses, or from kube-proxy's bindAddress
                """
            )
        }
        return missing
    }

    private mutating func reconcile(_ listeners: NodeListeners) {
        let begin = now
        let isAudit = reconciler.isAuditDue(at: begin)
        if isAudit { adoptSources() }
        let report = reconciler.reconcile(now: begin)
        let took = now - begin
        if isAudit, report.auditError == nil { account.audited(at: begin) }
        audits.end(with: isAudit ? report : nil)
        account.take(report, at: begin, took: took)
        for problem in report.newProblems { announce(ObjectEvent(problem)) }
        if reconciler.hasProgrammedEverything {
            drainingFile.update(reconciler.departures, now: now)
        }
        record.ended(report, of: reconciler, choice, isAudit: isAudit, took: took)
        if report.hasNewListeners {
            listeners.post(ListenerRequest(reconciler, configuration.nodePorts))
        }
        guard !report.isEmpty else { return }
        log.write(report, took: took, counts: report.isInitialSync ? reconciler.counts : nil)
        guard report.isInitialSync else { return }
        log.sayWhatKubeProxyLeft(stateDirectory: configuration.stateDirectory)
        if reconciler.entry == choice.mode { settlingSince = begin }
    }
}

// MARK: - Another dataplane

extension DataplaneLoop {
    private mutating func scheduleProbe(at now: Duration) {
        let interval = configuration.intervals.reprobe
        nextProbe = choice.isFallback && interval > .zero ? now + interval : nil
    }

    /// Looks whether IPVS can be had by now, and prepares it then.
    private mutating func probe(_ listeners: NodeListeners) async {
        scheduleProbe(at: now)
        guard reconciler.entry == choice.mode else { return }
        if let obstacle = await chooser.obstacleToIPVS() {
            logger.debug("still without IPVS: \(obstacle)")
            return
        }
        let former = choice
        let better = DataplaneChoice(
            mode: .ipvs,
            reason: "as this kernel has it by now",
            isFallback: false
        )
        do throws(DataplaneError) {
            logger.notice("this kernel has IPVS now; programming it")
            try change(to: better, listeners)
            retreat = former
            nextProbe = nil
        } catch {
            logger.warning("IPVS is there, but cannot be used yet: \(error)")
        }
    }

    /// Programs another dataplane with all that is known, and leaves the one that serves as it is.
    ///
    /// - Throws: `DataplaneError` when it cannot be opened or read; nothing has changed then.
    private mutating func change(
        to better: DataplaneChoice,
        _ listeners: NodeListeners
    ) throws(DataplaneError) {
        var device = try LinuxDataplane(better.mode, configuration)
        let sources = device.preferredSources(configuration.addresses)
        var next = Reconciler(
            device: device,
            options: ReconcilerOptions(
                configuration,
                better.mode,
                nodeName: nodeName,
                sources: sources
            ),
            after: reconciler
        )
        try next.start(now: now)
        choice = better
        reconciler = next
        completingSince = nil
        settlingSince = nil
        nextRetirement = nil
        account.begin()
        reconcile(listeners)
    }

    /// Lets connections come to the dataplane that was prepared, when it has everything.
    private mutating func takeOver(_ listeners: NodeListeners) {
        // What could not be read may be served by the other one.
        guard reconciler.entry != choice.mode, reconciler.hasProgrammedEverything,
            reconciler.knowsEverything
        else { return }
        let since = completingSince ?? now
        completingSince = since
        guard reconciler.isComplete || now - since >= Self.patience else { return }
        if let retreat, reconciler.hasNodeFailures { return giveUp(retreat, listeners) }
        completingSince = nil
        retreat = nil
        reconciler.open()
        reconcile(listeners)
        settlingSince = now
    }

    /// Goes on with the dataplane that still serves.
    private mutating func giveUp(_ former: DataplaneChoice, _ listeners: NodeListeners) {
        let mode = choice.mode
        do throws(DataplaneError) {
            try change(to: former, listeners)
            retreat = nil
            settlingSince = now
            scheduleProbe(at: now)
            logger.warning(
                "\(mode) could not be programmed as it must be; \(former.mode) goes on serving"
            )
        } catch {
            completingSince = now
            logger.error("neither \(mode) nor \(former.mode) can be programmed: \(error)")
        }
    }

    /// Writes down what serves, as soon as the rules lead there, and begins to remove what served
    /// before.
    private mutating func settleIn() {
        guard let since = settlingSince, reconciler.isHealthy || now - since >= Self.patience
        else { return }
        settlingSince = nil
        let reason = choice.reason
        announceChoice()
        if choice.isFallback {
            logger.warning("Services are served by \(choice.mode), not by IPVS: \(reason)")
        } else {
            logger.notice("Services are served by \(choice.mode), \(reason)")
        }
        if choice.mode == .iptables, configuration.ipvs.scheduler.name != "rr" {
            logger.warning(
                """
                without IPVS there is no scheduler \(configuration.ipvs.scheduler.name): \
                connections go to endpoints at random, by weight
                """
            )
        }
        do throws(DataplaneError) {
            try ModeRecord.store(choice.mode, stateDirectory: configuration.stateDirectory)
        } catch {
            logger.error("which dataplane serves could not be written down: \(error)")
        }
        account.served(since: now)
        retiringSince = now
        retire()
    }

    /// A choice is news where it is not what was asked for, or was not so before.
    private func announceChoice() {
        let node = ObjectReference(.node, ObjectName(namespace: "", name: nodeName))
        if choice.isFallback {
            announce(
                ObjectEvent(
                    node,
                    .warning,
                    reason: "FallbackToIptables",
                    message: "Services are served by \(choice.mode), not by IPVS: \(choice.reason)"
                )
            )
        } else {
            announce(
                ObjectEvent(
                    node,
                    .normal,
                    reason: "ServingServices",
                    message: "Services are served by \(choice.mode), \(choice.reason)"
                )
            )
        }
    }

    private mutating func retire() {
        let since = retiringSince ?? now
        nextRetirement = nil
        guard reconciler.entry == choice.mode else { return }
        // What is not wanted may be for something that could not be read.
        guard reconciler.knowsEverything else {
            nextRetirement = now + Self.retirementInterval
            return
        }
        do throws(DataplaneError) {
            let retirement = try reconciler.device.retireOther(
                evenIfBusy: configuration.draining.atTimeout == .reset
                    && now - since >= configuration.draining.timeout,
                sparing: reconciler.failingVirtualServers,
                filteredFamilies: Set(reconciler.desired.state.filters.keys)
            )
            let other: DataplaneMode = choice.mode == .ipvs ? .iptables : .ipvs
            if retirement.removed > 0 {
                logger.notice("removed what was left in \(other) (\(retirement.removed))")
            }
            if retirement.waiting > 0 {
                nextRetirement = now + Self.retirementInterval
            }
        } catch {
            if retirementProblem != error {
                logger.warning("what is left of another dataplane could not be removed: \(error)")
            }
            retirementProblem = error
            nextRetirement = now + Self.retirementInterval
        }
    }
}
