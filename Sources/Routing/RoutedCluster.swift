package import ServiceModel

/// The cluster as one node sees it: what it wants, and where packets go.
///
/// It takes one change at a time, and routes only the Services that changes have touched.
package struct RoutedCluster: Sendable {
    package private(set) var policy: RoutingPolicy
    /// This node's own object, where there is one.
    package private(set) var node: Node?
    private var table = ServiceTable()
    private var routes = RouteTable()
    private var touched: Set<ObjectName> = []
    private var problemsOfService: [ObjectName: [ObjectProblem]] = [:]
    private var serviceProblemsVersion = 0
    private var healthChecks: [ObjectName: HealthCheck] = [:]
    /// The zone of the policy as it was given, for when the Node says none.
    private let configuredZone: String?

    /// What became different when touched Services were routed anew.
    package struct Changes: Sendable {
        package var frontends: Set<FrontendKey> = []
        package var healthChecks: Set<ObjectName> = []
    }

    package init(policy: RoutingPolicy) {
        self.policy = policy
        configuredZone = policy.node.zone
    }

    package var serviceCount: Int { table.serviceCount }

    package var frontendKeys: some Collection<FrontendKey> { routes.keys }

    /// The frontend in force at a key.
    package subscript(key: FrontendKey) -> Frontend? { routes[key] }

    package func view(of service: ObjectName) -> ServiceView? { table.view(of: service) }

    package func healthCheck(of service: ObjectName) -> HealthCheck? { healthChecks[service] }

    /// All health checks, by the names of their Services.
    package var allHealthChecks: [HealthCheck] {
        healthChecks.values.sorted { $0.service < $1.service }
    }

    /// What of Services is not served as it was meant, sorted.
    package var problems: [ObjectProblem] {
        guard !problemsOfService.isEmpty else { return routes.conflicts }
        return (problemsOfService.values.flatMap(\.self) + routes.conflicts).sorted()
    }

    /// Grows whenever `problems` may have become others.
    package var problemsVersion: Int { serviceProblemsVersion + routes.conflictsVersion }

    /// Makes room for this many Services, with a slice each.
    package mutating func reserveCapacity(_ count: Int) {
        table.reserveCapacity(services: count, slices: count)
        routes.reserveCapacity(count)
    }

    /// Takes in a change; nothing is routed before `route`.
    ///
    /// - Returns: whether it was about this node's own object.
    package mutating func apply(_ change: ClusterChange) -> Bool {
        switch change {
        case .node(let changed):
            guard changed.name == policy.node.name, changed != node else { return false }
            node = changed
            setZone(changed.zone ?? configuredZone)
            return true
        case .nodeRemoved(let name):
            guard name == policy.node.name, node != nil else { return false }
            node = nil
            setZone(configuredZone)
            return true
        default:
            table.apply(change) { touched.insert($0) }
            return false
        }
    }

    private mutating func setZone(_ zone: String?) {
        guard zone != policy.node.zone else { return }
        policy.node.zone = zone
        touched.formUnion(table.serviceNames)
    }

    /// Routes what was touched since the last time, and answers what is different now.
    package mutating func route() -> Changes {
        var changes = Changes()
        if routes.count == 0 {
            routes.reserveCapacity(touched.count)
            changes.frontends.reserveCapacity(touched.count)
        }
        for name in touched {
            let routed = table.view(of: name)?.routed(by: policy) ?? RoutedService()
            routes.replace(name, with: routed.frontends) { changes.frontends.insert($0) }
            let problems = routed.problems.isEmpty ? nil : routed.problems
            if problemsOfService[name] != problems {
                problemsOfService[name] = problems
                serviceProblemsVersion += 1
            }
            if healthChecks[name] != routed.healthCheck {
                healthChecks[name] = routed.healthCheck
                changes.healthChecks.insert(name)
            }
        }
        touched.removeAll(keepingCapacity: true)
        return changes
    }
}
