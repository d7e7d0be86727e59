import DataplaneModel
import Testing

@Suite struct KernelRequirementsTests {
    private static func wanted(
        _ observed: [KernelParameter: String],
        _ mode: DataplaneMode = .ipvs,
        servesIPv6: Bool = false,
        strictARP: Bool = false
    ) -> [String: String] {
        let parameters = KernelRequirements.parameters(
            mode,
            servesIPv6: servesIPv6,
            strictARP: strictARP,
            observed: observed
        )
        return Dictionary(uniqueKeysWithValues: parameters.map { ($0.rawValue, $1) })
    }

    private static let always = [
        "net.ipv4.vs.conntrack": "1", "net.ipv4.vs.expire_nodest_conn": "1",
        "net.ipv4.vs.expire_quiescent_template": "1", "net.ipv4.ip_forward": "1",
    ]

    @Test func someAreNeededEverywhere() {
        #expect(Self.wanted([:]) == Self.always)
    }

    @Test(arguments: [
        ("2.6.32-754.el6", false), ("3.10.0-1160.el7.x86_64", false), ("4.0", false),
        ("4.0.9", false), ("4.1", true), ("4.1.0", true), ("4.19.0-27-amd64", true),
        ("4.20", true), ("5.0.0", true), ("5.4.0-1109-azure", true), ("5.8.18-300.fc33", true),
        ("5.9", false), ("5.9-rc1", false), ("5.9.0+", false), ("5.10.0-32-cloud-amd64", false),
        ("5.15.167.4-microsoft-standard-WSL2", false), ("6.1.0-18-amd64", false),
        ("10.4.0", false), ("unknown", false), ("", false),
    ])
    func aPortUsedAgainIsARealServersAffairOnlyWhereTheKernelWouldDropIt(
        release: String,
        isSet: Bool
    ) {
        for value in ["0", "1"] {
            let wanted = Self.wanted([
                KernelRequirements.release: release, KernelRequirements.connectionReuse: value,
            ])
            #expect(wanted["net.ipv4.vs.conn_reuse_mode"] == (isSet ? "0" : nil))
            #expect(wanted["kernel.osrelease"] == nil)
        }
    }

    @Test func aParameterThatTheKernelLacksIsNotWanted() {
        #expect(Self.wanted([KernelRequirements.release: "4.19.0"]) == Self.always)
        #expect(Self.wanted([KernelRequirements.connectionReuse: "1"]) == Self.always)
    }

    @Test func strictARPIsWantedOnlyWhenItIsAskedFor() {
        let observed = [
            KernelRequirements.arpIgnore: "0", KernelRequirements.arpAnnounce: "0",
        ]
        #expect(Self.wanted(observed) == Self.always)
        #expect(
            Self.wanted(observed, strictARP: true)
                == Self.always.merging([
                    "net.ipv4.conf.all.arp_ignore": "1", "net.ipv4.conf.all.arp_announce": "2",
                ]) { $1 }
        )
    }

    @Test func everyParameterThatIsWantedIsObserved() {
        let names = Set(KernelRequirements.observed.map(\.rawValue))
        var observed: [KernelParameter: String] = [:]
        for parameter in KernelRequirements.observed { observed[parameter] = "0" }
        observed[KernelRequirements.release] = "5.4.0"
        let wanted = Self.wanted(observed, servesIPv6: true, strictARP: true)
        #expect(Set(wanted.keys).isSubset(of: names))
        #expect(wanted.count == names.count - 1, "all but the kernel's release are set")
    }

    /// They are not even there where there is no IPVS.
    @Test func parametersOfIPVSAreLeftAloneWithoutIt() {
        var observed: [KernelParameter: String] = [:]
        for parameter in KernelRequirements.observed { observed[parameter] = "0" }
        observed[KernelRequirements.release] = "5.4.0"
        #expect(Self.wanted([:], .iptables) == ["net.ipv4.ip_forward": "1"])
        #expect(
            Self.wanted(observed, .iptables, servesIPv6: true, strictARP: true) == [
                "net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1",
                "net.ipv4.conf.all.arp_ignore": "1", "net.ipv4.conf.all.arp_announce": "2",
            ]
        )
    }

    @Test func anInterfaceListensOnWhereForwardingIsYetToCome() {
        let first = KernelParameter(rawValue: "net.ipv6.conf.eth0.accept_ra")
        let second = KernelParameter(rawValue: "net.ipv6.conf.eth1.accept_ra")
        var observed = [first: "1", second: "0", KernelRequirements.forwardIPv6: "0"]
        #expect(Self.wanted(observed) == Self.always)
        #expect(
            Self.wanted(observed, servesIPv6: true)
                == Self.always.merging([
                    "net.ipv6.conf.eth0.accept_ra": "2", "net.ipv6.conf.all.forwarding": "1",
                ]) { $1 }
        )
        observed[KernelRequirements.forwardIPv6] = "1"
        #expect(
            Self.wanted(observed, servesIPv6: true)
                == Self.always.merging(["net.ipv6.conf.all.forwarding": "1"]) { $1 }
        )
    }
}
