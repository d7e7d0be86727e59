package import DataplaneModel

/// A part of the kernel that may be a module.
package struct KernelModule: Hashable, Sendable, CustomStringConvertible {
    /// With `_`, as `/proc/modules` has it.
    package let name: String
    /// The option it is built by, without `CONFIG_`.
    package let option: String
    /// The name and the option it had in older kernels, or has in newer ones.
    package let otherName: String?
    package let otherOption: String?

    init(
        _ name: String,
        _ option: String,
        otherName: String? = nil,
        otherOption: String? = nil
    ) {
        self.name = name
        self.option = option
        self.otherName = otherName
        self.otherOption = otherOption
    }

    package var description: String { name }

    package static let ipvs = KernelModule("ip_vs", "IP_VS")
    package static let connectionTracking = KernelModule("nf_conntrack", "NF_CONNTRACK")
    package static let addressSets = KernelModule("ip_set", "IP_SET")
    package static let dummy = KernelModule("dummy", "DUMMY")
    package static let bridgeFilter = KernelModule("br_netfilter", "BRIDGE_NETFILTER")
    package static let nfTables = KernelModule("nf_tables", "NF_TABLES")
    package static let legacyIPv4 = KernelModule(
        "ip_tables",
        "IP_NF_IPTABLES_LEGACY",
        otherOption: "IP_NF_IPTABLES"
    )
    package static let legacyIPv6 = KernelModule(
        "ip6_tables",
        "IP6_NF_IPTABLES_LEGACY",
        otherOption: "IP6_NF_IPTABLES"
    )

    /// The module of a scheduler, as the kernel asks for it (`ip_vs_sched.c`).
    package static func scheduler(_ scheduler: Scheduler) -> KernelModule {
        KernelModule("ip_vs_\(scheduler)", "IP_VS_\(scheduler.rawValue.uppercased())")
    }

    /// The types of the sets in `AddressSet.Kind`.
    package static let setTypes = [
        KernelModule("ip_set_hash_ip", "IP_SET_HASH_IP"),
        KernelModule("ip_set_hash_ipport", "IP_SET_HASH_IPPORT"),
        KernelModule("ip_set_hash_ipportip", "IP_SET_HASH_IPPORTIP"),
        KernelModule("ip_set_hash_ipportnet", "IP_SET_HASH_IPPORTNET"),
        KernelModule("ip_set_bitmap_port", "IP_SET_BITMAP_PORT"),
    ]

    /// What the rules beside IPVS look at and do.
    package static let matches = [
        KernelModule("xt_set", "NETFILTER_XT_SET"),
        KernelModule("xt_comment", "NETFILTER_XT_MATCH_COMMENT"),
        KernelModule("xt_addrtype", "NETFILTER_XT_MATCH_ADDRTYPE"),
        KernelModule("xt_conntrack", "NETFILTER_XT_MATCH_CONNTRACK"),
        KernelModule("xt_mark", "NETFILTER_XT_MARK"),
        KernelModule(
            "xt_MASQUERADE",
            "NETFILTER_XT_TARGET_MASQUERADE",
            otherName: "ipt_MASQUERADE",
            otherOption: "IP_NF_TARGET_MASQUERADE"
        ),
        KernelModule("ipt_REJECT", "IP_NF_TARGET_REJECT"),
        KernelModule("ip6t_REJECT", "IP6_NF_TARGET_REJECT"),
    ]

    /// What rules need besides, when they balance in the place of IPVS.
    package static let balancingMatches = [
        KernelModule("xt_statistic", "NETFILTER_XT_MATCH_STATISTIC"),
        KernelModule("xt_recent", "NETFILTER_XT_MATCH_RECENT"),
    ]

    /// What the rules need of the kernel to be loaded through `nf_tables`.
    package static let compatibility = KernelModule("nft_compat", "NFT_COMPAT")

    /// Files of the kernel that are there as long as the module is at work.
    package static let signs: [KernelModule: String] = [
        .ipvs: "/proc/net/ip_vs",
        .connectionTracking: "/proc/sys/net/netfilter/nf_conntrack_max",
        .addressSets: "/sys/module/ip_set",
        .legacyIPv4: "/proc/net/ip_tables_names",
        .legacyIPv6: "/proc/net/ip6_tables_names",
        .bridgeFilter: "/proc/sys/net/bridge/bridge-nf-call-iptables",
    ]
}
