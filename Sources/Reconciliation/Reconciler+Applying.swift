import Addressing
import DataplaneModel
import Planning
import Routing

// From what is wanted to the kernel.
extension Reconciler where Device: ~Copyable {
    /// Virtual servers that are planned together: for IPVS enough to fill whole batches.
    ///
    /// A change of the packet filter costs as much as all that the filter holds, so there all go at
    /// once.
    private var portionSize: Int { options.mode == .ipvs ? 256 : .max }

    mutating func applyTouched(report: inout ReconciliationReport) {
        guard !touched.isEmpty else { return }
        var parts = touched
        touched = TouchedParts()
        let unread = rereadFailed(&parts)
        // What is left alone now is not to be tried again either.
        var asked = parts
        if keepsUnknown { leaveUnknown(of: &parts) }
        noteDepartures(of: &parts)
        asked.addresses.formUnion(parts.addresses)
        if keepsUnknown { leaveUnknown(of: &parts) }
        var round = ApplyingRound(standing: standingFailures(besides: parts))
        round.failed = unread
        for portion in parts.portions(of: portionSize) {
            apply(portion, in: &round, report: &report)
        }
        departures.forgetGone(from: parts.virtualServers, in: applied)
        settleRetries(asked, except: round.failed, report: &report)
    }

    /// What keeps clients out, and failed before, unless it is tried now.
    private func standingFailures(besides parts: TouchedParts) -> Set<RetrySubject> {
        guard !retries.isEmpty else { return [] }
        var standing: Set<RetrySubject> = []
        for family in AddressFamily.allCases {
            let limited = AddressSet(.limited, family)
            if parts.members[limited] == nil, retries.contains(.set(limited)) {
                standing.insert(.set(limited))
            }
            if !parts.node, retries.contains(.filter(family)) { standing.insert(.filter(family)) }
        }
        return standing
    }

    private mutating func apply(
        _ parts: TouchedParts,
        in round: inout ApplyingRound,
        report: inout ReconciliationReport
    ) {
        noteFlows(of: parts)
        let plan = applied.plan(
            to: desired.state,
            touching: parts,
            departures: departures,
            onNode: nodeName
        )
        var hasFailed = false
        for (index, section) in plan.sections.enumerated() {
            // Nothing has failed, nearly always.
            let steps =
                round.isClean
                ? section : section.filter { round.allows($0, applied, desired.state) }
            if steps.count < section.count {
                for step in section where !round.allows(step, applied, desired.state) {
                    let subject = RetrySubject(of: step)
                    round.failed.insert(subject)
                    _ = retries.failed(subject, now: now)
                }
            }
            let failures = device.apply(Plan(steps))
            report.applied += steps.count - failures.count
            if !hasFailed, steps.count < section.count || !failures.isEmpty {
                hasFailed = true
                // What was done before was not followed step by step.
                for step in plan.sections[..<index].joined() { applied.apply(step) }
            }
            if hasFailed { follow(steps, failures, in: &round, report: &report) }
        }
        if !hasFailed, !plan.isEmpty {
            applied.settle(parts, at: desired.state, departures: departures)
        }
    }

    private mutating func follow(
        _ steps: [Operation],
        _ failures: [OperationFailure],
        in round: inout ApplyingRound,
        report: inout ReconciliationReport
    ) {
        var nextFailure = failures.startIndex
        for (index, step) in steps.enumerated() {
            guard nextFailure < failures.endIndex, failures[nextFailure].index == index else {
                applied.apply(step)
                continue
            }
            let error = failures[nextFailure].error
            nextFailure += 1
            applied.doubt(step)
            // One failure of an object brings others with it (no virtual server, so no real
            // servers); the first one says why.
            guard round.note(step, error, as: RetrySubject(of: step)) else { continue }
            let delay = retries.failed(RetrySubject(of: step), now: now)
            report.failures.append(
                ReconciliationReport.Failure(
                    subject: RetrySubject(of: step),
                    owner: owner(of: step),
                    error: error,
                    retryIn: delay
                )
            )
        }
    }

