import Addressing
import DataplaneModel
import Iptables

/// Virtual servers as chains of the packet filter, in the network namespace of the calling thread.
///
/// It answers operations as IPVS does (`net/netfilter/ipvs/ip_vs_ctl.c`), as far as the packet filter
/// can do what they ask for. All that a plan does to a family takes effect at one moment.
struct ChainedServers {
    /// The chains of a family as they should be, and those that are otherwise in the kernel.
    private struct Side {
        var chains: BalancingChains
        var deviating: Set<String>
        /// Virtual servers that were found and not as a whole: they count as not there, and stay as
        /// they are until somebody wants them.
        var broken: Set<VirtualServerKey> = []
        var variant: FilterPrograms.Variant?

        /// The virtual server of a key; nil for none, and for one that is broken.
        subscript(key: VirtualServerKey) -> BalancedServer? {
            broken.contains(key) ? nil : chains.servers[key]
        }
    }

    /// A virtual server as it was before a plan.
    private struct Former {
        let server: BalancedServer?
        let isBroken: Bool
    }

    private struct Mark: Hashable {
        let number: UInt32
        let family: AddressFamily
    }

    private var sides: [AddressFamily: Side] = [:]
    private var owners: [VirtualServerKey: String] = [:]
    /// The protocol of the packets that carry a mark, by the members of the set that gives it.
    private var transports: [Mark: TransportProtocol] = [:]

    /// Takes in what a family's rules say; answers the virtual servers that are whole.
    mutating func observe(
        _ family: AddressFamily,
        in saved: SavedRules,
        by programs: FilterPrograms
    ) -> [BalancedServer] {
        let present = saved.balancingRules
        if let side = sides[family], side.deviating.isEmpty, side.broken.isEmpty,
            side.chains.chains == present
        {
            // Nothing is to be learned from what is as it was written.
            sides[family]?.variant = programs.variant
            return Array(side.chains.servers.values)
        }
        let found = BalancingChains.read(present, family)
        let intact = found.intact
        sides[family] = Side(
            chains: found.chains,
            deviating: found.deviating,
            broken: Set(found.chains.servers.keys).subtracting(intact.map(\.key)),
            variant: programs.variant
        )
        for (key, server) in found.chains.servers { owners[key] = server.owner }
        return intact
    }

    /// Takes in that a member of a set gives a mark to packets of its protocol.
    mutating func learn(_ member: SetMember, mark: UInt32, of set: AddressSet) {
        guard set.role == .inside, mark != 0, case .frontend(_, let transport) = member else {
            return
        }
        transports[Mark(number: mark, family: set.family)] = transport
    }

    /// Whether the rules of a family have been read before.
    func hasObserved(_ family: AddressFamily) -> Bool { sides[family] != nil }

    /// The virtual server of a key, as it is believed to be.
    func entry(_ key: VirtualServerKey) -> IPVSState.Entry? {
        sides[key.family]?[key]?.entry
    }

    /// Carries out operations on virtual servers, and answers which failed, by their position in
    /// `operations`.
    mutating func apply(
        _ operations: ArraySlice<Operation>,
        by programs: (AddressFamily) throws(DataplaneError) -> FilterPrograms
    ) -> [OperationFailure] {
        var failures: [Int: DataplaneError] = [:]
        var before: [VirtualServerKey: Former] = [:]
        var remaining = operations
        while let key = remaining.first?.virtualServer {
            // Those of one virtual server stand together, nearly always.
            let others = remaining.drop { $0.virtualServer == key }
            if before[key] == nil {
                before[key] = Former(
                    server: sides[key.family]?.chains.servers[key],
                    isBroken: sides[key.family]?.broken.contains(key) ?? false
                )
            }
            change(key, by: remaining[..<others.startIndex], &failures)
            remaining = others
        }
        for family in AddressFamily.allCases where sides[family] != nil {
            let refused = write(family, over: before, by: programs)
            guard !refused.isEmpty else { continue }
            for (index, operation) in zip(operations.indices, operations) {
                guard failures[index] == nil, let key = operation.virtualServer,
                    let error = refused[key]
                else { continue }
                failures[index] = DataplaneError(
                    action: "\(operation)",
                    code: error.code,
                    kernelMessage: error.kernelMessage,
                    hint: error.hint
                )
            }
        }
        return failures.sorted { $0.key < $1.key }.map {
            OperationFailure(index: $0.key, error: $0.value)
        }
    }
}

// MARK: - The kernel

