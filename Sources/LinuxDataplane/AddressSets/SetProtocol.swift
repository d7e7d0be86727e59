import CIPSet

/// The vocabulary of the kernel's sets that is used here (`include/uapi/linux/netfilter/ipset/`).
///
/// Beside `SetSession` the only place that names the kernel's constants.
enum SetProtocol {
    /// The corresponding C constants are `NFNL_SUBSYS_IPSET` and `IPSET_CMD_LIST`.
    static let list = UInt16(6) << 8 | UInt16(IPSET_CMD_LIST.rawValue)
    /// The oldest version of the protocol that kernels still speak (`IPSET_PROTOCOL_MIN`).
    static let version: UInt8 = 6
    /// The corresponding C constant is `NLA_F_NET_BYTEORDER`.
    static let networkOrder: UInt16 = 0x4000
    /// Names instead of sets, as the kernel has it in `IPSET_ATTR_FLAGS`.
    ///
    /// The corresponding C constant is `IPSET_FLAG_LIST_SETNAME`.
    static let onlyNames: UInt32 = 1 << 1
    /// Neither the members nor how many there are (`IPSET_FLAG_LIST_HEADER`).
    static let onlyHeader: UInt32 = 1 << 2

    /// Attributes of a message.
    enum Top {
        static let version = UInt16(IPSET_ATTR_PROTOCOL)
        static let name = UInt16(IPSET_ATTR_SETNAME)
        static let type = UInt16(IPSET_ATTR_TYPENAME)
        static let family = UInt16(IPSET_ATTR_FAMILY)
        static let flags = UInt16(IPSET_ATTR_FLAGS)
        static let data = UInt16(IPSET_ATTR_DATA)
        static let members = UInt16(IPSET_ATTR_ADT)
    }

    /// Attributes of a member, and of a set itself.
    enum Data {
        static let address = UInt16(IPSET_ATTR_IP)
        static let port = UInt16(IPSET_ATTR_PORT)
        static let transport = UInt16(IPSET_ATTR_PROTO)
        static let flags = UInt16(IPSET_ATTR_CADT_FLAGS)
        static let secondAddress = UInt16(IPSET_ATTR_IP2)
        static let secondLength = UInt16(IPSET_ATTR_CIDR2)
        static let mark = UInt16(IPSET_ATTR_SKBMARK)
    }

    /// The members carry marks (`IPSET_FLAG_WITH_SKBINFO`).
    static let withMarks: UInt32 = 1 << 6
    /// The corresponding C constant is `NFPROTO_IPV4`; that of a set of ports is 0.
    static let familyIPv4: UInt8 = 2
    /// The corresponding C constant is `NFPROTO_IPV6`.
    static let familyIPv6: UInt8 = 10
}
