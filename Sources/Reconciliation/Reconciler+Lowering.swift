import Addressing
import DataplaneModel
package import Planning
import Routing
import ServiceModel

// From changes of the cluster to what is wanted of the kernel.
extension Reconciler where Device: ~Copyable {
    mutating func routeTouchedServices() {
        let changes = cluster.route()
        if !hasSynced {
            let count = changes.frontends.count
            desired.reserveCapacity(count)
            applied.reserveCapacity(count)
            touched.reserveCapacity(count)
        }
        for key in changes.frontends { lower(key) }
        for name in changes.healthChecks {
            hasNewListeners = true
            desired.set(
                cluster.healthCheck(of: name).map { lowering.lower($0) },
                for: .healthCheck(name),
                touching: &touched
            )
        }
    }

    mutating func lower(_ check: HealthCheck) {
        desired.set(
            lowering.lower(check),
            for: .healthCheck(check.service),
            touching: &touched
        )
    }

    mutating func lower(_ key: FrontendKey) {
        lowerAlone(key)
        guard let address = key.address, lowering.nodePortAddresses.contains(address) else {
            return
        }
        // What is at an address of the node may be what a node port gets or loses.
        let nodePort = FrontendKey.nodePort(key.port, key.transport, key.family)
        if cluster[nodePort] != nil { lowerAlone(nodePort) }
    }

    private mutating func lowerAlone(_ key: FrontendKey) {
        defer { noteListener(at: key) }
        guard let frontend = cluster[key], !isDoubtful(frontend) else {
            note([], at: key)
            leftToOthers[key] = nil
            releaseMark(of: key, except: nil)
            desired.set(nil, for: .frontend(key), touching: &touched)
            return
        }
        var problems: [ObjectProblem] = []
        learn(Scheduler(rawValue: frontend.scheduler.name))
        let mark = mark(for: frontend, &problems)
        let contested = contestedAddresses(of: frontend, &problems)
            .union(addressesLeftToOthers(of: frontend, &problems))
        let lowered = lowering.lower(frontend, mark: mark, contested: contested)
        problems += lowered.problems
        if case .nodePort = key {
            if lowering.places(of: key).isEmpty { problems.append(missingAddress(key.family)) }
        }
        note(problems, at: key)
        desired.set(lowered, for: .frontend(key), touching: &touched)
        if key.family == .ipv6, !servesIPv6 {
            servesIPv6 = true
            hasCurrentRequirements = false
        }
    }

    /// Notes whether a node port has anybody to lead to, for what listens on behalf of it.
    private mutating func noteListener(at key: FrontendKey) {
        guard case .nodePort = key else { return }
        let places = lowering.places(of: key).filter {
            rival(at: $0, key.transport) == nil
                && !(leftToOthers[key]?.contains($0.address) ?? false)
        }
        let preferred = lowering.sources[key.family]
        var port: ServedNodePort?
        if let frontend = cluster[key], !frontend.inside.backends.isEmpty,
            let place = places.first(where: { $0.address == preferred }) ?? places.first
        {
            port = ServedNodePort(key: key, service: frontend.service, place: place)
        }
        guard servedNodePorts[key] != port else { return }
        servedNodePorts[key] = port
        hasNewListeners = true
    }

    /// What has an address of the node as its own, and so goes before a node port there.
    private func rival(at place: SocketEndpoint, _ transport: TransportProtocol) -> Frontend? {
        cluster[.address(place, transport)].flatMap { $0.kind == .clusterIP ? nil : $0 }
    }

    /// Where another Service has an external address that is one of the node's, at the very port of
    /// this node port.
    private func contestedAddresses(
        of frontend: Frontend,
        _ problems: inout [ObjectProblem]
    ) -> Set<IPAddress> {
        guard case .nodePort = frontend.key else { return [] }
        var contested: Set<IPAddress> = []
        for place in lowering.places(of: frontend.key) {
            guard let other = rival(at: place, frontend.key.transport) else { continue }
            contested.insert(place.address)
            guard other.service.service != frontend.service.service else { continue }
            problems.append(
                ObjectProblem(
                    ObjectReference(.service, frontend.service.service),
                    field: Frontend.Kind.nodePort.field,
                    message: "\(place)/\(frontend.key.transport) is also an address of Service "
                        + "\(other.service.service) (\(other.kind.field)), which gets the packets "
                        + "there; this node port is served at the node's other addresses"
                )
            )
        }
        return contested
    }

    private mutating func mark(
        for frontend: Frontend,
        _ problems: inout [ObjectProblem]
    ) -> UInt32? {
        let owner = frontend.service.description
        guard let filter = options.filter, IPVSLowering.needsMark(frontend) else {
            releaseMark(of: frontend.key, except: nil)
            return nil
        }
        releaseMark(of: frontend.key, except: owner)
        if frontend.affinity != .none { learn(.sourceHashing) }
        if let mark = newMark(for: owner) {
            if markHolders.updateValue(owner, forKey: frontend.key) == nil {
                markUses[owner, default: 0] += 1
            }
            return mark
        }
        guard frontend.inside != frontend.outside else { return nil }
        problems.append(
            ObjectProblem(
                ObjectReference(.service, frontend.service.service),
                field: "spec.externalTrafficPolicy",
                message: "none of the \(filter.marks.count) firewall marks from "
                    + "0x\(String(filter.marks.base, radix: 16)) on is free, so at \(frontend.key) "
                    + "clients inside the cluster get what those outside get; give "
                    + "ipvs.firewallMarks in the configuration more bits, or a base that nobody "
                    + "else uses"
            )
        )
        return nil
    }

