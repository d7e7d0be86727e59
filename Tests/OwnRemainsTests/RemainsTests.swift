import Addressing
import DataplaneModel
import Iptables
import Listing
import OwnRemains
import Testing

struct RemainsTests {
    private static let saved = """
        *nat
        :PREROUTING ACCEPT [0:0]
        :FAIRLEAD-BALANCE - [0:0]
        :FAIRLEAD-SERVICES - [0:0]
        :MINE - [0:0]
        -A PREROUTING -m comment --comment "fairlead: Services" -j FAIRLEAD-SERVICES
        -A PREROUTING -j MINE
        -A FAIRLEAD-SERVICES -m set --match-set FAIRLEAD-CLUSTER dst,dst -j FAIRLEAD-BALANCE
        COMMIT
        *filter
        :INPUT ACCEPT [0:0]
        :FAIRLEAD-INPUT - [0:0]
        -A INPUT -m comment --comment "fairlead: Services" -j FAIRLEAD-INPUT
        -A FAIRLEAD-INPUT -m set --match-set FAIRLEAD-DROP dst,dst -j DROP
        COMMIT
        *mangle
        :PREROUTING ACCEPT [0:0]
        :FAIRLEAD-MARK - [0:0]
        -A PREROUTING -m comment --comment "fairlead: Services" -j FAIRLEAD-MARK
        COMMIT

        """

    private static func key(_ text: String) throws -> VirtualServerKey {
        try #require(VirtualServerKey(text))
    }

    /// A node that fairlead serves by routes, with a virtual server of somebody else at its address.
    private static func node() throws -> ObservedRemains {
        var node = ObservedRemains()
        node.deviceName = "kube-ipvs0"
        node.device = ObservedRemains.Device(isUp: true)
        node.routed = [try IPAddress("10.96.0.1")]
        node.virtualServers = [
            try key("TCP 10.96.0.1:80"), try key("TCP 10.96.0.1:9999"), try key("FWM 3001"),
        ]
        node.claims = [
            .address(try IPAddress("10.96.0.1")), .virtualServer(try key("TCP 10.96.0.1:80")),
            .virtualServer(try key("FWM 3001")), .virtualServer(try key("TCP 10.96.0.7:80")),
        ]
        node.rules = ["iptables-legacy": SavedRules(saved)]
        node.sets = ["FAIRLEAD-CLUSTER", "FAIRLEAD-DROP", "FAIRLY"]
        node.stateDirectory = "/run/fairlead"
        node.files = ["mode", "ownership"]
        return node
    }

    @Test func aNodeThatFairleadNeverServedHasNothing() {
        let remains = Remains(on: ObservedRemains())
        #expect(remains.isEmpty && remains.remarks.isEmpty && remains.doubtful.isEmpty)
    }