extension ChainedServers {
    /// Writes what is different in a family; answers the virtual servers that stay as they were.
    private mutating func write(
        _ family: AddressFamily,
        over before: [VirtualServerKey: Former],
        by programs: (AddressFamily) throws(DataplaneError) -> FilterPrograms
    ) -> [VirtualServerKey: DataplaneError] {
        guard var side = sides[family] else { return [:] }
        defer { sides[family] = side }
        let former = before.filter { $0.key.family == family }
        let changed = side.chains.settle()
        let isMended = former.contains { $0.value.isBroken && !side.broken.contains($0.key) }
        guard !changed.isEmpty || isMended else { return [:] }
        let owners = Dictionary(
            uniqueKeysWithValues: former.map { key, former in
                (key, side.chains.servers[key]?.owner ?? former.server?.owner ?? "")
            }
        )
        var writing = ChainWriting(side.chains, deviating: side.deviating, owners: owners)
        do throws(DataplaneError) {
            let tool = try programs(family)
            if let variant = side.variant, variant != tool.variant { writing.rewriteEverything() }
            side.variant = tool.variant
            writing.write(changed, over: former.mapValues(\.server), by: tool)
        } catch {
            writing.refuseEverything(former.mapValues(\.server), error)
        }
        side.chains = writing.chains
        side.deviating = writing.deviating
        for key in writing.refused.keys where former[key]?.isBroken ?? false {
            side.broken.insert(key)
        }
        return writing.refused
    }

    /// Takes all chains along, where the rules that lead to them are by other programs now.
    mutating func follow(
        _ programs: (AddressFamily) throws(DataplaneError) -> FilterPrograms
    ) {
        for family in AddressFamily.allCases {
            guard var side = sides[family], let variant = side.variant,
                let tool = try? programs(family), tool.variant != variant
            else { continue }
            var writing = ChainWriting(side.chains, deviating: side.deviating, owners: [:])
            writing.rewriteEverything()
            writing.write([], over: [:], by: tool)
            side.variant = tool.variant
            side.deviating = writing.deviating
            sides[family] = side
        }
    }
}

// MARK: - One operation

extension ChainedServers {
    /// Changes what should be of one virtual server.
    private mutating func change(
        _ key: VirtualServerKey,
        by operations: ArraySlice<Operation>,
        _ failures: inout [Int: DataplaneError]
    ) {
        if sides[key.family] == nil {
            sides[key.family] = Side(
                chains: BalancingChains(key.family),
                deviating: [BalancingChains.root]
            )
        }
        let former = sides[key.family]?[key]
        var server = former
        for (index, operation) in zip(operations.indices, operations) {
            if let code = change(&server, by: operation, of: key) {
                failures[index] = DataplaneError(operation, code: code)
            }
        }
        // What is broken and not wanted stays as it is.
        guard server != nil || former != nil else { return }
        sides[key.family]?.chains.set(server, for: key)
        sides[key.family]?.broken.remove(key)
    }

    /// Carries out one operation; answers what IPVS would answer where that cannot be.
    private mutating func change(
        _ present: inout BalancedServer?,
        by operation: Operation,
        of key: VirtualServerKey
    ) -> ErrorNumber? {
        switch operation {
        case .claim(_, let owner):
            owners[key] = owner
            present?.owner = owner
        case .release:
            owners[key] = nil
            present?.owner = ""
        case .addVirtualServer(let server):
            guard present == nil else { return .exists }
            if let refusal = Self.refusal(of: server) { return refusal }
            guard let transport = transport(of: key) else { return .invalid }
            present = BalancedServer(
                key: key,
                transport: transport,
                owner: owners[key] ?? "",
                persistence: server.persistence
            )
        case .editVirtualServer(let server):
            guard present != nil else { return .noSuchProcess }
            if let refusal = Self.refusal(of: server) { return refusal }
            present?.persistence = server.persistence
        case .deleteVirtualServer:
            guard present != nil else { return .noSuchProcess }
            present = nil
        case .addRealServer(let server, _):
            guard let servers = present else { return .noSuchProcess }
            if let refusal = Self.refusal(of: server) { return refusal }
            guard server.address.address.family == key.family else { return .invalid }
            guard servers[server.address] == nil else { return .exists }
            present?.put(server)
        case .editRealServer(let server, _):
            guard let servers = present else { return .noSuchProcess }
            if let refusal = Self.refusal(of: server) { return refusal }
            guard servers[server.address] != nil else { return .noEntry }
            present?.put(server)
        case .deleteRealServer(let address, _):
            guard let servers = present else { return .noSuchProcess }
            guard servers[address] != nil else { return .noEntry }
            present?.remove(address)
        default:
            break
        }
        return nil
    }

    private func transport(of key: VirtualServerKey) -> TransportProtocol? {
        switch key {
        case .address(_, let transport): transport
        case .firewallMark(let number, let family):
            transports[Mark(number: number, family: family)]
        }
    }

    private static func refusal(of server: VirtualServer) -> ErrorNumber? {
        guard server.scheduler == .random else { return .noEntry }
        guard server.persistenceEngine == nil, !server.onePacket else { return .notSupported }
        guard let persistence = server.persistence else { return nil }
        let lengths = 1...server.key.family.bits
        return lengths.contains(Int(persistence.prefixLength)) ? nil : .invalid
    }

    private static func refusal(of server: RealServer) -> ErrorNumber? {
        if server.weight < 0 || server.lowerThreshold > server.upperThreshold {
            return .outOfRange
        }
        let isPlain =
            server.forwarding == .masquerade && server.upperThreshold == 0
            && server.lowerThreshold == 0
        return isPlain ? nil : .notSupported
    }
}
