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

    package init(
        name: String,
        zone: String? = nil,
        podCIDRs: [IPPrefix] = [],
        addresses: [IPAddress] = []
    ) {
        self.name = name
        self.zone = zone
        self.podCIDRs = podCIDRs
        self.addresses = addresses
    }
}
