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
        var variant: FilterPrograms.Variant?
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
        let found = BalancingChains.read(saved, family)
        sides[family] = Side(
            chains: found.chains,
            deviating: found.deviating,
            variant: programs.variant
        )
        for (key, server) in found.chains.servers { owners[key] = server.owner }
        return found.intact
    }

    /// Takes in that a member of a set gives a mark to packets of its protocol.
    mutating func learn(_ member: SetMember, mark: UInt32, of set: AddressSet) {
        guard set.role == .inside, mark != 0, case .frontend(_, let transport) = member else {
            return
        }
        transports[Mark(number: mark, family: set.family)] = transport
    }

    /// The virtual server of a key, as it is believed to be.
    func entry(_ key: VirtualServerKey) -> IPVSState.Entry? {
        guard let side = sides[key.family], let server = side.chains.servers[key],
            side.chains.path(to: key).allSatisfy({ !side.deviating.contains($0) })
        else { return nil }
        return server.entry
    }

    /// Carries out operations on virtual servers, and answers which failed, by their position in
    /// `operations`.
    mutating func apply(
        _ operations: ArraySlice<Operation>,
        by programs: (AddressFamily) throws(DataplaneError) -> FilterPrograms
    ) -> [OperationFailure] {
        var failures: [Int: DataplaneError] = [:]
        var before: [VirtualServerKey: BalancedServer?] = [:]
        var positions: [VirtualServerKey: [Int]] = [:]
        for (index, operation) in zip(operations.indices, operations) {
            guard let key = operation.virtualServer else { continue }
            let former = sides[key.family]?.chains.servers[key]
            if before[key] == nil { before[key] = .some(former) }
            if let code = change(operation, of: key) {
                failures[index] = DataplaneError(operation, code: code)
            } else {
                positions[key, default: []].append(index)
            }
        }
        for family in AddressFamily.allCases where sides[family] != nil {
            for (key, error) in write(family, before, by: programs) {
                for index in positions[key] ?? [] {
                    failures[index] = DataplaneError(
                        action: "\(operations[index])",
                        code: error.code,
                        kernelMessage: error.kernelMessage,
                        hint: error.hint
                    )
                }
            }
        }
        return failures.sorted { $0.key < $1.key }.map {
            OperationFailure(index: $0.key, error: $0.value)
        }
    }
}

// MARK: - One operation

extension ChainedServers {
    /// Changes what should be; answers what IPVS would answer where that cannot be.
    private mutating func change(
        _ operation: Operation,
        of key: VirtualServerKey
    ) -> ErrorNumber? {
        if sides[key.family] == nil {
            sides[key.family] = Side(
                chains: BalancingChains(key.family),
                deviating: [BalancingChains.root]
            )
        }
        let present = sides[key.family]?.chains.servers[key]
        switch operation {
        case .claim(_, let owner):
            owners[key] = owner
            guard var server = present else { return nil }
            server.owner = owner
            put(server)
        case .release:
            owners[key] = nil
            guard var server = present else { return nil }
            server.owner = ""
            put(server)
        case .addVirtualServer(let server):
            // One that is not whole was not counted as there.
            guard present == nil || entry(key) == nil else { return .exists }
            if let refusal = Self.refusal(of: server) { return refusal }
            guard let transport = transport(of: key) else { return .invalid }
            put(
                BalancedServer(
                    key: key,
                    transport: transport,
                    owner: owners[key] ?? "",
                    persistence: server.persistence
                )
            )
        case .editVirtualServer(let server):
            guard var present else { return .noSuchProcess }
            if let refusal = Self.refusal(of: server) { return refusal }
            present.persistence = server.persistence
            put(present)
        case .deleteVirtualServer:
            guard present != nil else { return .noSuchProcess }
            sides[key.family]?.chains.set(nil, for: key)
        case .addRealServer(let server, _):
            if let refusal = Self.refusal(of: server) { return refusal }
            guard var present else { return .noSuchProcess }
            guard server.address.address.family == key.family else { return .invalid }
            guard present[server.address] == nil else { return .exists }
            present.put(server)
            put(present)
        case .editRealServer(let server, _):
            if let refusal = Self.refusal(of: server) { return refusal }
            guard var present else { return .noSuchProcess }
            guard present[server.address] != nil else { return .noEntry }
            present.put(server)
            put(present)
        case .deleteRealServer(let address, _):
            guard var present else { return .noSuchProcess }
            guard present[address] != nil else { return .noEntry }
            present.remove(address)
            put(present)
        default:
            break
        }
        return nil
    }

    private mutating func put(_ server: BalancedServer) {
        sides[server.key.family]?.chains.set(server, for: server.key)
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
        return server.persistenceEngine == nil && !server.onePacket ? nil : .notSupported
    }

    private static func refusal(of server: RealServer) -> ErrorNumber? {
        if server.weight < 0 { return .outOfRange }
        let isPlain =
            server.forwarding == .masquerade && server.upperThreshold == 0
            && server.lowerThreshold == 0
        return isPlain ? nil : .notSupported
    }
}

// MARK: - The kernel

extension ChainedServers {
    /// So many Service ports may be refused at once before all are left for later.
    private static let mostRefusals = 16

    /// Writes what is different in a family; answers the virtual servers that stay as they were.
    private mutating func write(
        _ family: AddressFamily,
        _ before: [VirtualServerKey: BalancedServer?],
        by programs: (AddressFamily) throws(DataplaneError) -> FilterPrograms
    ) -> [VirtualServerKey: DataplaneError] {
        guard var side = sides[family] else { return [:] }
        defer { sides[family] = side }
        var refused: [VirtualServerKey: DataplaneError] = [:]
        var names = side.deviating.union(side.chains.settle())
        guard !names.isEmpty else { return [:] }
        func takeBack(_ keys: [VirtualServerKey], _ error: DataplaneError) {
            for key in keys {
                guard let former = before[key] else { continue }
                side.chains.set(former, for: key)
                refused[key] = error
            }
            names.formUnion(side.chains.settle())
        }
        let everything = before.keys.filter { $0.family == family }
        let tool: FilterPrograms
        do throws(DataplaneError) {
            tool = try programs(family)
        } catch {
            takeBack(everything, error)
            side.deviating = names
            return refused
        }
        if let variant = side.variant, variant != tool.variant {
            names.formUnion(side.chains.chains.keys)
        }
        side.variant = tool.variant
        var attempts = 0
        while true {
            do throws(RefusedTransaction) {
                try tool.attempt(side.chains.transaction(rewriting: names))
                side.deviating = []
                return refused
            } catch {
                attempts += 1
                let culprit = error.line.flatMap { side.chains.owner(ofLine: $0) }
                let keys = everything.filter { key in
                    refused[key] == nil
                        && (side.chains.servers[key]?.owner ?? owners[key]) == culprit
                }
                guard culprit != nil, !keys.isEmpty, attempts <= Self.mostRefusals else {
                    takeBack(everything.filter { refused[$0] == nil }, error.error)
                    side.deviating = names
                    return refused
                }
                takeBack(keys, error.error)
            }
        }
    }
}
