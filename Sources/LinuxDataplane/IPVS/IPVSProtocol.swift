import CNetlink

/// The vocabulary of the kernel's "IPVS" generic netlink family (`include/uapi/linux/ip_vs.h`).
///
/// This is the only file that names the kernel's constants.
enum IPVSProtocol {
    static let familyName = "IPVS"
    static let version: UInt8 = 1

    /// What a message asks for.
    ///
    /// The corresponding C constants are `IPVS_CMD_…`.
    enum Command: UInt8 {
        case newService = 1
        case setService = 2
        case deleteService = 3
        case getService = 4
        case newDestination = 5
        case setDestination = 6
        case deleteDestination = 7
        case getDestination = 8
        case newDaemon = 9
        case deleteDaemon = 10
        case getDaemon = 11
        case setConfiguration = 12
        case getConfiguration = 13
        case getInformation = 15
        case zero = 16
    }

    /// The corresponding C constants are `IPVS_CMD_ATTR_…`.
    enum Top {
        static let service = UInt16(IPVS_CMD_ATTR_SERVICE)
        static let destination = UInt16(IPVS_CMD_ATTR_DEST)
        static let daemon = UInt16(IPVS_CMD_ATTR_DAEMON)
        static let timeoutTCP = UInt16(IPVS_CMD_ATTR_TIMEOUT_TCP)
        static let timeoutTCPFin = UInt16(IPVS_CMD_ATTR_TIMEOUT_TCP_FIN)
        static let timeoutUDP = UInt16(IPVS_CMD_ATTR_TIMEOUT_UDP)
    }

    /// The corresponding C constants are `IPVS_INFO_ATTR_…`; they stand at the top of a reply.
    enum Information {
        static let version = UInt16(IPVS_INFO_ATTR_VERSION)
        static let connectionTableSize = UInt16(IPVS_INFO_ATTR_CONN_TAB_SIZE)
    }

    /// The corresponding C constants are `IPVS_SVC_ATTR_…`.
    enum Service {
        static let family = UInt16(IPVS_SVC_ATTR_AF)
        static let transport = UInt16(IPVS_SVC_ATTR_PROTOCOL)
        static let address = UInt16(IPVS_SVC_ATTR_ADDR)
        static let port = UInt16(IPVS_SVC_ATTR_PORT)
        static let firewallMark = UInt16(IPVS_SVC_ATTR_FWMARK)
        static let scheduler = UInt16(IPVS_SVC_ATTR_SCHED_NAME)
        static let flags = UInt16(IPVS_SVC_ATTR_FLAGS)
        static let timeout = UInt16(IPVS_SVC_ATTR_TIMEOUT)
        static let netmask = UInt16(IPVS_SVC_ATTR_NETMASK)
        static let statistics = UInt16(IPVS_SVC_ATTR_STATS)
        static let persistenceEngine = UInt16(IPVS_SVC_ATTR_PE_NAME)
        static let statistics64 = UInt16(IPVS_SVC_ATTR_STATS64)
    }

    /// The corresponding C constants are `IPVS_DEST_ATTR_…`.
    enum Destination {
        static let address = UInt16(IPVS_DEST_ATTR_ADDR)
        static let port = UInt16(IPVS_DEST_ATTR_PORT)
        static let forwarding = UInt16(IPVS_DEST_ATTR_FWD_METHOD)
        static let weight = UInt16(IPVS_DEST_ATTR_WEIGHT)
        static let upperThreshold = UInt16(IPVS_DEST_ATTR_U_THRESH)
        static let lowerThreshold = UInt16(IPVS_DEST_ATTR_L_THRESH)
        static let activeConnections = UInt16(IPVS_DEST_ATTR_ACTIVE_CONNS)
        static let inactiveConnections = UInt16(IPVS_DEST_ATTR_INACT_CONNS)
        static let persistentConnections = UInt16(IPVS_DEST_ATTR_PERSIST_CONNS)
        static let statistics = UInt16(IPVS_DEST_ATTR_STATS)
        static let family = UInt16(IPVS_DEST_ATTR_ADDR_FAMILY)
        static let statistics64 = UInt16(IPVS_DEST_ATTR_STATS64)
        static let tunnelKind = UInt16(IPVS_DEST_ATTR_TUN_TYPE)
        static let tunnelPort = UInt16(IPVS_DEST_ATTR_TUN_PORT)
        static let tunnelFlags = UInt16(IPVS_DEST_ATTR_TUN_FLAGS)
    }

    /// The corresponding C constants are `IPVS_DAEMON_ATTR_…`.
    enum Daemon {
        static let state = UInt16(IPVS_DAEMON_ATTR_STATE)
        static let interface = UInt16(IPVS_DAEMON_ATTR_MCAST_IFN)
        static let syncID = UInt16(IPVS_DAEMON_ATTR_SYNC_ID)
        static let maximumLength = UInt16(IPVS_DAEMON_ATTR_SYNC_MAXLEN)
        static let group = UInt16(IPVS_DAEMON_ATTR_MCAST_GROUP)
        static let group6 = UInt16(IPVS_DAEMON_ATTR_MCAST_GROUP6)
        static let port = UInt16(IPVS_DAEMON_ATTR_MCAST_PORT)
        static let timeToLive = UInt16(IPVS_DAEMON_ATTR_MCAST_TTL)
    }

    /// The corresponding C constants are `IPVS_STATS_ATTR_…`.
    enum Statistics {
        static let connections = UInt16(IPVS_STATS_ATTR_CONNS)
        static let inPackets = UInt16(IPVS_STATS_ATTR_INPKTS)
        static let outPackets = UInt16(IPVS_STATS_ATTR_OUTPKTS)
        static let inBytes = UInt16(IPVS_STATS_ATTR_INBYTES)
        static let outBytes = UInt16(IPVS_STATS_ATTR_OUTBYTES)
        static let connectionRate = UInt16(IPVS_STATS_ATTR_CPS)
        static let inPacketRate = UInt16(IPVS_STATS_ATTR_INPPS)
        static let outPacketRate = UInt16(IPVS_STATS_ATTR_OUTPPS)
        static let inByteRate = UInt16(IPVS_STATS_ATTR_INBPS)
        static let outByteRate = UInt16(IPVS_STATS_ATTR_OUTBPS)
    }

    /// The corresponding C constant is `IP_VS_SVC_F_PERSISTENT`.
    static let persistentFlag: UInt32 = 0x1
    /// The corresponding C constant is `IP_VS_SVC_F_ONEPACKET`.
    static let onePacketFlag: UInt32 = 0x4
    /// The corresponding C constant is `IP_VS_CONN_F_FWD_MASK`.
    static let forwardingMask: UInt32 = 0x7

    /// `AF_INET` and `AF_INET6` of Linux.
    static let familyIPv4: UInt16 = 2
    static let familyIPv6: UInt16 = 10
}
