import Addressing
import DataplaneModel
import Planning

// Comparisons of the kernel with what is wanted, from time to time and whenever somebody asks.
extension Reconciler where Device: ~Copyable {
    /// Has the kernel read and compared with what is wanted at the next `reconcile`, whenever the next
    /// audit would be.
    ///
    /// Before everything has been programmed once there is nothing to compare, and nothing happens.
    package mutating func requestAudit() {
        guard hasSynced else { return }
        nextAudit = .zero
        wantsThoroughAudit = true
    }

    /// Whether the kernel will be read at this moment.
    package func isAuditDue(at now: Duration) -> Bool {
        hasSynced && nextAudit.map { $0 <= now } ?? false
    }

    /// What cannot be seen at a glance is seen this seldom.
    private static var auditsToAThoroughOne: Int { 10 }

    mutating func audit(report: inout ReconciliationReport) {
        scheduleAudit(now: now)
        let known = touched
        do throws(DataplaneError) {
            audits += 1
            // Not everything is seen at a glance.
            let isThorough = wantsThoroughAudit || audits % Self.auditsToAThoroughOne == 0
            wantsThoroughAudit = false
            applied =
                isThorough
                ? try device.observe() : try device.observe(expecting: applied)
        } catch {
            report.auditError = error
            return
        }
        hasCurrentRequirements = false
        updateNodeRequirements()
        lowering.availability.forgetMissing()
        avoidForeignMarks()
        adoptNodeAddresses()
        for key in Array(loweringProblems.keys) { lower(key) }
        var all = TouchedParts.everything(of: applied, and: desired.state)
        all.takeDepartures(from: touched)
        touched = all
        // What was about to be done, or had failed, nobody else has changed.
        var drifted = touched
        drifted.virtualServers = drifted.virtualServers.filter {
            !known.virtualServers.contains($0) && !retries.contains(.virtualServer($0))
        }
        drifted.addresses = drifted.addresses.filter {
            !known.addresses.contains($0) && !retries.contains(.address($0))
        }
        drifted.members = drifted.members.filter { !retries.contains(.set($0.key)) }
        for (set, members) in known.members { drifted.members[set]?.subtract(members) }
        drifted.node = !known.node && !retries.concernsNode
        if keepsUnknown { leaveUnknown(of: &drifted) }
        departures.update(for: drifted, from: applied, to: desired, now: now)
        let repairs = applied.plan(to: desired.state, touching: drifted, departures: departures)
        for step in repairs.operations {
            report.driftByFamily[step.family, default: 0] += 1
            report.drifted.note(step, owner: owner(of: step))
        }
    }

    mutating func scheduleAudit(now: Duration) {
        nextAudit = options.auditInterval == .zero ? nil : now + options.auditInterval
    }
}
