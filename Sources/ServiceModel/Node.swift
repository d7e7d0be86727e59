package import Addressing

/// A Node, as far as it bears on where packets go.
package struct Node: Hashable, Sendable {
    package let name: String
    /// The label `topology.kubernetes.io/zone`.
    package let zone: String?
    /// `spec.podCIDRs`: the addresses of the node's pods.
    package let podCIDRs: [IPPrefix]
    /// `status.addresses`: of type InternalIP first, then ExternalIP.
    package let addresses: [IPAddress]
    /// It is being deleted, or the cluster's autoscaler is about to remove its machine: load balancers
    /// are to send it no more clients.
    package let isLeaving: Bool

    /// The taint that the autoscaler puts on a Node before it removes the machine.
    package static let leavingTaint = "ToBeDeletedByClusterAutoscaler"

    package init(
        name: String,
        zone: String? = nil,
        podCIDRs: [IPPrefix] = [],
        addresses: [IPAddress] = [],
        isLeaving: Bool = false
    ) {
        self.name = name
        self.zone = zone
        self.podCIDRs = podCIDRs
        self.addresses = addresses
        self.isLeaving = isLeaving
    }
}
