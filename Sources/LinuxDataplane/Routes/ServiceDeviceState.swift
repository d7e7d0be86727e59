import Netlink

/// Whether the service device still carries routes, followed by the kernel's announcements of links.
///
/// It was lost when it was up and is not any more: with it went all routes and addresses. That it
/// comes or is set up is our own doing, or follows a loss.
struct ServiceDeviceState {
    /// What an announcement (`RTM_NEWLINK`, `RTM_DELLINK`) says of a link.
    struct Announcement: Equatable {
        var index: UInt32
        var name: String
        var isUp: Bool
        /// The link is gone.
        var isRemoved: Bool
    }

    private let name: String
    private var index: UInt32
    private var isUp: Bool

    /// `index` is 0 where there is no such device; one that is there is taken for one that is up.
    init(name: String, index: UInt32) {
        self.name = name
        self.index = index
        isUp = index != 0
    }

    /// Takes in an announcement; true when the device was lost.
    mutating func take(_ link: Announcement) -> Bool {
        let wasUp = isUp
        if link.name == name, !link.isRemoved {
            let isAnother = link.index != index
            index = link.index
            isUp = link.isUp
            return wasUp && (!link.isUp || isAnother)
        }
        // Gone, or called otherwise by now.
        guard link.index == index else { return false }
        index = 0
        isUp = false
        return wasUp
    }
}

extension ServiceDeviceState.Announcement {
    private static let headerSize = 16
    /// The corresponding C constant is `RTM_DELLINK`.
    static let removal: UInt16 = 17
    /// The corresponding C constant is `AF_UNSPEC`; a bridge announces its ports with another.
    private static let anyFamily: UInt8 = 0

    /// Reads the `struct ifinfomsg` behind a `struct nlmsghdr` of this type, with its attributes; nil
    /// for what is about no link as such, or is cut off.
    init?(type: UInt16, _ payload: Span<UInt8>) {
        guard payload.count >= Self.headerSize, payload[0] == Self.anyFamily else { return nil }
        index = payload.extracting(4..<8).number()
        let flags: UInt32 = payload.extracting(8..<12).number()
        isUp = flags & RouteProtocol.isUp != 0
        isRemoved = type == Self.removal
        var name = ""
        forEachAttribute(in: payload.extracting(Self.headerSize..<payload.count)) { type, value in
            if type == RouteProtocol.linkName { name = value.text() }
        }
        self.name = name
    }
}
