import Addressing
import DataplaneModel
import Planning
import Routing
import ServiceModel

// What an earlier run left in the kernel for objects that cannot be read now.
extension Reconciler where Device: ~Copyable {
    /// Remembers what is there and not wanted, unless it was for a Service that could be read: that
    /// one says itself what it wants.
    mutating func rememberUnknown() {
        unknown = TouchedParts()
        let doubtful = Set(doubtful.values)
        for (object, owner) in applied.claims where !isKnown(owner) || doubtful.contains(owner) {
            switch object {
            case .virtualServer(let key) where desired.state.virtualServers[key] == nil:
                unknown.virtualServers.insert(key)
            case .address(let address) where desired.state.addresses[address] == nil:
                unknown.addresses.insert(address)
            default: break
            }
        }
        // A known Service says itself which sets its addresses and ports are in.
        var known: Set<SetMember> = []
        for key in cluster.frontendKeys where self.doubtful[key] == nil {
            for place in lowering.places(of: key) {
                known.insert(.frontend(place, key.transport))
            }
        }
        for (set, members) in applied.sets {
            let left = members.keys.filter { member in
                guard desired.state.sets[set]?[member] == nil else { return false }
                return switch member {
                case .frontend: !known.contains(member)
                case .permission(let place, let transport, _):
                    !known.contains(.frontend(place, transport))
                case .port, .address, .hairpin: true
                }
            }
            if !left.isEmpty { unknown.members[set] = Set(left) }
        }
    }

    /// Whether a frontend has nobody only because who it had could not be read: as long as that may
    /// be, what an earlier run made of it stays.
    mutating func isDoubtful(_ frontend: Frontend) -> Bool {
        let key = frontend.key
        let owner = frontend.service.description
        let isEmpty = frontend.inside.backends.isEmpty && frontend.outside.backends.isEmpty
        // Who goes later goes for good.
        guard keepsUnknown, isEmpty, !hasSynced || doubtful[key] != nil, hadServers(owner) else {
            doubtful[key] = nil
            return false
        }
        doubtful[key] = owner
        return true
    }

    /// Whether an earlier run left real servers for a Service port.
    private mutating func hadServers(_ owner: String) -> Bool {
        if let ownersBefore { return ownersBefore.contains(owner) }
        var owners: Set<String> = []
        for (object, owner) in applied.claims {
            guard case .virtualServer(let key) = object,
                applied.virtualServers[key]?.realServers.isEmpty == false
            else { continue }
            owners.insert(owner)
        }
        ownersBefore = owners
        return owners.contains(owner)
    }

    /// Takes frontends that have nobody at their word, now that everything could be read.
    mutating func settleDoubts() {
        let keys = doubtful.keys.sorted()
        doubtful = [:]
        ownersBefore = nil
        for key in keys { lower(key) }
    }

    /// Whether the Service of a Service port, as claims name it, could be read.
    private func isKnown(_ owner: String) -> Bool {
        let parts = owner.split(separator: "/", maxSplits: 1)
        guard parts.count == 2, let name = parts[1].split(separator: ":").first else {
            return false
        }
        let service = ObjectName(namespace: String(parts[0]), name: String(name))
        return cluster.view(of: service) != nil
    }

    /// Takes out what is unknown; what is wanted by now is known from then on.
    mutating func leaveUnknown(of parts: inout TouchedParts) {
        let wanted = desired.state
        Self.leave(&unknown.virtualServers, of: &parts.virtualServers) {
            wanted.virtualServers[$0] != nil
        }
        Self.leave(&unknown.addresses, of: &parts.addresses) { wanted.addresses[$0] != nil }
        for set in parts.members.keys where unknown.members[set] != nil {
            Self.leave(&unknown.members[set, default: []], of: &parts.members[set, default: []]) {
                wanted.sets[set]?[$0] != nil
            }
        }
    }

    private static func leave<Part: Hashable>(
        _ unknown: inout Set<Part>,
        of parts: inout Set<Part>,
        isWanted: (Part) -> Bool
    ) {
        let touched = unknown.intersection(parts)
        unknown.subtract(touched.filter(isWanted))
        parts.subtract(unknown)
    }
}
