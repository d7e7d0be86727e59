import CNetlink

/// The vocabulary of connection tracking that is used here
/// (`include/uapi/linux/netfilter/nfnetlink_conntrack.h`).
///
/// This is the only file that names the kernel's constants.
enum ConnectionProtocol {
    static let get = message(IPCTNL_MSG_CT_GET)
    static let delete = message(IPCTNL_MSG_CT_DELETE)
    /// What answers to `get` are.
    static let entry = message(IPCTNL_MSG_CT_NEW)

    /// Attributes of a message.
    enum Top {
        static let original = UInt16(CTA_TUPLE_ORIG.rawValue)
        static let reply = UInt16(CTA_TUPLE_REPLY.rawValue)
        static let identity = UInt16(CTA_ID.rawValue)
        static let zone = UInt16(CTA_ZONE.rawValue)
        static let filter = UInt16(CTA_FILTER.rawValue)
    }

    /// Attributes of one direction of a flow.
    enum Direction {
        static let addresses = UInt16(CTA_TUPLE_IP.rawValue)
        static let transport = UInt16(CTA_TUPLE_PROTO.rawValue)
        /// There instead of `Top.zone` when the zone is that of this direction alone.
        static let zone = UInt16(CTA_TUPLE_ZONE.rawValue)
    }

    enum Addresses {
        static let sourceIPv4 = UInt16(CTA_IP_V4_SRC.rawValue)
        static let destinationIPv4 = UInt16(CTA_IP_V4_DST.rawValue)
        static let sourceIPv6 = UInt16(CTA_IP_V6_SRC.rawValue)
        static let destinationIPv6 = UInt16(CTA_IP_V6_DST.rawValue)
    }

    enum Transport {
        static let number = UInt16(CTA_PROTO_NUM.rawValue)
        static let sourcePort = UInt16(CTA_PROTO_SRC_PORT.rawValue)
        static let destinationPort = UInt16(CTA_PROTO_DST_PORT.rawValue)
    }

    /// What of the original direction has to be the same as in the request.
    ///
    /// The attribute is there since Linux 5.8; kernels before pass over it.
    enum Filter {
        static let original = UInt16(CTA_FILTER_ORIG_FLAGS.rawValue)
        /// The corresponding C constant is `CTA_FILTER_F_CTA_PROTO_NUM`
        /// (`net/netfilter/nf_internals.h`).
        static let transport: UInt32 = 1 << 3
    }

    /// The corresponding C constant is `NFPROTO_IPV4`.
    static let familyIPv4: UInt8 = 2
    /// The corresponding C constant is `NFPROTO_IPV6`.
    static let familyIPv6: UInt8 = 10

    private static func message(_ type: cntl_msg_types) -> UInt16 {
        UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(type.rawValue)
    }
}
