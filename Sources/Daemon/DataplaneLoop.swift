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
    private let chooser: DataplaneChooser
    private let clock = ContinuousClock()
    private let origin: ContinuousClock.Instant
    private var choice: DataplaneChoice
    private var reconciler: Reconciler<LinuxDataplane>
    private var account: ServingAccount
    private var nextProbe: Duration?
    /// Since when what is new is complete but for something that fails.
    private var completingSince: Duration?
    /// Since when IPVS has something of ours that nothing comes to.
    private var retiringSince: Duration?
    private var nextRetirement: Duration?

    /// How long failures keep a new dataplane from taking over.
    private static let patience = Duration.seconds(30)
    /// How long connections keep what is left of IPVS.
    private static let longestRetirement = Duration.seconds(15 * 60)
    private static let retirementInterval = Duration.seconds(10)

    /// Opens the dataplane that was chosen.
    ///
    /// - Throws: `DataplaneError` when it cannot be opened or read.
    init(
        _ choice: DataplaneChoice,
        configuration: FairleadConfiguration,
        nodeName: String,
        logger: Logger
    ) throws(DataplaneError) {
        self.configuration = configuration
        self.nodeName = nodeName
        self.logger = logger
        self.choice = choice
        log = ReportLog(logger: logger)
        chooser = DataplaneChooser(configuration: configuration)
        origin = clock.now
        account = ServingAccount(nodeName: nodeName, configured: configuration.mode)
        var device = try Self.device(choice.mode, configuration)
        let sources = device.preferredSources(configuration.addresses)
        for family in AddressFamily.allCases {
            guard let source = sources[family] else { continue }
            logger.info("packets of this node to \(family) Services leave from \(source)")
        }
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
        try reconciler.start(now: .zero)
        self.reconciler = reconciler
        scheduleProbe(at: .zero)
    }

    private static func device(
        _ mode: DataplaneMode,
        _ configuration: FairleadConfiguration
    ) throws(DataplaneError) -> LinuxDataplane {
        try LinuxDataplane(
            mode,
            device: configuration.addresses.device,
            stateDirectory: configuration.stateDirectory
        )
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
            case .event(let event): reconciler.take(event)
            case .addressesChanged: break
            case .question(let question, let answer):
                answer(reconciler.explainer?.explain(question))
            case .statusQuestion(let answer):
                answer(account.status(of: reconciler, choice, at: now))
            }
        }
    }

    private mutating func adoptSources() {
        reconciler.setPreferredSources(
            reconciler.device.preferredSources(configuration.addresses)
        )
    }

    private mutating func reconcile(_ listeners: NodeListeners) {
        let begin = now
        if reconciler.isAuditDue(at: begin) {
            adoptSources()
            account.audited(at: begin)
        }
        let report = reconciler.reconcile(now: begin)
        let took = now - begin
        account.take(report, at: begin, took: took)
        if report.hasNewListeners {
            listeners.post(ListenerRequest(reconciler, configuration.nodePorts))
        }
        guard !report.isEmpty else { return }
        log.write(report, took: took, counts: report.isInitialSync ? reconciler.counts : nil)
        guard report.isInitialSync else { return }
        sayWhatKubeProxyLeft()
        if reconciler.entry == choice.mode { settleIn() }
    }

    private func sayWhatKubeProxyLeft() {
        do throws(DataplaneError) {
            let directory = configuration.stateDirectory
            if let advice = try KubeProxySearch.advice(stateDirectory: directory) {
                logger.warning("\(advice)")
            }
        } catch {
            logger.debug("what kube-proxy left could not be looked for: \(error)")
        }
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
        do throws(DataplaneError) {
            var device = try Self.device(.ipvs, configuration)
            let sources = device.preferredSources(configuration.addresses)
            var next = Reconciler(
                device: device,
                options: ReconcilerOptions(
                    configuration,
                    .ipvs,
                    nodeName: nodeName,
                    sources: sources
                ),
                after: reconciler
            )
            try next.start(now: now)
            logger.notice("this kernel has IPVS now; programming it")
            choice = DataplaneChoice(
                mode: .ipvs,
                reason: "as this kernel has it by now",
                isFallback: false
            )
            reconciler = next
            nextProbe = nil
            account.begin()
            reconcile(listeners)
        } catch {
            logger.warning("IPVS is there, but cannot be used yet: \(error)")
        }
    }

    /// Lets connections come to the dataplane that was prepared, when it has everything.
    private mutating func takeOver(_ listeners: NodeListeners) {
        guard reconciler.entry != choice.mode, reconciler.hasProgrammedEverything else { return }
        let since = completingSince ?? now
        completingSince = since
        guard reconciler.isComplete || now - since >= Self.patience else { return }
        completingSince = nil
        reconciler.open()
        reconcile(listeners)
        settleIn()
    }

    /// Writes down what serves, and begins to remove what served before.
    private mutating func settleIn() {
        let reason = choice.reason
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

    private mutating func retire() {
        let since = retiringSince ?? now
        nextRetirement = nil
        // What is still called cannot go; the rules that do not call it will be tried again.
        guard reconciler.isHealthy else {
            nextRetirement = now + Self.retirementInterval
            return
        }
        do throws(DataplaneError) {
            let retirement = try reconciler.device.retireOther(
                evenIfBusy: now - since >= Self.longestRetirement,
                wantsFilter: reconciler.options.filter != nil
            )
            let other: DataplaneMode = choice.mode == .ipvs ? .iptables : .ipvs
            if retirement.removed > 0 {
                logger.notice("removed what was left in \(other) (\(retirement.removed))")
            }
            if retirement.waiting > 0 {
                nextRetirement = now + Self.retirementInterval
            }
        } catch {
            logger.warning("what is left of another dataplane could not be removed: \(error)")
            nextRetirement = now + Self.retirementInterval
        }
    }
}
