import Addressing
import NodeChecks
import Testing

@Suite struct FilterJudgementTests {
    private typealias Rules = FilterObservation.Rules

    private static func pair(
        nft: Observed<Rules>,
        legacy: Observed<Rules>
    ) -> [FilterObservation] {
        AddressFamily.allCases.flatMap {
            [FilterObservation($0, .nft, nft), FilterObservation($0, .legacy, legacy)]
        }
    }

    private static func rules(_ count: Int, hint: Bool = false) -> Observed<Rules> {
        .present(Rules(chains: ["INPUT"], count: count, hasHint: hint))
    }

    /// Without IPVS, where everything is left to rules.
    private static func withoutIPVS(_ node: inout NodeObservation) { node.remove(.ipvs) }

    @Test(arguments: [
        Case("programs", .programs, of: "iptables", .ok, "iptables-nft"),
        Case(
            "none",
            .programs,
            of: "iptables",
            .warning,
            "nothing is masqueraded",
            "Install iptables"
        ) {
            $0.filters = []
        },
        Case("none, and no IPVS", .programs, of: "iptables", .failure, "no IPv4 Service") {
            withoutIPVS(&$0)
            $0.filters = []
        },
        Case("none, in the mode iptables", .programs, of: "iptables", .failure, intent: .iptables) {
            $0.filters = []
        },
        Case("none for IPv6", .programs, of: "ip6tables", .warning, "no IPv6 Service") {
            withoutIPVS(&$0)
            $0.filters.removeAll { $0.family == .ipv6 }
        },
        Case(
            "not to be used",
            .programs,
            .note,
            "packetFilter is none",
            intent: .asking { $0.usesPacketFilter = false }
        ),
        Case("a pair alone", .variant, of: "rules of IPv4", .ok, "there is no other"),
        Case("neither has rules", .variant, .ok, "iptables-nft, as iptables-nft has 0 rules") {
            $0.filters = pair(nft: rules(0), legacy: .absent)
            $0.modules.loadable = ["ip_tables", "ip6_tables"]
        },
        Case("legacy has more", .variant, .note, "by iptables-legacy", "the rules of both") {
            $0.filters = pair(nft: rules(3), legacy: rules(12))
            $0.modules.evident.formUnion([.legacyIPv4, .legacyIPv6])
        },
        Case("the kubelet's hint", .variant, .note, "by iptables-nft", "hint") {
            $0.filters = pair(nft: rules(3, hint: true), legacy: rules(12))
            $0.modules.evident.formUnion([.legacyIPv4, .legacyIPv6])
        },
        Case("nft cannot be read", .variant, .ok, "iptables-nft cannot be read") {
            $0.filters = pair(nft: .unreadable("why"), legacy: rules(1))
            $0.modules.evident.formUnion([.legacyIPv4, .legacyIPv6])
        },
        Case("the kernel has only legacy", .variant, .ok, "by iptables-legacy") {
            $0.filters = pair(nft: .absent, legacy: .absent)
            $0.remove(.nfTables)
            $0.modules.loadable = ["ip_tables", "ip6_tables"]
        },
        Case("the kernel has neither", .variant, .warning, "nf_tables, ip_tables") {
            $0.filters = pair(nft: .absent, legacy: .absent)
            $0.remove(.nfTables)
        },
        Case("the kernel has neither, nor IPVS", .variant, .failure, "no IPv4 Service") {
            withoutIPVS(&$0)
            $0.filters = pair(nft: .absent, legacy: .absent)
            $0.remove(.nfTables)
        },
        Case("nothing can be read", .variant, .warning, "Permission denied", "as root") {
            $0.filters = pair(
                nft: .unreadable("Permission denied"),
                legacy: .unreadable("Permission denied")
            )
            $0.modules.evident.formUnion([.legacyIPv4, .legacyIPv6])
        },
    ])
    func judgesProgramsAndTheirVariants(_ row: Case) throws { try JudgementTests.judge(row) }

    @Test(arguments: [
        Case("tracking", .connectionTracking, .ok, "loaded"),
        Case("no tracking", .connectionTracking, .warning, "nothing can be masqueraded") {
            $0.unload(.connectionTracking)
            $0.modules.forbidden = ["nf_conntrack": "/etc/modprobe.d/a.conf"]
        },
        Case("no tracking, no IPVS", .connectionTracking, .failure, "missing") {
            withoutIPVS(&$0)
            $0.remove(.connectionTracking)
        },
        Case("sets", .addressSets, .ok, "loaded"),
        Case("no sets", .addressSets, .warning, "address sets cannot be made") {
            $0.remove(.addressSets)
        },
        Case("sets in a container", .addressSets, .note, "modprobe ip_set") {
            $0.remove(.addressSets)
            $0.modules.loadable = nil
        },
        Case("types of sets", .setTypes, .ok, "in the kernel: ip_set_hash_ip,"),
        Case("a missing type", .setTypes, .warning, "missing: ip_set_hash_ipportnet") {
            $0.modules.loaded?.remove("ip_set_hash_ipportnet")
        },
        Case("types in a container", .setTypes, .note, "not known: ip_set_bitmap_port") {
            $0.modules.loaded?.remove("ip_set_bitmap_port")
            $0.modules.loadable = nil
        },
        Case("parts of rules", .matches, .ok, "nft_compat"),
        Case("a loadable part", .matches, .ok, "loaded when needed: xt_set") {
            $0.modules.loaded?.remove("xt_set")
            $0.modules.loadable = ["xt_set"]
        },
        Case("a missing part", .matches, .warning, "missing: xt_set", "linux-image-6.6.30") {
            $0.modules.loaded?.remove("xt_set")
        },
        Case("what balancing needs", .matches, .failure, "xt_statistic", intent: .iptables),
    ])
    func judgesWhatRulesNeedOfTheKernel(_ row: Case) throws { try JudgementTests.judge(row) }

    @Test func onlyOneLineIsSaidOfAPacketFilterThatIsNotUsed() {
        let intent = ServingIntent.asking { $0.usesPacketFilter = false }
        let found = NodeReport(of: .healthy(), for: intent).findings.filter {
            $0.check.heading == "Packet filter"
        }
        #expect(found.map(\.check) == [.programs])
    }
}