    private mutating func settleRetries(
        _ parts: TouchedParts,
        except failed: Set<RetrySubject>,
        report: inout ReconciliationReport
    ) {
        guard !retries.isEmpty else { return }
        var subjects = parts.virtualServers.sorted().map { RetrySubject.virtualServer($0) }
        subjects += parts.addresses.sorted().map { .address($0) }
        subjects += parts.members.keys.sorted().map { .set($0) }
        if parts.node { subjects += [.node] + AddressFamily.allCases.map { .filter($0) } }
        for subject in subjects where !failed.contains(subject) {
            if retries.succeeded(subject) { report.recovered.append(subject) }
        }
    }

    func owner(of operation: Operation) -> String? {
        guard let key = operation.virtualServer else { return nil }
        return desired.state.claims[.virtualServer(key)] ?? applied.claims[.virtualServer(key)]
    }
}

// Trying again, and looking whether the kernel still is as it was left.
extension Reconciler where Device: ~Copyable {
    /// Touches what is due to be tried again.
    mutating func prepareRetries() {
        for subject in retries.due(at: now) {
            switch subject {
            case .virtualServer(let key): touched.virtualServers.insert(key)
            case .address(let address): touched.addresses.insert(address)
            case .scheduler(let scheduler):
                probe(scheduler)
                guard lowering.availability.isAvailable(scheduler) != nil else { continue }
                for key in cluster.frontendKeys
                where cluster[key]?.scheduler.name == scheduler.rawValue {
                    lower(key)
                }
            case .set(let set):
                touched.node = true
                // Its members follow in `rereadFailed`.
                touched.members[set, default: []].formUnion([])
            case .filter:
                touched.node = true
            case .node:
                touched.node = true
                isNodeUnread = !reread()
            }
        }
    }

    /// Reads again what failed before and is to be planned now: it may have failed because the kernel
    /// is not as we thought.
    ///
    /// Of a set it is not known which members failed, so all of them are planned again. What cannot
    /// be read is left for later and answered: a plan from what it was thought to be might take away
    /// the last that is there, or leave behind what nobody claims any more.
    private mutating func rereadFailed(_ parts: inout TouchedParts) -> Set<RetrySubject> {
        guard !retries.isEmpty else { return [] }
        var unread: Set<RetrySubject> = []
        if isNodeUnread { unread.insert(.node) }
        isNodeUnread = false
        for key in parts.virtualServers where retries.contains(.virtualServer(key)) {
            switch reading(key) {
            case .success(let entry): applied.virtualServers[key] = entry
            case .failure: unread.insert(.virtualServer(key))
            }
        }
        let addresses = parts.addresses.filter { retries.contains(.address($0)) }
        if !addresses.isEmpty, !rereadAddresses() {
            unread.formUnion(addresses.map { .address($0) })
        }
        for set in Array(parts.members.keys) where retries.contains(.set(set)) {
            guard case .success(let members) = reading(set) else {
                unread.insert(.set(set))
                continue
            }
            applied.sets[set] = members
            if applied.sets[set] == nil { parts.node = true }
            for state in [desired.state, applied] {
                parts.members[set, default: []].formUnion(state.sets[set, default: [:]].keys)
            }
        }
        for subject in unread {
            switch subject {
            case .virtualServer(let key): parts.virtualServers.remove(key)
            case .address(let address): parts.addresses.remove(address)
            case .set(let set): parts.members[set] = nil
            case .scheduler, .filter, .node: break
            }
            _ = retries.failed(subject, now: now)
        }
        return unread
    }

    private mutating func reading(
        _ set: AddressSet
    ) -> Result<[SetMember: UInt32]?, DataplaneError> {
        do throws(DataplaneError) {
            return .success(try device.observe(set))
        } catch {
            return .failure(error)
        }
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

    /// False where it cannot be read.
    private mutating func reread() -> Bool {
        guard let observed = try? device.observe() else { return false }
        applied = observed
        hasCurrentRequirements = false
        return true
    }

    /// False where they cannot be read.
    @discardableResult
    mutating func rereadAddresses() -> Bool {
        guard let observed = try? device.observeAddresses() else { return false }
        applied.addresses = observed.announced
        applied.foreignAddresses = observed.foreign
        applied.hasDevice = observed.hasDevice
        return true
    }
}
