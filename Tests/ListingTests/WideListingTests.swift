import Addressing
import DataplaneModel
import Listing
import Testing
import TestSupport

@Suite struct WideListingTests {
    @Test func alignsOneRowForEachRealServer() throws {
        let dns = try Sample.virtual("10.96.0.10:53", .udp, "rr", flags: .first) {
            [
                try Sample.real("10.244.0.10:53", active: 12, traffic: 3),
                try Sample.real("10.244.0.9:53", .localNode, weight: 0, inactive: 7),
            ]
        }
        var oncePerPacket = dns
        oncePerPacket.server.onePacket = true
        let web = try Sample.virtual("[fd00:10:96::a]:80", .tcp, "mh", persistent: 10_800)
        let mark = Sample.virtual(
            .firewallMark(0x8000_0001, .ipv6),
            "wlc",
            realServers: [try Sample.real("[fd00::1]:80", .tunnel, weight: 65535)]
        )
        let listing = WideListing(serviceNames: [dns.server.key: "kube-system/dns:dns"])
        #expect(
            lines(listing.text(of: [mark, web, oncePerPacket])) == [
                "PROTO  VIRTUAL             SCHEDULER  FLAGS       PERSISTENT  REAL            "
                    + "FORWARD  WEIGHT  ACTIVE  INACTIVE  CONNS  IN-PKTS  OUT-PKTS  IN-BYTES  "
                    + "OUT-BYTES  SERVICE",
                "UDP    10.96.0.10:53       rr         flag-1,ops  -           10.244.0.9:53   "
                    + "Local    0       0       7         0      0        0         0         "
                    + "0          kube-system/dns:dns",
                "UDP    10.96.0.10:53       rr         flag-1,ops  -           10.244.0.10:53  "
                    + "Masq     1       12      0         3      30       300       3000      "
                    + "30000      kube-system/dns:dns",
                "TCP    [fd00:10:96::a]:80  mh         -           10800s      -               "
                    + "-        -       -       -         -      -        -         -         "
                    + "-          -",
                "FWM    2147483649/IPv6     wlc        -           -           [fd00::1]:80    "
                    + "Tunnel   65535   0       0         0      0        0         0         "
                    + "0          -",
                "",
            ]
        )
    }

    @Test func printsHeadingsOfAnEmptyTable() {
        let text = WideListing(serviceNames: [:]).text(of: [])
        #expect(lines(text).count == 2)
        #expect(text.hasPrefix("PROTO  VIRTUAL  SCHEDULER  FLAGS  "))
        #expect(text.hasSuffix("  OUT-BYTES  SERVICE\n"))
    }

    @Test func doesNotDependOnTheOrderOfTheKernel() throws {
        let servers = try Sample.servers()
        var generator = SeededGenerator(seed: 3)
        let listing = WideListing(serviceNames: [:])
        let text = listing.text(of: servers)
        for _ in 0..<20 {
            var shuffled = servers.shuffled(using: &generator)
            for index in shuffled.indices {
                shuffled[index].realServers.shuffle(using: &generator)
            }
            #expect(lines(listing.text(of: shuffled)) == lines(text))
        }
    }
}
