package import Addressing
package import DataplaneModel
package import Planning
package import Routing
package import ServiceModel

/// Brings a dataplane to what the cluster wants, and keeps it there.
///
/// It owns the dataplane. It has no clock: whoever drives it says what time it is, as a duration
/// since any fixed moment. Work follows the change: one endpoint costs one Service's routing and a
/// few operations, whatever the number of Services.
package struct Reconciler<Device: Dataplane & ~Copyable>: ~Copyable {
    package let options: ReconcilerOptions
    /// The dataplane.
    ///
    /// Whatever is changed in it behind the back of this type counts as drift.
    package var device: Device
    package internal(set) var applied = IPVSState()
    package internal(set) var desired = DesiredIPVSState()
    package internal(set) var cluster: RoutedCluster
    package internal(set) var lowering: IPVSLowering
    var marks: MarkAllocation
    /// The Service port whose mark a frontend uses to lead clients inside elsewhere.
    var markHolders: [FrontendKey: String] = [:]
    /// How many frontends use the mark of a Service port.
    var markUses: [String: Int] = [:]
    /// Service ports that need no mark any more, as long as connections may have come by theirs.
    var idleMarkOwners: Set<String> = []
    var servedNodePorts: [FrontendKey: ServedNodePort] = [:]
    /// Addresses of a frontend that are left to virtual servers of others.
    var leftToOthers: [FrontendKey: Set<IPAddress>] = [:]
    var touched = TouchedParts()
    package internal(set) var departures: Departures
    var staleFlows = StaleFlows()
    /// The kernel was to be read again in this round, and could not be.
    var isNodeUnread = false
    var retries: RetrySchedule
    private(set) var loweringProblems: [FrontendKey: [ObjectProblem]] = [:]
    private var loweringProblemsVersion = 0
    private var reportedVersion = 0
    private var reportedProblems: Set<ObjectProblem> = []
    private var hasInitialSet = false
    var hasSynced = false
    /// What an earlier run left may be for something that could not be read.
    var keepsUnknown = false
    /// What an earlier run left and nothing is known of, as long as not everything could be read.
    var unknown = TouchedParts()
    /// Frontends that have nobody any more as far as can be read, and had somebody in an earlier run:
    /// who it was may be in what cannot be read.
    var doubtful: [FrontendKey: String] = [:]
    /// The Service ports that had real servers in an earlier run, once somebody has asked.
    var ownersBefore: Set<String>?
    /// Some marks are as an earlier run gave them, whether they are needed or not.
    private var hasRestoredMarks = true
    var servesIPv6 = false
    var isNodeTouched = false
    /// Health checks or node ports are not as they were at the last report.
    var hasNewListeners = false
    private var wasHealthy = true
    var hasCurrentRequirements = false
    /// What new connections come to; another than `options.mode` as long as that is not complete.
    package private(set) var entry: DataplaneMode
    /// Everything is to be lowered at the first opportunity, as nothing has been.
    private var lowersEverything = false
    var nextAudit: Duration?
    var audits = 0
    var wantsThoroughAudit = false
    /// The moment of the round that is going on.
    var now = Duration.zero

    /// Takes over the dataplane.
    ///
    /// Nothing is read or written before `start`. `entry` is what connections come to until `open`;
    /// nil for what the dataplane itself has.
    package init(
        device: consuming Device,
        options: ReconcilerOptions,
        entry: DataplaneMode? = nil
    ) {
        self.device = device
        self.options = options
        self.entry = entry ?? options.mode
        retries = RetrySchedule(initial: options.retryInitial, maximum: options.retryMaximum)
        lowering = IPVSLowering(
            addressMode: options.addressMode,
            sources: options.sources,
            globalScheduler: options.routing.scheduling.global,
            usesFilter: options.filter != nil,
            mode: options.mode
        )
        cluster = RoutedCluster(policy: options.routing)
        departures = Departures(options.mode == .ipvs ? options.draining : nil)
        marks = MarkAllocation(options.filter?.marks ?? MarkRange(base: 1 << 12, bits: 12))
    }

    /// Takes over from another, which has a dataplane of another mode, all that it knows.
    ///
    /// Connections come to the other dataplane until `open`.
    package init(
        device: consuming Device,
        options: ReconcilerOptions,
        after previous: borrowing Reconciler
    ) {
        self.init(device: device, options: options, entry: previous.entry)
        cluster = previous.cluster
        marks = previous.marks
        hasInitialSet = previous.hasInitialSet
        keepsUnknown = previous.keepsUnknown
        servesIPv6 = previous.servesIPv6
        reportedProblems = previous.reportedProblems
        // What the other said may not hold here, even where there is nothing else to say.
        reportedVersion = -1
        lowersEverything = true
    }

    /// Leads new connections to this dataplane, at the next `reconcile`.
    package mutating func open() {
        guard entry != options.mode else { return }
        entry = options.mode
        hasCurrentRequirements = false
    }

    /// Whether everything that exists has been programmed at least once.
    package var hasProgrammedEverything: Bool { hasSynced }

    /// Whether all that exists has been said, so that rounds do something.
    package var isStarted: Bool { hasInitialSet }

    /// Whether this dataplane has all that is wanted, so that it may be opened.
    package var isComplete: Bool { hasSynced && retries.isEmpty && knowsEverything }

    /// Whether everything could be read: what is not wanted is then for nobody.
    package var knowsEverything: Bool { !keepsUnknown }

    /// Whether something fails that all Services rely on.
    package var hasNodeFailures: Bool { retries.concernsNode }

    /// The families for which nothing fails that all of their Services rely on.
    package var soundFamilies: [AddressFamily] {
        AddressFamily.allCases.filter { !retries.concernsAll(of: $0) }
    }

    /// The virtual servers that this dataplane has not as they are wanted.
    package var failingVirtualServers: Set<VirtualServerKey> { retries.virtualServers }

    /// Takes in which Service port had which mark before, in a dataplane that is read no more.
    ///
    /// To be called before `start`: packets that carry those marks are still on their way.
    package mutating func restoreMarks(_ names: [VirtualServerKey: String]) {
        for (key, owner) in names.sorted(by: { $0.key < $1.key }) {
            if case .firewallMark(let mark, _) = key { marks.restore(mark, to: owner) }
        }
    }

    /// Reads what the kernel holds, so that only differences are written later.
    ///
    /// - Throws: when the kernel cannot be read, or lacks the global scheduler. Nothing has been
    ///   changed then.
    package mutating func start(now: Duration) throws(DataplaneError) {
        applied = try device.observe()
        lowering.availability = SchedulerAvailability(
            available: applied.virtualServers.values.lazy.map(\.server.scheduler)
        )
        let global = Scheduler(rawValue: options.routing.scheduling.global.name)
        if lowering.availability.isAvailable(global) == nil {
            let answer = device.probe(global)
            lowering.availability.record(answer, for: global)
            switch answer {
            case .available: break
            case .missing:
                throw DataplaneError.missing(global)
            case .inconclusive(let error): throw error
            }
        }
        for (object, owner) in applied.claims.sorted(by: { $0.key < $1.key }) {
            guard case .virtualServer(.firewallMark(let mark, _)) = object else { continue }
            marks.restore(mark, to: owner)
        }
        avoidForeignMarks()
        marks.giveUpTaken()
        adoptNodeAddresses()
        scheduleAudit(now: now)
    }

    /// Takes in what a source says.
    ///
    /// Nothing is written before `reconcile`.
    package mutating func take(_ event: SourceEvent) {
        switch event {
        case .initialSetComplete(let isWhole):
            hasInitialSet = true
            if isWhole, hasSynced, keepsUnknown {
                var all = TouchedParts.everything(of: applied, and: desired.state)
                all.takeDepartures(from: touched)
                touched = all
            }
            keepsUnknown = !isWhole
            if isWhole {
                unknown = TouchedParts()
                settleDoubts()
            }
        case .changes(let changes):
            if cluster.serviceCount == 0, changes.count > 64 {
                cluster.reserveCapacity(changes.count / 2)
            }
            for change in changes where cluster.apply(change) { isNodeTouched = true }
        case .triggers: break
        }
    }

    /// When `reconcile` has something to do even if nothing changes; nil for never.
    package var nextDeadline: Duration? {
        guard hasInitialSet else { return nil }
        return [retries.nextDue, nextAudit, departures.nextLook, staleFlows.nextDue]
            .compactMap(\.self).min()
    }

    /// Writes the difference between what is wanted and what is there, for all that was touched
    /// since the last time.
    ///
    /// It never throws: what fails is in the report and is tried again later, everything else has
    /// been done.
    package mutating func reconcile(now: Duration) -> ReconciliationReport {
        var report = ReconciliationReport()
        guard hasInitialSet else { return report }
        self.now = now
        let isAudit = nextAudit.map { $0 <= now } ?? false
        prepareRetries()
        if isNodeTouched { takeInNode() }
        routeTouchedServices()
        if lowersEverything {
            lowersEverything = false
            for key in Array(cluster.frontendKeys) { lower(key) }
            for check in cluster.allHealthChecks { lower(check) }
        }
        if hasRestoredMarks, !keepsUnknown {
            keepRestoredMarks()
            hasRestoredMarks = false
        }
        updateNodeRequirements()
        if !hasSynced {
            touched = .everything(of: applied, and: desired.state)
            if keepsUnknown { rememberUnknown() }
        }
        if isAudit, hasSynced { audit(report: &report) }
        lookAtDepartures(report: &report)
        applyTouched(report: &report)
        endStaleFlows(report: &report)
        if !hasSynced {
            hasSynced = true
            report.isInitialSync = true
        }
        if !keepsUnknown { departures.forgetRestored() }
        releaseIdleMarks()
        if isHealthy != wasHealthy {
            wasHealthy = isHealthy
            hasNewListeners = true
        }
        report.hasNewListeners = hasNewListeners || report.isInitialSync
        hasNewListeners = false
        reportProblems(into: &report)
        return report
    }

    /// What `reconcile` would do for the first time, and what it would say of objects.
    ///
    /// Nothing is done, and nothing may follow but another plan.
    package mutating func plan() -> (plan: Plan, problems: [ObjectProblem]) {
        if isNodeTouched { takeInNode() }
        routeTouchedServices()
        updateNodeRequirements()
        let parts = TouchedParts.everything(of: applied, and: desired.state)
        departures.update(for: parts, from: applied, to: desired, now: now)
        let problems = Set(cluster.problems + loweringProblems.values.flatMap(\.self))
        return (
            applied.plan(
                to: desired.state,
                touching: parts,
                departures: departures,
                onNode: nodeName
            ), problems.sorted()
        )
    }

    var nodeName: String { options.routing.node.name }

    /// The number of Services, virtual servers and real servers that are wanted, and of failures.
    package var counts: (services: Int, virtualServers: Int, realServers: Int, failing: Int) {
        (
            cluster.serviceCount, desired.state.virtualServers.count,
            desired.state.virtualServers.values.reduce(0) { $0 + $1.realServers.count },
            retries.count
        )
    }
}

