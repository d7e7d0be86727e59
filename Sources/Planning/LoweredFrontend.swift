package import Addressing
package import DataplaneModel
package import ServiceModel

/// What one frontend, or one health check, comes to in the kernel.
package struct LoweredFrontend: Hashable, Sendable {
    /// A member of an address set; a mark of 0 is none.
    package struct Membership: Hashable, Sendable {
        package let set: AddressSet
        package let member: SetMember
        package let mark: UInt32

        package init(_ set: AddressSet, _ member: SetMember, mark: UInt32 = 0) {
            self.set = set
            self.member = member
            self.mark = mark
        }
    }

    package var servers: [IPVSState.Entry] = []
    package var memberships: [Membership] = []
    /// An address to be made local, and how.
    package struct Announced: Hashable, Sendable {
        package let address: IPAddress
        package let announcement: Announcement

        package init(_ address: IPAddress, _ announcement: Announcement) {
            self.address = address
            self.announcement = announcement
        }
    }

    package var announced: Announced?
    /// The name of the Service port, which goes into the record of what is ours.
    package var owner = ""
    /// `Frontend.drainTimeout`.
    package var drainTimeout: Duration?
    package var problems: [ObjectProblem] = []

    package init() {}
}
