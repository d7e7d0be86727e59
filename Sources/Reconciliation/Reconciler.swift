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
    package private(set) var applied = IPVSState()
    package private(set) var desired = DesiredIPVSState()
    private var table = ServiceTable()
    private var routes = RouteTable()
    private var lowering: IPVSLowering
    private var touchedServices: Set<ObjectName> = []
    private var touched = TouchedParts()
    private var retries: RetrySchedule
    private var loweringProblems: [VirtualServerKey: [ObjectProblem]] = [:]
    private var reportedProblems: Set<ObjectProblem> = []
    private var hasInitialSet = false
    private var hasSynced = false
    private var servesIPv6 = false
    private var hasCurrentRequirements = false
    private var nextAudit: Duration?
    /// The moment of the round that is going on.
    private var now = Duration.zero

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
        case .initialSetComplete:
            hasInitialSet = true
        case .changes(let changes):
            if table.serviceCount == 0, changes.count > 64 {
                table.reserveCapacity(services: changes.count / 2, slices: changes.count / 2)
            }
            for change in changes { table.apply(change) { touchedServices.insert($0) } }
        }
    }

    /// Whether there is something to write, or to try again by now.
    package func hasWork(now: Duration) -> Bool {
        guard hasInitialSet else { return false }
        return !hasSynced || !touchedServices.isEmpty || !touched.isEmpty
            || (nextDeadline.map { $0 <= now } ?? false)
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

    private mutating func lower(_ key: FrontendKey) {
        let server = IPVSLowering.virtualServerKey(of: key)
        if let frontend = routes[key] {
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

    private mutating func learn(_ scheduler: Scheduler) {
        guard lowering.availability.isAvailable(scheduler) == nil,
            !retries.contains(.scheduler(scheduler))
        else { return }
        let answer = device.probe(scheduler)
        lowering.availability.record(answer, for: scheduler)
        if case .inconclusive = answer { _ = retries.failed(.scheduler(scheduler), now: now) }
    }

    private mutating func updateNodeRequirements() {
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

// MARK: - From what is wanted to the kernel

extension Reconciler where Device: ~Copyable {
    /// Virtual servers that are planned together: enough to fill whole batches.
    private static var portionSize: Int { 256 }

    private mutating func applyTouched(report: inout ReconciliationReport) {
        guard !touched.isEmpty else { return }
        let portions = touched.portions(of: Self.portionSize)
        touched = TouchedParts()
        for parts in portions { apply(parts, report: &report) }
    }

    private mutating func apply(_ parts: TouchedParts, report: inout ReconciliationReport) {
        let plan = applied.plan(to: desired.state, touching: parts)
        guard !plan.isEmpty else {
            settleRetries(parts, failed: [], report: &report)
            return
        }
        let failures = device.apply(plan)
        report.applied += plan.operations.count - failures.count
        if failures.isEmpty {
            applied.settle(parts, at: desired.state)
            settleRetries(parts, failed: [], report: &report)
            return
        }
        var failed: Set<RetrySubject> = []
        var nextFailure = failures.startIndex
        for (index, operation) in plan.operations.enumerated() {
            guard nextFailure < failures.endIndex, failures[nextFailure].index == index else {
                applied.apply(operation)
                continue
            }
            let error = failures[nextFailure].error
            nextFailure += 1
            let subject = Self.subject(of: operation)
            // One failure of an object brings others with it (no virtual server, so no real
            // servers); the first one says why.
            guard failed.insert(subject).inserted else { continue }
            let delay = retries.failed(subject, now: now)
            report.failures.append(
                ReconciliationReport.Failure(
                    owner: owner(of: operation),
                    error: error,
                    retryIn: delay
                )
            )
        }
        settleRetries(parts, failed: failed, report: &report)
    }

    private mutating func settleRetries(
        _ parts: TouchedParts,
        failed: Set<RetrySubject>,
        report: inout ReconciliationReport
    ) {
        guard !retries.isEmpty else { return }
        var subjects = parts.virtualServers.sorted().map { RetrySubject.virtualServer($0) }
        subjects += parts.addresses.sorted().map { .address($0) }
        if parts.node { subjects.append(.node) }
        for subject in subjects where !failed.contains(subject) {
            if retries.succeeded(subject) { report.recovered.append(subject) }
        }
    }

    private static func subject(of operation: Operation) -> RetrySubject {
        if let key = operation.virtualServer { return .virtualServer(key) }
        if let address = operation.address { return .address(address) }
        return .node
    }

    private func owner(of operation: Operation) -> String? {
        guard let key = operation.virtualServer else { return nil }
        return desired.state.claims[.virtualServer(key)] ?? applied.claims[.virtualServer(key)]
    }

    /// What failed may have failed because the kernel is not as we thought: it is read again first.
    private mutating func prepareRetries() {
        var readAddresses = false
        for subject in retries.due(at: now) {
            switch subject {
            case .virtualServer(let key):
                touched.virtualServers.insert(key)
                if case .success(let entry) = reading(key) { applied.virtualServers[key] = entry }
            case .address(let address):
                touched.addresses.insert(address)
                readAddresses = true
            case .scheduler(let scheduler):
                _ = retries.succeeded(subject)
                for key in routes.keys where routes[key]?.scheduler.name == scheduler.rawValue {
                    lower(key)
                }
                if retries.contains(subject) { _ = retries.failed(subject, now: now) }
            case .node:
                touched.node = true
            }
        }
        if readAddresses { rereadAddresses() }
    }

    private mutating func reading(
        _ key: VirtualServerKey
    ) -> Result<IPVSState.Entry?, DataplaneError> {
        do throws(DataplaneError) {
            return .success(try device.observe(key))
        } catch {
            return .failure(error)
        }
    }

    private mutating func rereadAddresses() {
        guard let observed = try? device.observeAddresses() else { return }
        applied.addresses = observed.announced
        applied.foreignAddresses = observed.foreign
    }

    private mutating func audit(report: inout ReconciliationReport) {
        scheduleAudit(now: now)
        do throws(DataplaneError) {
            applied = try device.observe()
        } catch {
            report.auditError = error
            return
        }
        hasCurrentRequirements = false
        updateNodeRequirements()
        lowering.availability.forgetMissing()
        for key in routes.keys
        where loweringProblems[IPVSLowering.virtualServerKey(of: key)] != nil {
            lower(key)
        }
        let parts = TouchedParts.everything(of: applied, and: desired.state)
        let known = touched
        touched = parts
        var drifted = parts
        drifted.virtualServers.subtract(known.virtualServers)
        drifted.addresses.subtract(known.addresses)
        drifted.node = drifted.node && !known.node
        report.drift = applied.plan(to: desired.state, touching: drifted).operations.count
    }

    private mutating func scheduleAudit(now: Duration) {
        nextAudit = options.auditInterval == .zero ? nil : now + options.auditInterval
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
