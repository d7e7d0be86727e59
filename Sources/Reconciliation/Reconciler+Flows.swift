import Addressing
import DataplaneModel
import Planning
import Routing

// Flows of UDP that go on with whatever their first packet met.
extension Reconciler where Device: ~Copyable {
    /// Notes where flows may have to end: at places that lose an endpoint, when answers on their way
    /// have arrived; and at once where nobody was before.
    mutating func noteFlows(of parts: TouchedParts) {
        let grace = options.draining?.datagramTimeout ?? .zero
        for key in parts.virtualServers {
            let before = applied.virtualServers[key]?.realServers ?? []
            let after = desired.state.virtualServers[key]?.realServers ?? []
            // An earlier run may have ended before the flows that it noted.
            guard before != after || !hasSynced && !after.isEmpty else { continue }
            if before.isEmpty {
                for place in datagramPlaces(of: key) { staleFlows.note(place, due: now) }
            } else if !hasSynced || !before.allSatisfy({ after.contains($0.address) }) {
                for place in datagramPlaces(of: key) { staleFlows.note(place, due: now + grace) }
            }
        }
    }

    /// The places of a virtual server, as far as datagrams come to them.
    private func datagramPlaces(of key: VirtualServerKey) -> [SocketEndpoint] {
        switch key {
        case .address(let endpoint, .udp): return [endpoint]
        case .address: return []
        case .firewallMark:
            return desired.frontends(of: key).filter { $0.transport == .udp }.flatMap { frontend in
                let others = leftToOthers[frontend] ?? []
                return lowering.places(of: frontend).filter { !others.contains($0.address) }
            }
        }
    }

    /// Ends flows to whoever is not there any more, where that is due.
    mutating func endStaleFlows(report: inout ReconciliationReport) {
        let places = staleFlows.take(at: now)
        guard !places.isEmpty else { return }
        var rules: [FlowRule] = []
        for place in places {
            // Where the new ones could not be written, a flow would only meet the old ones again.
            if retries.contains(.virtualServer(.address(place, .udp))) {
                staleFlows.postpone([place], at: now)
            } else {
                rules.append(
                    FlowRule(destination: place, transport: .udp, backends: backends(at: place))
                )
            }
        }
        guard !rules.isEmpty else { return }
        do throws(DataplaneError) {
            report.endedFlows += try device.endFlows(matching: rules)
        } catch {
            report.flowError = error
            staleFlows.postpone(rules.map(\.destination), at: now)
        }
    }

    /// Who may answer at a place: to clients outside, or inside, or to those that it still has.
    private func backends(at place: SocketEndpoint) -> Set<SocketEndpoint> {
        var keys = [VirtualServerKey.address(place, .udp)]
        let family = place.address.family
        let marked = desired.state.sets[AddressSet(.inside, family)]
        if let mark = marked?[.frontend(place, .udp)] { keys.append(.firewallMark(mark, family)) }
        var backends: Set<SocketEndpoint> = []
        for key in keys {
            backends.formUnion(
                desired.state.virtualServers[key]?.realServers.map(\.address) ?? []
            )
            backends.formUnion(departures.leaving(key))
        }
        return backends
    }
}

extension [RealServer] {
    /// Whether one of these, which are sorted, has this address.
    fileprivate func contains(_ address: SocketEndpoint) -> Bool {
        contains { $0.address == address }
    }
}
