import Addressing
import DataplaneModel
import Iptables
import TestSupport
import Testing

/// Rules that stand in for virtual servers, as text and back.
struct BalancingRuleTests {
    /// As `iptables-save` and `ip6tables-save` print them, in both variants.
    static let printed: [(String, AddressFamily)] = [
        ("-m set --match-set FAIRLEAD-INSIDE dst,dst -j FAIRLEAD-MARKS", .ipv4),
        ("-d 0.0.0.5/0.0.0.31 -j FAIRLEAD-BALANCE-5", .ipv4),
        ("-d 0.0.1.96/0.0.3.224 -j FAIRLEAD-BALANCE-5-11", .ipv4),
        ("-d ::5/::1f -j FAIRLEAD-BALANCE-5", .ipv6),
        ("-d ::160/::3e0 -j FAIRLEAD-BALANCE-5-11", .ipv6),
        ("-m mark --mark 0x3/0xf -j FAIRLEAD-MARKS-3", .ipv4),
        ("-d 192.0.2.1/32 -p udp -m udp --dport 32:63 -j FAIRLEAD-PORTS-0", .ipv4),
        (
            "-d 10.96.0.1/32 -p tcp -m comment --comment \"default/web:http\" -m tcp --dport 80 "
                + "-j FAIRLEAD-SVC-0", .ipv4
        ),
        ("-d fd00::1/128 -p sctp -m sctp --dport 80 -j FAIRLEAD-SVC-0", .ipv6),
        (
            "-p tcp -m mark --mark 0x1003 -m comment --comment \"default/web:http\" "
                + "-j FAIRLEAD-SVC-0", .ipv4
        ),
        (
            "-p tcp -m comment --comment \"default/web:http\" -m recent --update --seconds 10800 "
                + "--reap --name FAIRLEAD-0123 --mask 255.255.255.255 --rsource -j DNAT "
                + "--to-destination 10.2.3.4:8080", .ipv4
        ),
        (
            "-p tcp -m comment --comment \"default/web:http\" -m statistic --mode random "
                + "--probability 0.33333333349 -m recent --set --name FAIRLEAD-0123 --mask "
                + "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource -j DNAT --to-destination "
                + "[fd00::4]:8080", .ipv6
        ),
        (
            "-p tcp -m comment --comment \"default/web:http weight 0\" -m statistic --mode random "
                + "--probability 0.00000000000 -j DNAT --to-destination 10.2.3.4:8080", .ipv4
        ),
        (
            "-p udp -m comment --comment \"default/web\" -j DNAT --to-destination 10.2.3.4:8080",
            .ipv4
        ),
    ]

    @Test(arguments: printed)
    func whatTheKernelPrintsIsReadAndWrittenTheSame(_ text: String, _ family: AddressFamily) throws
    {
        #expect(try #require(BalancingRule(text, family)).text == text)
    }

    @Test(arguments: [
        "", "-j DNAT", "-j ACCEPT", "-p tcp -j DNAT --to-destination 10.2.3.4",
        "-d 10.96.0.1/32 -j FAIRLEAD-SVC-0 -m comment --comment \"mine\"",
        "-d 10.96.0.1/32 -p tcp -m tcp --dport 80 -m mark --mark 0x1 -j FAIRLEAD-SVC-0",
        "-p tcp -m statistic --mode random --probability 0.5 -j DNAT --to-destination 10.2.3.4:80",
        "-p tcp -m statistic --mode nth --every 2 -j DNAT --to-destination 10.2.3.4:80",
        "-s 10.0.0.0/8 -p tcp -j DNAT --to-destination 10.2.3.4:80",
    ])
    func rulesOfOthersAreNotTakenForOurs(_ text: String) {
        #expect(BalancingRule(text, .ipv4) == nil)
    }

    /// Every fraction that the kernel can hold is printed in a way that leads back to it.
    @Test func everyShareReadsBack() throws {
        var generator = SeededGenerator(seed: 31)
        let share = BalancingRule.Share(
            endpoint: SocketEndpoint(.ipv4(0x0a02_0304), 80),
            transport: .tcp,
            owner: "default/web",
            weight: 1
        )
        for index in 0..<2000 {
            let parts =
                index < 40
                ? BalancingRule.whole / UInt32(index + 2)
                : UInt32.random(in: 0..<BalancingRule.whole, using: &generator)
            let rule = BalancingRule.balance(share, parts: parts, memory: nil)
            #expect(BalancingRule(rule.text, .ipv4) == rule, "\(parts) of 2^31")
        }
    }
}
