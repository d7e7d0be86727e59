package import Addressing
package import DataplaneModel

/// A kernel as a value, with IPVS or with chains of the packet filter in its place: it answers with the
/// real one's error numbers.
///
/// It is trusted because it passes the suite that the real kernel passes
/// (`DataplaneConformance`); what that suite does not ask, it does not know.
package struct SimulatedDataplane: Dataplane {
    /// What holds the virtual servers.
    package let mode: DataplaneMode
    /// What the kernel holds now.
    package var state: IPVSState
    /// The schedulers this kernel has.
    package var schedulers: Set<Scheduler>
    /// Real servers that the kernel has no route to.
    package var unroutable: Set<IPAddress> = []
    /// Addresses announced by routes that say themselves that they are ours.
    private var routed: Set<IPAddress> = []
    /// What real servers carry, by virtual server; those that are not here carry nothing.
    package var loads: [VirtualServerKey: [SocketEndpoint: RealServerLoad]] = [:]
    /// Errors to answer instead of doing an operation; asked before each one.
    package var refusal: @Sendable (Operation) -> ErrorNumber? = { _ in nil }
    /// How a probe ends instead of with the truth.
    package var probeError: DataplaneError?
    /// What connection tracking remembers.
    package var flows: [TrackedFlow] = []
    /// How the end of flows fails, instead of coming about.
    package var flowError: DataplaneError?
    /// The rules of each time that flows were to be ended, also when it failed.
    package private(set) var flowRules: [[FlowRule]] = []
    /// Every operation that was done, in order.
    package private(set) var log: [Operation] = []
    /// How often something was read.
    package private(set) var observations = 0
    package private(set) var probes: [Scheduler] = []

    /// A kernel with Debian's schedulers that holds nothing yet.
    package init(
        mode: DataplaneMode = .ipvs,
        state: IPVSState = SimulatedDataplane.freshState,
        schedulers: Set<Scheduler> = Set(Scheduler.wellKnown).subtracting([.twoRandomChoices])
    ) {
        self.mode = mode
        self.state = state
        if mode == .iptables { self.state.timeouts = ConnectionTimeouts() }
        self.schedulers = schedulers
    }

    /// A kernel that has just loaded IPVS.
    package static var freshState: IPVSState {
        var state = IPVSState()
        state.timeouts = ConnectionTimeouts(tcp: 900, tcpFin: 120, udp: 300)
        state.parameters = [
            KernelRequirements.conntrack: "0",
            KernelRequirements.expireWithoutDestination: "0",
            KernelRequirements.expireQuiescentTemplate: "0",
            KernelRequirements.forwardIPv4: "0",
            KernelRequirements.forwardIPv6: "0",
        ]
        return state
    }

    /// Forgets what was done so far, so that a test sees only what follows.
    package mutating func clearLog() {
        log = []
        observations = 0
        probes = []
        flowRules = []
    }

    package mutating func observe() throws(DataplaneError) -> IPVSState {
        observations += 1
        var observed = state
        for address in routed where observed.claims[.address(address)] == nil {
            observed.claims[.address(address)] = ""
        }
        guard mode == .iptables else { return observed }
        // What chains that are not there are for, nobody has written down.
        observed.claims = observed.claims.filter { object, _ in
            if case .virtualServer(let key) = object { return state.virtualServers[key] != nil }
            return true
        }
        return observed
    }

    package mutating func observe(
        expecting known: IPVSState
    ) throws(DataplaneError) -> IPVSState {
        try observe()
    }

    package mutating func observe(
        _ key: VirtualServerKey
    ) throws(DataplaneError) -> IPVSState.Entry? {
        observations += 1
        return state.virtualServers[key]
    }

    package mutating func loads(
        of key: VirtualServerKey
    ) throws(DataplaneError) -> [SocketEndpoint: RealServerLoad] {
        observations += 1
        var found: [SocketEndpoint: RealServerLoad] = [:]
        for server in state.virtualServers[key]?.realServers ?? [] where mode == .ipvs {
            found[server.address] = loads[key]?[server.address] ?? RealServerLoad()
        }
        return found
    }

    package mutating func observe(
        _ set: AddressSet
    ) throws(DataplaneError) -> [SetMember: UInt32]? {
        observations += 1
        return state.sets[set]
    }

    package mutating func observeAddresses() throws(DataplaneError) -> ObservedAddresses {
        observations += 1
        return ObservedAddresses(
            announced: state.addresses,
            foreign: state.foreignAddresses,
            hasDevice: state.hasDevice
        )
    }

    package mutating func probe(_ scheduler: Scheduler) -> ProbeAnswer {
        probes.append(scheduler)
        if let probeError { return .inconclusive(probeError) }
        // All of them come to the same where there is but one.
        if mode == .iptables { return .available }
        return schedulers.contains(scheduler) ? .available : .missing
    }

    package mutating func endFlows(
        matching rules: [FlowRule]
    ) throws(DataplaneError) -> Int {
        guard !rules.isEmpty else { return 0 }
        flowRules.append(rules)
        if let flowError { throw flowError }
        let before = flows.count
        let wanted = FlowRules(rules)
        flows.removeAll { wanted.isStale($0) }
        return before - flows.count
    }

    package mutating func apply(_ plan: Plan) -> [OperationFailure] {
        var failures: [OperationFailure] = []
        for (index, operation) in plan.operations.enumerated() {
            if let code = refusal(operation) ?? verdict(on: operation) {
                failures.append(
                    OperationFailure(index: index, error: DataplaneError(operation, code: code))
                )
            } else {
                state.apply(operation)
                followRoutes(operation)
                if mode == .iptables { followAsChains(operation) }
                log.append(operation)
            }
        }
        return failures
    }

    /// Routes that were made here say themselves whose they are.
    private mutating func followRoutes(_ operation: Operation) {
        switch operation {
        case .announce(let address, .route), .replaceAnnouncement(let address, _, .route):
            routed.insert(address)
        case .withdraw(let address, _), .replaceAnnouncement(let address, _, _):
            routed.remove(address)
        default: break
        }
    }

    /// Chains say themselves whose they are, so every virtual server has an owner; and there are no
    /// time-outs of IPVS.
    private mutating func followAsChains(_ operation: Operation) {
        switch operation {
        case .addVirtualServer(let server):
            let object = OwnedObject.virtualServer(server.key)
            if state.claims[object] == nil { state.claims[object] = "" }
        case .release(.virtualServer(let key)) where state.virtualServers[key] != nil:
            state.claims[.virtualServer(key)] = ""
        case .setTimeouts:
            state.timeouts = ConnectionTimeouts()
        default:
            break
        }
    }
}