    @Test func everythingGoesFromTheEntryOfAPacketToItsExit() throws {
        let remains = Remains(on: try Self.node())
        #expect(
            remains.steps.map(\.description) == [
                "the local route to 10.96.0.1", "the virtual server TCP 10.96.0.1:80",
                "the virtual server FWM 3001", "the chains and rules in nat (iptables-legacy)",
                "the chains and rules in mangle (iptables-legacy)",
                "the chains and rules in filter (iptables-legacy)",
                "the address set FAIRLEAD-CLUSTER", "the address set FAIRLEAD-DROP",
                "the device kube-ipvs0", "the files in /run/fairlead",
            ]
        )
        #expect(remains.remarks.isEmpty && remains.doubtful.isEmpty)
    }

    @Test func theDryRunPrintsCommandsThatAnOperatorKnows() throws {
        #expect(
            RemainsListing.commands(of: Remains(on: try Self.node())) == """
                # connections through virtual servers that go are cut
                ip route del local 10.96.0.1 table local proto 70
                ipvsadm -D -t 10.96.0.1:80
                ipvsadm -D -f 3001
                iptables-legacy-restore --noflush <<'END'
                *nat
                :FAIRLEAD-BALANCE - [0:0]
                :FAIRLEAD-SERVICES - [0:0]
                -D PREROUTING -m comment --comment "fairlead: Services" -j FAIRLEAD-SERVICES
                -X FAIRLEAD-BALANCE
                -X FAIRLEAD-SERVICES
                COMMIT
                END
                iptables-legacy-restore --noflush <<'END'
                *mangle
                :FAIRLEAD-MARK - [0:0]
                -D PREROUTING -m comment --comment "fairlead: Services" -j FAIRLEAD-MARK
                -X FAIRLEAD-MARK
                COMMIT
                END
                iptables-legacy-restore --noflush <<'END'
                *filter
                :FAIRLEAD-INPUT - [0:0]
                -D INPUT -m comment --comment "fairlead: Services" -j FAIRLEAD-INPUT
                -X FAIRLEAD-INPUT
                COMMIT
                END
                ipset destroy FAIRLEAD-CLUSTER
                ipset destroy FAIRLEAD-DROP
                ip link del kube-ipvs0
                rm -f /run/fairlead/mode /run/fairlead/ownership /run/fairlead/lock
                rmdir --ignore-fail-on-non-empty /run/fairlead

                """
        )
    }

    @Test(arguments: [
        (false, [], false, false), (true, ["10.96.0.9"], false, false), (true, [], true, false),
        (true, [], false, true), (true, ["10.96.0.1"], false, true),
    ])
    func theDeviceGoesOnlyWhenItIsUpAndNobodyElseUsesIt(
        _ isUp: Bool,
        _ singles: [String],
        _ hasMore: Bool,
        _ goes: Bool
    ) throws {
        var node = try Self.node()
        var device = ObservedRemains.Device(isUp: isUp)
        device.singles = Set(try singles.map { try IPAddress($0) })
        device.hasMore = hasMore
        node.device = device
        #expect(Remains(on: node).steps.contains(.removeDevice("kube-ipvs0")) == goes)
    }

    @Test func ofBoundAddressesOnlyThoseInTheRecordGo() throws {
        var node = try Self.node()
        node.device?.singles = [try IPAddress("10.96.0.1"), try IPAddress("10.96.0.9")]
        let addresses = Remains(on: node).steps.filter {
            if case .removeAddress = $0 { true } else { false }
        }
        #expect(addresses == [.removeAddress(try IPAddress("10.96.0.1"), device: "kube-ipvs0")])
    }

    @Test func withoutTheRecordWhatMayBeSomebodyElsesStaysAndIsNamed() throws {
        var node = try Self.node()
        node.claims = []
        node.isRecordWhole = false
        node.named = [try Self.key("FWM 3001")]
        node.device?.singles = [try IPAddress("10.96.0.9")]
        let remains = Remains(on: node)
        #expect(
            !remains.steps.contains { if case .deleteVirtualServer = $0 { true } else { false } }
        )
        #expect(
            RemainsListing.notes(on: remains) == [
                "the record of what is fairlead's in /run/fairlead is missing or damaged: virtual "
                    + "servers that it does not name stay, and so do addresses on kube-ipvs0: "
                    + "10.96.0.9",
                "the virtual server TCP 10.96.0.1:80 stays, as no record says that it is "
                    + "fairlead's; to remove it: ipvsadm -D -t 10.96.0.1:80",
                "the virtual server TCP 10.96.0.1:9999 stays, as no record says that it is "
                    + "fairlead's; to remove it: ipvsadm -D -t 10.96.0.1:9999",
                "the virtual server FWM 3001 stays, as no record says that it is fairlead's; to "
                    + "remove it: ipvsadm -D -f 3001",
            ]
        )
        #expect(
            RemainsListing.shortfall(of: remains)
                == "3 virtual servers stay, as nothing says whose they are"
        )
        #expect(!RemainsListing.commands(of: remains).contains("are cut"))
        node.named = []
        node.virtualServers = [try Self.key("TCP 10.96.0.1:80")]
        #expect(
            RemainsListing.shortfall(of: Remains(on: node))
                == "1 virtual server stays, as nothing says whose it is"
        )
        #expect(RemainsListing.shortfall(of: Remains(on: try Self.node())) == nil)
    }

    @Test func aChainThatSomebodyElseCallsLosesItsRulesAndStays() throws {
        var node = try Self.node()
        let text = Self.saved.replacing(
            "COMMIT\n*filter",
            with: "-A MINE -j FAIRLEAD-SERVICES\nCOMMIT\n*filter"
        )
        node.rules = ["iptables-nft": SavedRules(text)]
        let remains = Remains(on: node)
        let removals = remains.steps.compactMap { step -> FilterRemoval? in
            if case .removeRules(let removal) = step { removal } else { nil }
        }
        #expect(removals.first?.emptied == ["FAIRLEAD-SERVICES"])
        #expect(removals.first?.deleted == ["FAIRLEAD-BALANCE"])
        #expect(
            remains.remarks == [
                "the chain that \"iptables-nft -t nat -A MINE -j FAIRLEAD-SERVICES\" calls stays, "
                    + "without rules, as that rule is not fairlead's"
            ]
        )
    }

    @Test func aSetThatARuleOfOthersLooksIntoIsNamedWithTheRule() throws {
        var node = try Self.node()
        let rule = "MINE -m set --match-set FAIRLEAD-DROP dst,dst -j RETURN"
        let text = Self.saved.replacing("COMMIT\n*filter", with: "-A \(rule)\nCOMMIT\n*filter")
        node.rules = ["iptables-legacy": SavedRules(text)]
        let step = RemainsStep.destroySet(
            "FAIRLEAD-DROP",
            users: ["iptables-legacy -t nat -A \(rule)"]
        )
        #expect(Remains(on: node).steps.contains(step))
    }

    @Test func whatHasBeenRemovedIsCountedAndNamed() throws {
        let steps = Remains(on: try Self.node()).steps
        #expect(
            RemainsListing.summary(of: steps) == """
                  1 service address: 10.96.0.1
                  2 virtual servers: TCP 10.96.0.1:80, FWM 3001
                  1 call (iptables-legacy nat)
                  2 chains (iptables-legacy nat): FAIRLEAD-BALANCE, FAIRLEAD-SERVICES
                  1 call (iptables-legacy mangle)
                  1 chain (iptables-legacy mangle): FAIRLEAD-MARK
                  1 call (iptables-legacy filter)
                  1 chain (iptables-legacy filter): FAIRLEAD-INPUT
                  2 address sets: FAIRLEAD-CLUSTER, FAIRLEAD-DROP
                  1 device: kube-ipvs0
                  1 state directory: /run/fairlead

                """
        )
    }
}
