package import Addressing

/// What the cluster says, merged: Services by name, and the endpoints of each.
///
/// It takes one change at a time and answers with the Services that this change touched, so that
/// the work behind it follows the size of the change.
package struct ServiceTable: Sendable {
    private var services: [ObjectName: Service] = [:]
    /// The slices of each Service, in order of their names: the merged result must not depend on
    /// the order in which they arrived.
    private var slices: [ObjectName: [EndpointSlice]] = [:]
    private var sliceOwners: [ObjectName: ObjectName] = [:]
    private var fallbackSlices: [ObjectName: [EndpointSlice]] = [:]

    package init() {}

    package var serviceNames: some Collection<ObjectName> { services.keys }

    package var serviceCount: Int { services.count }

    /// Makes room for this many objects, so that a first load does not grow the tables step by step.
    package mutating func reserveCapacity(services count: Int, slices sliceCount: Int) {
        services.reserveCapacity(count)
        slices.reserveCapacity(count)
        sliceOwners.reserveCapacity(sliceCount)
    }

    /// Takes in a change, and calls `touched` with each Service whose picture may now differ: none
    /// for a repetition, two for a slice that moved to another Service.
    package mutating func apply(_ change: ClusterChange, touched: (ObjectName) -> Void) {
        switch change {
        case .service(let service):
            let previous = services.updateValue(service, forKey: service.name)
            if previous != service { touched(service.name) }
        case .serviceRemoved(let name):
            if services.removeValue(forKey: name) != nil { touched(name) }
        case .endpointSlice(let slice):
            insert(slice, touched: touched)
        case .endpointSliceRemoved(let name):
            guard let owner = sliceOwners.removeValue(forKey: name) else { return }
            remove(slice: name, of: owner)
            touched(owner)
        case .endpoints(let name, let subsets):
            let previous = fallbackSlices.updateValue(subsets, forKey: name)
            if previous != subsets, slices[name] == nil { touched(name) }
        case .endpointsRemoved(let name):
            let previous = fallbackSlices.removeValue(forKey: name)
            if previous != nil, slices[name] == nil { touched(name) }
        case .node, .nodeRemoved:
            // No Service is touched by a Node that is not ours, and all are by the one that is.
            break
        }
    }

    private mutating func insert(_ slice: EndpointSlice, touched: (ObjectName) -> Void) {
        if let owner = sliceOwners.updateValue(slice.service, forKey: slice.name),
            owner != slice.service
        {
            remove(slice: slice.name, of: owner)
            touched(owner)
        }
        var changed = true
        func place(in list: inout [EndpointSlice]) {
            let index = list.firstIndex { $0.name >= slice.name } ?? list.endIndex
            guard index < list.endIndex, list[index].name == slice.name else {
                list.insert(slice, at: index)
                return
            }
            changed = list[index] != slice
            list[index] = slice
        }
        place(in: &slices[slice.service, default: []])
        if changed { touched(slice.service) }
    }

    private mutating func remove(slice name: ObjectName, of owner: ObjectName) {
        slices[owner]?.removeAll { $0.name == name }
        if slices[owner]?.isEmpty == true { slices[owner] = nil }
    }

    /// A Service with its endpoints, or nil when there is none of that name.
    package func view(of name: ObjectName) -> ServiceView? {
        guard let service = services[name] else { return nil }
        return ServiceView(
            service: service,
            slices: slices[name] ?? fallbackSlices[name] ?? []
        )
    }
}

/// A Service and everything known of its endpoints.
package struct ServiceView: Sendable {
    package let service: Service
    private let slices: [EndpointSlice]

    package init(service: Service, slices: [EndpointSlice]) {
        self.service = service
        self.slices = slices
    }

    /// The endpoints of a port, of one family, each address and port once, sorted by them.
    ///
    /// While a pod moves between slices it may be in two of them, with different conditions; the
    /// entry that promises most counts, whichever slice came first.
    package func endpoints(of port: ServicePort, family: AddressFamily) -> [PortEndpoint] {
        var found: [PortEndpoint] = []
        for slice in slices where slice.family == family {
            for slicePort in slice.ports
            where slicePort.name == port.name && slicePort.transport == port.transport {
                found.reserveCapacity(found.count + slice.endpoints.count)
                for endpoint in slice.endpoints {
                    found.append(
                        PortEndpoint(
                            address: SocketEndpoint(endpoint.address, slicePort.port),
                            endpoint: endpoint
                        )
                    )
                }
            }
        }
        found.sort()
        var previous: SocketEndpoint?
        found.removeAll { entry in
            defer { previous = entry.address }
            return entry.address == previous
        }
        return found
    }
}

/// An endpoint seen from one Service port.
package struct PortEndpoint: Hashable, Sendable, Comparable {
    package let address: SocketEndpoint
    package let endpoint: Endpoint

    package init(address: SocketEndpoint, endpoint: Endpoint) {
        self.address = address
        self.endpoint = endpoint
    }

    /// By address; of entries for one address, the one that promises most comes first.
    package static func < (left: PortEndpoint, right: PortEndpoint) -> Bool {
        guard left.address == right.address else { return left.address < right.address }
        let (first, second) = (left.endpoint, right.endpoint)
        let rank = { (conditions: EndpointConditions) in
            (conditions.contains(.isReady) ? 0 : 4) + (conditions.contains(.isServing) ? 0 : 2)
                + (conditions.contains(.isTerminating) ? 1 : 0)
        }
        guard first.conditions == second.conditions else {
            return rank(first.conditions) < rank(second.conditions)
        }
        // What remains only makes the choice independent of the order of arrival.
        return (first.nodeName ?? "~", first.zone ?? "~")
            < (second.nodeName ?? "~", second.zone ?? "~")
    }
}
