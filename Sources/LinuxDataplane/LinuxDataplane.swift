package import Addressing
package import DataplaneModel
import Iptables

/// The kernel of this machine, in the network namespace of the thread that opened it.
package struct LinuxDataplane: Dataplane, ~Copyable {
    /// What holds the virtual servers.
    package let mode: DataplaneMode
    /// There in the mode IPVS only.
    private var ipvs: IPVSSocket?
    private var chains = ChainedServers()
    private var routes: RouteSocket
    var record: OwnershipRecord
    /// What is wrong with the record of what is ours, and what follows from it; nil where all is well.
    package private(set) var recordProblem: String?
    private var sets: AddressSets
    var filters: PacketFilters
    /// There once flows had to be ended.
    var connections: ConnectionTable?

    /// Opens the kernel.
    ///
    /// `device` is the name of the service device, `stateDirectory` where the record of what is ours
    /// is kept.
    ///
    /// - Throws: `DataplaneError` when IPVS, where it is asked for, or address sets are not there or
    ///   cannot be reached. Nothing is changed.
    package init(
        _ mode: DataplaneMode = .ipvs,
        device: String,
        stateDirectory: String
    ) throws(DataplaneError) {
        var routes = try RouteSocket(device: device)
        try routes.checkDevice()
        let ipvs = try Self.socket(mode)
        let sets = try AddressSets()
        self.mode = mode
        self.ipvs = ipvs
        self.routes = routes
        self.sets = sets
        record = OwnershipRecord(directory: stateDirectory)
        filters = PacketFilters(directory: stateDirectory)
    }

    private static func socket(
        _ mode: DataplaneMode
    ) throws(DataplaneError) -> IPVSSocket? {
        switch mode {
        case .ipvs: try IPVSSocket.required()
        case .iptables: nil
        }
    }

    /// System calls made so far on netlink sockets, without those of libipset.
    package var systemCalls: Int {
        let ofIPVS =
            switch ipvs {
            case .some(let socket): socket.systemCalls
            case .none: 0
            }
        let ofConnections =
            switch connections {
            case .some(let table): table.systemCalls
            case .none: 0
            }
        return ofIPVS + routes.systemCalls + sets.systemCalls + ofConnections
    }

    package mutating func observe() throws(DataplaneError) -> IPVSState {
        try read(expecting: nil)
    }

    package mutating func observe(
        expecting known: IPVSState
    ) throws(DataplaneError) -> IPVSState {
        try read(expecting: known)
    }

    private mutating func read(expecting known: IPVSState?) throws(DataplaneError) -> IPVSState {
        var state = IPVSState()
        state.claims = try record.load()
        switch mode {
        case .ipvs: try observeIPVS(expecting: known, into: &state)
        case .iptables: try observeChains(into: &state)
        }
        let addresses = try routes.addresses()
        state.addresses = addresses.announced
        // A route says itself that it is ours, whatever has become of the record.
        let unrecorded = addresses.marked.filter { state.claims[.address($0)] == nil }
        for address in unrecorded { state.claims[.address(address)] = "" }
        recordProblem = record.problem(hasLeftovers: !unrecorded.isEmpty)
        state.foreignAddresses = addresses.foreign
        state.hasDevice = addresses.hasDevice
        state.parameters = try Self.parameters()
        state.sets = try sets.observe()
        for (set, members) in state.sets where mode == .iptables {
            for (member, mark) in members { chains.learn(member, mark: mark, of: set) }
        }
        return state
    }

    private mutating func observeIPVS(
        expecting known: IPVSState?,
        into state: inout IPVSState
    ) throws(DataplaneError) {
        if let known, let table = try ipvs?.table(expecting: known.virtualServers) {
            state.virtualServers = table
        } else {
            let servers = try ipvs?.virtualServers() ?? []
            state.virtualServers.reserveCapacity(servers.count)
            for reading in servers { state.virtualServers[reading.server.key] = reading.entry }
        }
        state.timeouts = try ipvs?.timeouts() ?? ConnectionTimeouts()
        for family in AddressFamily.allCases { state.filters[family] = filters.observe(family) }
    }

    /// The chains say themselves whose they are; what the record says of virtual servers is about
    /// those of IPVS.
    private mutating func observeChains(into state: inout IPVSState) throws(DataplaneError) {
        state.claims = state.claims.filter { $0.key.isAddress }
        for family in AddressFamily.allCases {
            guard let programs = try? filters.programs(of: family) else { continue }
            let saved: SavedRules
            do throws(DataplaneError) {
                saved = try programs.save()
            } catch {
                // A kernel may lack a family; one that had it has it still.
                if chains.hasObserved(family) { throw error }
                continue
            }
            state.filters[family] = filters.observe(family, in: saved)
            for server in chains.observe(family, in: saved, by: programs) {
                state.virtualServers[server.key] = server.entry
                state.claims[.virtualServer(server.key)] = server.owner
            }
        }
    }

    package mutating func observe(
        _ key: VirtualServerKey
    ) throws(DataplaneError) -> IPVSState.Entry? {
        mode == .ipvs ? try ipvs?.virtualServer(key)?.entry : chains.entry(key)
    }

    package mutating func loads(
        of key: VirtualServerKey
    ) throws(DataplaneError) -> [SocketEndpoint: RealServerLoad] {
        guard mode == .ipvs else { return [:] }
        var loads: [SocketEndpoint: RealServerLoad] = [:]
        for reading in try ipvs?.realServers(of: key) ?? [] {
            loads[reading.server.address] = RealServerLoad(
                connections: UInt64(reading.activeConnections)
                    + UInt64(reading.inactiveConnections),
                inPackets: reading.statistics.inPackets,
                outPackets: reading.statistics.outPackets,
                inBytes: reading.statistics.inBytes,
                outBytes: reading.statistics.outBytes
            )
        }
        return loads
    }

    package mutating func observe(
        _ set: AddressSet
    ) throws(DataplaneError) -> [SetMember: UInt32]? {
        try sets.observe(set)
    }

    package mutating func observeAddresses() throws(DataplaneError) -> ObservedAddresses {
        try routes.addresses()
    }

    /// The node's own address of a family, for packets it sends itself; nil when it has none.
    package mutating func preferredSource(_ family: AddressFamily) -> IPAddress? {
        routes.preferredSource(family)
    }

    private static func parameters() throws(DataplaneError) -> [KernelParameter: String] {
        var values = KernelParameter.routerAdvertisements()
        for parameter in KernelRequirements.observed {
            values[parameter] = try parameter.read()
        }
        return values
    }

    package mutating func probe(_ scheduler: Scheduler) -> ProbeAnswer {
        // All of them come to the same where there is but one.
        guard mode == .ipvs else { return .available }
        return probeIPVS(scheduler)
    }

    private mutating func probeIPVS(_ scheduler: Scheduler) -> ProbeAnswer {
        // TEST-NET-2 (RFC 5737): no packet goes there, and it is not local, so none reaches IPVS.
        let key = VirtualServerKey.address(
            SocketEndpoint(.ipv4(0xc633_6400), 20_000),
            .tcp
        )
        let server = VirtualServer(key: key, scheduler: scheduler)
        var outcome = ipvs?.apply([.addVirtualServer(server)]).first?.error
        if outcome?.code == .exists {
            // Left by a process that was killed between the two steps.
            _ = ipvs?.apply([.deleteVirtualServer(key)])
            outcome = ipvs?.apply([.addVirtualServer(server)]).first?.error
        }
        guard let outcome else {
            _ = ipvs?.apply([.deleteVirtualServer(key)])
            return .available
        }
        guard outcome.code != .noEntry else { return .missing }
        // Nobody knows the virtual server that was tried.
        return .inconclusive(
            DataplaneError(
                action: "try whether IPVS can be used with the scheduler \(scheduler)",
                code: outcome.code,
                kernelMessage: outcome.kernelMessage,
                hint: outcome.hint
            )
        )
    }

    package mutating func apply(_ plan: Plan) -> [OperationFailure] {
        let operations = plan.operations
        var failures: [OperationFailure] = []
        var start = operations.startIndex
        while start < operations.endIndex {
            let channel = Channel(operations[start], mode)
            var end = start + 1
            while end < operations.endIndex, Channel(operations[end], mode) == channel { end += 1 }
            failures += apply(operations[start..<end], through: channel)
            start = end
        }
        return failures
    }

    private mutating func apply(
        _ operations: ArraySlice<Operation>,
        through channel: Channel
    ) -> [OperationFailure] {
        switch channel {
        case .ipvs:
            ipvs?.apply(operations) ?? []
        case .chains:
            chains.apply(operations) { family throws(DataplaneError) in
                try filters.programs(of: family)
            }
        case .routes:
            routes.apply(operations)
        case .record:
            Self.failures(of: operations) { () throws(DataplaneError) in
                try record.record(operations)
            }
        case .device:
            Self.failures(of: operations) { () throws(DataplaneError) in
                try routes.prepareDevice()
            }
        case .sets:
            apply(toSets: operations)
        case .filter:
            apply(toFilter: operations)
        case .parameter:
            operations.indices.flatMap { index in
                Self.failures(of: operations[index...index]) { () throws(DataplaneError) in
                    guard case .setParameter(let parameter, let value) = operations[index] else {
                        return
                    }
                    try parameter.write(value)
                }
            }
        }
    }

    private mutating func apply(
        toSets operations: ArraySlice<Operation>
    ) -> [OperationFailure] {
        if mode == .iptables {
            for operation in operations {
                guard case .putMember(let member, let mark, let set) = operation else { continue }
                chains.learn(member, mark: mark, of: set)
            }
        }
        return sets.apply(operations)
    }

    private mutating func apply(
        toFilter operations: ArraySlice<Operation>
    ) -> [OperationFailure] {
        let failures = filters.apply(operations, to: &sets)
        if mode == .iptables {
            chains.follow { family throws(DataplaneError) in try filters.programs(of: family) }
        }
        return failures
    }

    private static func failures(
        of operations: ArraySlice<Operation>,
        _ body: () throws(DataplaneError) -> Void
    ) -> [OperationFailure] {
        do throws(DataplaneError) {
            try body()
            return []
        } catch {
            return operations.indices.map { OperationFailure(index: $0, error: error) }
        }
    }
}

/// The way into the kernel that an operation takes; neighbours with the same way go together.
private enum Channel: Hashable {
    case ipvs
    case chains
    case routes
    case record
    case device
    case parameter
    case sets
    case filter

    init(_ operation: Operation, _ mode: DataplaneMode) {
        if mode == .iptables, operation.virtualServer != nil {
            self = .chains
            return
        }
        switch operation {
        case .addVirtualServer, .editVirtualServer, .deleteVirtualServer, .addRealServer,
            .editRealServer, .deleteRealServer, .setTimeouts:
            self = .ipvs
        case .announce, .replaceAnnouncement, .withdraw: self = .routes
        case .claim, .release: self = .record
        case .prepareDevice: self = .device
        case .setParameter: self = .parameter
        case .createSet, .putMember, .removeMember: self = .sets
        case .installFilter: self = .filter
        }
    }
}

extension VirtualServerReading {
    /// What was set, without what has happened since.
    var entry: IPVSState.Entry {
        IPVSState.Entry(server: server, realServers: realServers.map(\.server))
    }
}

extension OwnedObject {
    fileprivate var isAddress: Bool { if case .address = self { true } else { false } }
}
