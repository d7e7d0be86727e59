package import Addressing
package import DataplaneModel
import Iptables

/// What became of the objects of ours in the dataplane that is not used any more.
package struct Retirement: Hashable, Sendable {
    /// Virtual servers, or chains, that are gone.
    package var removed = 0
    /// Virtual servers that still have connections.
    package var waiting = 0

    package init() {}
}

extension LinuxDataplane {
    /// Removes what is left of ours in the dataplane of the other mode, which no connection comes to
    /// any more.
    ///
    /// Connections that chains have begun go on without them. Those of IPVS need their virtual server,
    /// which stays as long as it has any, unless `evenIfBusy`; those in `sparing` stay whatever comes.
    /// In families without a wanted filter our rules go too: they would lead into those chains.
    ///
    /// - Throws: when something can be neither read nor removed; what was removed until then is gone.
    package mutating func retireOther(
        evenIfBusy: Bool = false,
        sparing: Set<VirtualServerKey> = [],
        filteredFamilies: Set<AddressFamily>
    ) throws(DataplaneError) -> Retirement {
        switch mode {
        case .ipvs: try retireChains(filteredFamilies)
        case .iptables: try retireVirtualServers(evenIfBusy, sparing)
        }
    }

    private mutating func retireChains(
        _ filteredFamilies: Set<AddressFamily>
    ) throws(DataplaneError) -> Retirement {
        var retirement = Retirement()
        for family in AddressFamily.allCases {
            let current = try? filters.programs(of: family).variant
            for programs in FilterPrograms.candidates(family) {
                guard let saved = try? programs.save() else { continue }
                if !filteredFamilies.contains(family) || programs.variant != current {
                    try programs.restore(saved.transaction(to: FilterLayout()))
                }
                let names = (saved.tables[.nat]?.chains ?? []).filter { BalancingChains.owns($0) }
                try programs.restore(BalancingChains.transaction(removing: Set(names)))
                retirement.removed += names.count
            }
        }
        return retirement
    }

    private mutating func retireVirtualServers(
        _ evenIfBusy: Bool,
        _ sparing: Set<VirtualServerKey>
    ) throws(DataplaneError) -> Retirement {
        var retirement = Retirement()
        var steps: [Operation] = []
        var keys: [VirtualServerKey] = []
        for object in try record.load().keys {
            if case .virtualServer(let key) = object, !sparing.contains(key) { keys.append(key) }
        }
        guard !keys.isEmpty else { return retirement }
        var releases = keys
        if var socket = try IPVSSocket.open() {
            for key in keys.sorted() {
                guard let reading = try socket.virtualServer(key) else { continue }
                let isBusy = reading.realServers.contains {
                    $0.activeConnections > 0 || $0.inactiveConnections > 0
                }
                if isBusy, !evenIfBusy {
                    releases.removeAll { $0 == key }
                    retirement.waiting += 1
                } else {
                    steps.append(.deleteVirtualServer(key))
                }
            }
            if let failure = socket.apply(steps[...]).first { throw failure.error }
            retirement.removed = steps.count
        }
        let forgotten = releases.map { Operation.release(.virtualServer($0)) }
        if !forgotten.isEmpty { try record.record(forgotten[...]) }
        return retirement
    }
}
