import Addressing
package import DataplaneModel
package import Planning
import Routing
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
    package private(set) var desired = DesiredIPVSState()
    private var table = ServiceTable()
    var routes = RouteTable()
    var lowering: IPVSLowering
    private var touchedServices: Set<ObjectName> = []
    var touched = TouchedParts()
    var retries: RetrySchedule
    var loweringProblems: [VirtualServerKey: [ObjectProblem]] = [:]
    private var reportedProblems: Set<ObjectProblem> = []
    private var hasInitialSet = false
    private var hasSynced = false
    /// What is claimed and not wanted may be for something that could not be read.
    var keepsUnknown = false
    private var servesIPv6 = false
    var hasCurrentRequirements = false
    var nextAudit: Duration?
    /// The moment of the round that is going on.
    var now = Duration.zero

    /// Takes over the dataplane.
    ///
    /// Nothing is read or written before `start`.
    package init(device: consuming Device, options: ReconcilerOptions) {
        self.device = device
        self.options = options
        retries = RetrySchedule(initial: options.retryInitial, maximum: options.retryMaximum)
        lowering = IPVSLowering(
            addressMode: options.addressMode,
            sources: options.sources,
            globalScheduler: options.scheduling.global
        )
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
        let global = Scheduler(rawValue: options.scheduling.global.name)
        if lowering.availability.isAvailable(global) == nil {
            let answer = device.probe(global)
            lowering.availability.record(answer, for: global)
            switch answer {
            case .available: break
            case .missing:
                throw DataplaneError(
                    action: "use the scheduler \(global) for all Services",
                    code: .noEntry,
                    hint: "this kernel has no scheduler of that name; name another one in "
                        + "ipvs.scheduler.name, or install the module ip_vs_\(global)"
                )
            case .inconclusive(let error): throw error
            }
        }
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
                touched = .everything(of: applied, and: desired.state)
            }
            keepsUnknown = !isWhole
        case .changes(let changes):
            if table.serviceCount == 0, changes.count > 64 {
                table.reserveCapacity(services: changes.count / 2, slices: changes.count / 2)
            }
            for change in changes { table.apply(change) { touchedServices.insert($0) } }
        }
    }

    /// When `reconcile` has something to do even if nothing changes; nil for never.
    package var nextDeadline: Duration? {
        guard hasInitialSet else { return nil }
        return [retries.nextDue, nextAudit].compactMap(\.self).min()
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
        routeTouchedServices()
        updateNodeRequirements()
        if !hasSynced { touched = .everything(of: applied, and: desired.state) }
        if isAudit, hasSynced { audit(report: &report) }
        applyTouched(report: &report)
        if !hasSynced {
            hasSynced = true
            report.isInitialSync = true
        }
        reportProblems(into: &report)
        return report
    }

    /// The number of Services, virtual servers and real servers that are wanted, and of failures.
    package var counts: (services: Int, virtualServers: Int, realServers: Int, failing: Int) {
        (
            table.serviceCount, desired.state.virtualServers.count,
            desired.state.virtualServers.values.reduce(0) { $0 + $1.realServers.count },
            retries.count
        )
    }
}

// MARK: - From changes to what is wanted

extension Reconciler where Device: ~Copyable {
    private mutating func routeTouchedServices() {
        guard !touchedServices.isEmpty else { return }
        var changed: Set<FrontendKey> = []
        if !hasSynced {
            let count = touchedServices.count
            routes.reserveCapacity(count)
            desired.reserveCapacity(count)
            applied.reserveCapacity(count)
            touched.reserveCapacity(count)
            changed.reserveCapacity(count)
        }
        for name in touchedServices {
            let frontends = table.view(of: name)?.frontends(scheduling: options.scheduling) ?? []
            routes.replace(name, with: frontends) { changed.insert($0) }
        }
        touchedServices.removeAll(keepingCapacity: true)
        for key in changed { lower(key) }
    }

    mutating func lower(_ key: FrontendKey) {
        let server = IPVSLowering.virtualServerKey(of: key)
        if let frontend = routes[key], let problem = objection(to: frontend) {
            loweringProblems[server] = [problem]
            desired.set(nil, at: server)
        } else if let frontend = routes[key] {
            learn(Scheduler(rawValue: frontend.scheduler.name))
            let result = lowering.lower(frontend)
            loweringProblems[server] = result.problems.isEmpty ? nil : result.problems
            desired.set(result, at: server)
            if key.endpoint.address.family == .ipv6, !servesIPv6 {
                servesIPv6 = true
                hasCurrentRequirements = false
            }
        } else {
            loweringProblems[server] = nil
            desired.set(nil, at: server)
        }
        touched.virtualServers.insert(server)
        touched.addresses.insert(key.endpoint.address)
    }

    /// A virtual server at one of the node's own addresses would take a port away from the node.
    private func objection(to frontend: Frontend) -> ObjectProblem? {
        let address = frontend.key.endpoint.address
        guard applied.foreignAddresses.contains(address) else { return nil }
        return ObjectProblem(
            ObjectReference(.service, frontend.service.service),
            field: "spec.clusterIPs",
            message: "\(address) is an address of this node itself; a Service there would take the "
                + "port from the node, so it is not served"
        )
    }

    private mutating func learn(_ scheduler: Scheduler) {
        guard scheduler.isWellFormed, lowering.availability.isAvailable(scheduler) == nil,
            !retries.contains(.scheduler(scheduler))
        else { return }
        probe(scheduler)
    }

    /// Asks the kernel for a scheduler, and later again where that settled nothing.
    mutating func probe(_ scheduler: Scheduler) {
        let answer = device.probe(scheduler)
        lowering.availability.record(answer, for: scheduler)
        if case .inconclusive = answer {
            _ = retries.failed(.scheduler(scheduler), now: now)
        } else {
            _ = retries.succeeded(.scheduler(scheduler))
        }
    }

    mutating func updateNodeRequirements() {
        guard !hasCurrentRequirements else { return }
        hasCurrentRequirements = true
        desired.setTimeouts(options.timeouts)
        if options.managesParameters {
            desired.setParameters(
                KernelRequirements.parameters(
                    servesIPv6: servesIPv6,
                    observed: applied.parameters
                )
            )
        }
        touched.node = true
    }
}

// MARK: - Problems

extension Reconciler where Device: ~Copyable {
    private mutating func reportProblems(into report: inout ReconciliationReport) {
        let conflicts = routes.conflicts
        guard !conflicts.isEmpty || !loweringProblems.isEmpty || !reportedProblems.isEmpty else {
            return
        }
        var current = Set(conflicts)
        for problems in loweringProblems.values { current.formUnion(problems) }
        report.newProblems = current.subtracting(reportedProblems).sorted()
        report.solvedProblems = reportedProblems.subtracting(current).sorted()
        reportedProblems = current
    }

    /// Tells of new node addresses; announcements follow at the next `reconcile`.
    package mutating func setPreferredSources(_ sources: PreferredSources) {
        guard sources != lowering.sources else { return }
        lowering.sources = sources
        touched.addresses.formUnion(desired.announce(with: lowering))
    }
}
