package import ServiceModel

/// What Kubernetes promises about packets to Services, as a table.
///
/// It is written from the documentation of Kubernetes and of kube-proxy, whose iptables mode is
/// right where its modes differ. It does not know how packets are sent: a laboratory, a tracer of
/// rules, or another program may be held against it.
package enum PacketMatrix {
    /// Every promise, in the order of the table.
    package static let cells = sections.flatMap(\.cells)

    /// Every rule, in the order of the table.
    package static let rules = sections.map(\.rule)

    /// Every scenario, by number.
    package static let scenarios = Set(cells.map(\.scenario)).sorted { $0.number < $1.number }

    /// The whole cluster: nodes, Services and slices.
    package static let changes = World.nodes + scenarios.flatMap(\.changes)

    private static var sections: [Section] {
        addressSections + sourceSections + externalPolicySections + internalPolicySections
            + endpointSections + topologySections + restrictionSections + affinitySections
            + nodeSections
    }
}
