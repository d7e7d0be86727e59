package import Addressing
import DataplaneModel
import Planning
package import Reconciliation
package import ServiceModel

/// What the daemon has counted of its work since it started.
package struct ServingMeasurements: Sendable {
    /// Changes of one kind of object.
    package struct Changes: Hashable, Sendable {
        package private(set) var total: UInt64 = 0
        /// No round has taken them in.
        private var waiting = 0
        /// A round has taken them in, and has left something undone.
        private var taken = 0

        package var pending: Int { waiting + taken }

        mutating func queue(_ count: Int) {
            waiting += count
            total += UInt64(count)
        }

        mutating func take() {
            taken += waiting
            waiting = 0
        }

        mutating func settle() { taken = 0 }
    }

    /// What was done in a round, beside its report.
    package struct Round: Sendable {
        /// Everything was compared with the kernel, not only what had changed.
        package var isFull: Bool
        /// The kernel was to be read first; whether it could be, the report says.
        package var isAudit: Bool
        package var took: Duration
        /// The families for which nothing is left undone that all Services rely on.
        package var synced: [AddressFamily]
        /// Chains of the packet filter stand in for virtual servers.
        package var usesChains: Bool
        /// System calls on the dataplane's netlink sockets, since it was opened.
        package var kernelCalls: Int
        /// The end of the round, in seconds since 1970.
        package var end: Double

        package init(
            isFull: Bool,
            isAudit: Bool,
            took: Duration,
            synced: [AddressFamily],
            usesChains: Bool = false,
            kernelCalls: Int = 0,
            end: Double
        ) {
            self.isFull = isFull
            self.isAudit = isAudit
            self.took = took
            self.synced = synced
            self.usesChains = usesChains
            self.kernelCalls = kernelCalls
            self.end = end
        }
    }

    package private(set) var endpointChanges = Changes()
    package private(set) var serviceChanges = Changes()
    private(set) var lastQueued: Double?
    private(set) var lastSynced: [AddressFamily: Double] = [:]
    private(set) var rounds = Histogram(bounds: Histogram.roundBounds)
    private(set) var fullRounds = Histogram(bounds: Histogram.roundBounds)
    private(set) var partialRounds = Histogram(bounds: Histogram.roundBounds)
    private(set) var audits = Histogram(bounds: Histogram.roundBounds)
    private(set) var programming: [AddressFamily: Histogram] = [:]
    private(set) var restoreFailures: [AddressFamily: UInt64] = [:]
    private(set) var operations: UInt64 = 0
    private(set) var kernelCalls: UInt64 = 0
    /// As the dataplane counted them at the last round.
    private var countedKernelCalls = 0
    private(set) var operationFailures: [String: UInt64] = [:]
    private(set) var auditFailures: UInt64 = 0
    private(set) var endedFlows: UInt64 = 0
    private(set) var departed: [Departure.Ending: UInt64] = [:]
    /// By family; nil for what belongs to the node.
    private(set) var drift: [AddressFamily?: UInt64] = [:]
    private(set) var healthz: [Bool: UInt64] = [:]
    private(set) var livez: [Bool: UInt64] = [:]
    /// When what is not in the kernel yet changed in the cluster, in milliseconds since 1970.
    private var triggers: [AddressFamily: [Int64]] = [:]
    /// More than these are not measured while a family cannot be programmed.
    private static let waitingTriggers = 10_000
    /// Seconds since 1970; what changed before has waited for the start, and measures nothing.
    package let start: Double

    package init(start: Double) { self.start = start }

    /// Notes an event that arrived; `moment` is in seconds since 1970.
    package mutating func queued(_ event: SourceEvent, at moment: Double) {
        guard case .changes(let changes) = event else { return }
        lastQueued = moment
        var services = 0
        var endpoints = 0
        for change in changes {
            switch change {
            case .service, .serviceRemoved: services += 1
            case .endpointSlice, .endpointSliceRemoved, .endpoints, .endpointsRemoved:
                endpoints += 1
            case .node, .nodeRemoved: break
            }
        }
        serviceChanges.queue(services)
        endpointChanges.queue(endpoints)
    }

    /// Notes that everything that was queued is in the round that begins.
    package mutating func taken() {
        serviceChanges.take()
        endpointChanges.take()
    }

    /// Notes when endpoints of a Service with these families changed, which the round takes in.
    package mutating func taken(_ trigger: EndpointTrigger, families: Set<AddressFamily>) {
        guard Double(trigger.milliseconds) / 1000 >= start else { return }
        for family in families where triggers[family, default: []].count < Self.waitingTriggers {
            triggers[family, default: []].append(trigger.milliseconds)
        }
    }

    /// Takes in a round.
    ///
    /// One that found that there was nothing to do, be it that what changed has no effect here, would
    /// only make the others look short, so its time does not count.
    package mutating func ended(_ round: Round, _ report: ReconciliationReport) {
        let seconds = round.took / .seconds(1)
        if round.isFull || !report.isEmpty {
            rounds.observe(seconds)
            if round.isFull { fullRounds.observe(seconds) } else { partialRounds.observe(seconds) }
        }
        if report.auditError != nil {
            auditFailures += 1
        } else if round.isAudit {
            audits.observe(seconds)
        }
        for ended in report.departed { departed[ended.ending, default: 0] += 1 }
        endedFlows += UInt64(clamping: report.endedFlows)
        operations += UInt64(clamping: report.applied)
        // Another dataplane begins to count anew.
        if round.kernelCalls < countedKernelCalls { countedKernelCalls = 0 }
        kernelCalls += UInt64(round.kernelCalls - countedKernelCalls)
        countedKernelCalls = round.kernelCalls
        for (family, steps) in report.driftByFamily { drift[family, default: 0] += UInt64(steps) }
        note(report.failures, usesChains: round.usesChains)
        for family in round.synced {
            lastSynced[family] = round.end
            for trigger in triggers.removeValue(forKey: family) ?? [] {
                programming[family, default: Histogram(bounds: Histogram.programmingBounds)]
                    .observe(max(0, round.end - Double(trigger) / 1000))
            }
        }
        guard round.synced.count == AddressFamily.allCases.count else { return }
        serviceChanges.settle()
        endpointChanges.settle()
    }

    private mutating func note(
        _ failures: [ReconciliationReport.Failure],
        usesChains: Bool
    ) {
        var families: Set<AddressFamily> = []
        for failure in failures {
            operationFailures["\(failure.error.code)", default: 0] += 1
            switch failure.subject {
            case .filter(let family): families.insert(family)
            case .virtualServer(let key): if usesChains { families.insert(key.family) }
            case .address, .scheduler, .set, .node: break
            }
        }
        // One run of the program for each family, however many objects were in it.
        for family in families { restoreFailures[family, default: 0] += 1 }
    }

    /// Notes an answer of `/healthz`.
    package mutating func answeredHealthz(isOK: Bool) { healthz[isOK, default: 0] += 1 }

    /// Notes an answer of `/livez`.
    package mutating func answeredLivez(isOK: Bool) { livez[isOK, default: 0] += 1 }
}
