import CNetlink

/// The vocabulary of rtnetlink that is used here (`include/uapi/linux/rtnetlink.h`, `if_link.h`,
/// `if_addr.h`).
///
/// This is the only file that names the kernel's constants.
enum RouteProtocol {
    static let newLink = UInt16(RTM_NEWLINK)
    static let getLink = UInt16(RTM_GETLINK)
    static let newAddress = UInt16(RTM_NEWADDR)
    static let deleteAddress = UInt16(RTM_DELADDR)
    static let getAddress = UInt16(RTM_GETADDR)
    static let newRoute = UInt16(RTM_NEWROUTE)
    static let deleteRoute = UInt16(RTM_DELROUTE)
    static let getRoute = UInt16(RTM_GETROUTE)

    static let linkName = UInt16(IFLA_IFNAME)
    static let linkInformation = UInt16(IFLA_LINKINFO)
    static let linkKind = UInt16(IFLA_INFO_KIND)
    static let linkFamilies = UInt16(IFLA_AF_SPEC)
    static let ipv6AddressGeneration = UInt16(IFLA_INET6_ADDR_GEN_MODE)
    /// No link-local address by itself.
    ///
    /// The corresponding C constant is `IN6_ADDR_GEN_MODE_NONE`.
    static let noAddressGeneration: UInt8 = 1
    static let isUp = FAIRLEAD_IFF_UP

    static let local = UInt16(IFA_LOCAL)
    static let address = UInt16(IFA_ADDRESS)
    static let addressFlags = UInt16(IFA_FLAGS)
    /// Usable at once, without looking for a duplicate.
    ///
    /// The corresponding C constant is `IFA_F_NODAD`.
    static let noDuplicateDetection: UInt32 = 0x02
    /// The corresponding C constant is `RT_SCOPE_UNIVERSE`.
    static let universe: UInt8 = 0
    /// The corresponding C constant is `RT_SCOPE_LINK`.
    static let link: UInt8 = 253
    /// The corresponding C constant is `RT_SCOPE_HOST`.
    static let host: UInt8 = 254

    static let destination = UInt16(RTA_DST.rawValue)
    static let outputDevice = UInt16(RTA_OIF.rawValue)
    static let preferredSource = UInt16(RTA_PREFSRC.rawValue)
    static let table = UInt16(RTA_TABLE.rawValue)
    /// The corresponding C constant is `RT_TABLE_LOCAL`.
    static let localTable: UInt8 = 255
    /// The corresponding C constant is `RTN_LOCAL`.
    static let localType: UInt8 = 2
    /// Made by the kernel itself.
    ///
    /// The corresponding C constant is `RTPROT_KERNEL`.
    static let madeByKernel: UInt8 = 2
    /// Our own, so that `ip route show table local proto 70` shows what is ours.
    ///
    /// Nobody else is known to use the number.
    static let madeByUs: UInt8 = 70

    /// The index of the loopback device in every network namespace (`LOOPBACK_IFINDEX`).
    static let loopback: UInt32 = 1

    static let familyIPv4: UInt8 = 2
    static let familyIPv6: UInt8 = 10
}