    /// A frontend may have gone to another Service, whose mark is another.
    private mutating func releaseMark(of key: FrontendKey, except owner: String?) {
        guard let holder = markHolders[key], holder != owner else { return }
        markHolders[key] = nil
        if let uses = markUses[holder], uses > 1 {
            markUses[holder] = uses - 1
        } else {
            markUses[holder] = nil
            idleMarkOwners.insert(holder)
        }
    }

    /// Rather than none, one that others still have connections by.
    private mutating func newMark(for owner: String) -> UInt32? {
        if let mark = marks.mark(for: owner) { return mark }
        for idle in idleMarkOwners.sorted() where markUses[idle] == nil {
            idleMarkOwners.remove(idle)
            marks.release(idle)
            if let mark = marks.mark(for: owner) { return mark }
        }
        return nil
    }

    /// Takes back the marks that nobody needs and that no virtual server has any more: a Service port
    /// that needs one again soon finds its connections behind the same.
    mutating func releaseIdleMarks() {
        guard !idleMarkOwners.isEmpty else { return }
        for owner in idleMarkOwners.sorted() {
            if markUses[owner] == nil {
                if let mark = marks.current(of: owner), hasVirtualServer(mark, of: owner) {
                    continue
                }
                marks.release(owner)
            }
            idleMarkOwners.remove(owner)
        }
    }

    /// Takes back the marks that an earlier run gave and that nobody needs.
    mutating func keepRestoredMarks() {
        for (object, owner) in applied.claims {
            guard case .virtualServer(.firewallMark(let mark, _)) = object,
                marks.current(of: owner) == mark, markUses[owner] == nil
            else { continue }
            idleMarkOwners.insert(owner)
        }
        marks.keepOnly(idleMarkOwners.union(markUses.keys))
    }

    private func hasVirtualServer(_ mark: UInt32, of owner: String) -> Bool {
        AddressFamily.allCases.contains { family in
            let key = VirtualServerKey.firewallMark(mark, family)
            return applied.virtualServers[key] != nil
                && applied.claims[.virtualServer(key)] == owner
        }
    }

    private func missingAddress(_ family: AddressFamily) -> ObjectProblem {
        ObjectProblem(
            ObjectReference(.node, ObjectName(namespace: "", name: options.routing.node.name)),
            field: "status.addresses",
            message:
                "this node has no \(family) address for node ports, so they are not served over "
                + "\(family); give it one, or widen nodePorts.addresses in the configuration"
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
        // Nobody else has any, so nobody could tell that they are as they should be.
        if options.mode == .ipvs { desired.setTimeouts(options.timeouts) }
        if options.managesParameters {
            desired.setParameters(
                KernelRequirements.parameters(
                    options.mode,
                    servesIPv6: servesIPv6,
                    strictARP: options.strictARP,
                    observed: applied.parameters
                )
            )
        }
        if var policy = options.filter {
            policy.detection = options.detection(on: cluster.node)
            policy.mode = entry
            let families = servesIPv6 ? AddressFamily.allCases : [.ipv4]
            desired.setFilters(
                Dictionary(uniqueKeysWithValues: families.map { ($0, .services($0, policy)) })
            )
        }
        touched.node = true
    }
}

// The node itself.
extension Reconciler where Device: ~Copyable {
    /// Tells of new addresses for the node's own packets; announcements follow at the next
    /// `reconcile`.
    package mutating func setPreferredSources(_ sources: PreferredSources) {
        guard sources != lowering.sources else { return }
        lowering.sources = sources
        touched.addresses.formUnion(desired.announce(with: lowering))
        touched.addresses.formUnion(departures.announce(with: lowering))
        adoptNodeAddresses()
    }

    /// Reads the node's addresses again, after the kernel has told that they changed.
    package mutating func readNodeAddresses() {
        rereadAddresses()
        adoptNodeAddresses()
    }

    /// Takes in what is known of this node's own object.
    mutating func takeInNode() {
        isNodeTouched = false
        hasCurrentRequirements = false
        adoptNodeAddresses()
    }

    /// Lowers again what depends on the node's addresses, as far as they are others now.
    mutating func adoptNodeAddresses() {
        let addresses = applied.foreignAddresses
        let nodePorts = options.nodePorts.choose(
            among: addresses,
            node: cluster.node?.addresses ?? [],
            sources: lowering.sources
        )
        // No Service has one of the others.
        let changed = addresses.symmetricDifference(lowering.nodeAddresses).filter {
            !$0.isLinkLocal && !$0.isLoopback
        }
        let hasNewNodePorts = nodePorts != lowering.nodePortAddresses
        lowering.nodeAddresses = addresses
        guard !changed.isEmpty || hasNewNodePorts else { return }
        lowering.nodePortAddresses = nodePorts
        if hasNewNodePorts { hasNewListeners = true }
        for key in cluster.frontendKeys {
            if key.address == nil && hasNewNodePorts || depends(key, on: changed) { lower(key) }
        }
    }

    /// Whether what a frontend comes to may be different where these are, or are not, the node's own.
    private func depends(_ key: FrontendKey, on addresses: Set<IPAddress>) -> Bool {
        if key.address.map(addresses.contains) ?? false { return true }
        guard !addresses.isEmpty, let frontend = cluster[key] else { return false }
        if frontend.allowedSources != nil, lowering.addressMode == .bind { return true }
        return [frontend.inside, frontend.outside].contains { target in
            target.backends.contains { $0.isLocal && addresses.contains($0.address.address) }
        }
    }

    /// Virtual servers of others that have a mark out of our range.
    mutating func avoidForeignMarks() {
        var foreign: Set<UInt32> = []
        for key in applied.virtualServers.keys {
            guard case .firewallMark(let mark, _) = key,
                applied.claims[.virtualServer(key)] == nil
            else { continue }
            foreign.insert(mark)
        }
        marks.avoid(foreign)
    }
}