// MARK: - Problems

extension Reconciler where Device: ~Copyable {
    /// Notes what is wrong with a frontend; nothing where all is well.
    mutating func note(_ problems: [ObjectProblem], at key: FrontendKey) {
        let problems = problems.isEmpty ? nil : problems
        guard loweringProblems[key] != problems else { return }
        loweringProblems[key] = problems
        loweringProblemsVersion += 1
    }

    private mutating func reportProblems(into report: inout ReconciliationReport) {
        let version = cluster.problemsVersion + loweringProblemsVersion
        guard version != reportedVersion else { return }
        reportedVersion = version
        var current = Set(cluster.problems)
        for problems in loweringProblems.values { current.formUnion(problems) }
        report.newProblems = current.subtracting(reportedProblems).sorted()
        report.solvedProblems = reportedProblems.subtracting(current).sorted()
        reportedProblems = current
    }
}

// MARK: - Questions

extension Reconciler where Device: ~Copyable {
    /// Answers what becomes of packets now; nil before everything that exists has been programmed.
    package var explainer: PacketExplainer? {
        hasSynced
            ? PacketExplainer(
                cluster: cluster,
                lowering: lowering,
                detection: options.detection(on: cluster.node),
                marked: Set(markHolders.keys)
            ) : nil
    }

    /// The node ports that lead to somebody, for what cannot come to them by way of IPVS.
    package var nodePorts: [ServedNodePort] {
        servedNodePorts.values.sorted { $0.key < $1.key }
    }

    /// Whether the rules that packets rely on are in the kernel.
    package var isHealthy: Bool {
        AddressFamily.allCases.allSatisfy { !retries.contains(.filter($0)) }
    }
}

/// A node port that leads to somebody.
package struct ServedNodePort: Hashable, Sendable {
    package let key: FrontendKey
    package let service: ServicePortName
    /// One of the node's addresses where it is served.
    package let place: SocketEndpoint
}
