import Addressing
import DataplaneModel
import Listing
import Testing

@Suite struct PlanListingTests {
    private static func text(_ operations: [Operation]) -> [String] {
        lines(PlanListing(device: "fairlead0").text(of: Plan(operations)))
    }

    private static func address(_ text: String) throws -> IPAddress { try IPAddress(text) }

    @Test func isEmptyForAnEmptyPlan() {
        #expect(PlanListing(device: "fairlead0").text(of: Plan()) == "")
    }

    @Test func writesVirtualAndRealServersAsIpvsadmTakesThem() throws {
        let web = VirtualServerKey.address(try Sample.endpoint("10.96.0.1:80"), .tcp)
        let dns = VirtualServerKey.address(try Sample.endpoint("[fd00:96::a]:53"), .udp)
        let mark = VirtualServerKey.firewallMark(4096, .ipv4)
        let pod = RealServer(address: try Sample.endpoint("10.244.0.1:8080"))
        let persistent = VirtualServer(
            key: dns,
            scheduler: .leastConnection,
            persistence: Persistence(timeout: 60, prefixLength: 64)
        )
        let maglev = VirtualServer(
            key: web,
            scheduler: .maglevHashing,
            schedulerFlags: [.first, .second],
            persistence: Persistence(timeout: 10_800, prefixLength: 24)
        )
        var drained = pod
        drained.weight = 0
        #expect(
            Self.text([
                .claim(.virtualServer(web), "default/web:http"),
                .addVirtualServer(VirtualServer(key: web, scheduler: .roundRobin)),
                .addRealServer(pod, of: web), .editVirtualServer(maglev),
                .editRealServer(drained, of: web), .deleteRealServer(pod.address, of: web),
                .addVirtualServer(persistent),
                .addRealServer(
                    RealServer(address: try Sample.endpoint("[fd00:244::2]:53")),
                    of: dns
                ),
                .addVirtualServer(VirtualServer(key: mark, scheduler: .sourceHashing)),
                .addRealServer(pod, of: mark), .deleteVirtualServer(mark),
                .deleteVirtualServer(.firewallMark(7, .ipv6)),
                .release(.virtualServer(mark)),
            ]) == [
                "# from now on virtual server TCP 10.96.0.1:80 is ours, for default/web:http",
                "ipvsadm -A -t 10.96.0.1:80 -s rr",
                "ipvsadm -a -t 10.96.0.1:80 -r 10.244.0.1:8080 -m -w 1",
                "ipvsadm -E -t 10.96.0.1:80 -s mh -p 10800 -M 255.255.255.0 -b mh-fallback,mh-port",
                "ipvsadm -e -t 10.96.0.1:80 -r 10.244.0.1:8080 -m -w 0",
                "ipvsadm -d -t 10.96.0.1:80 -r 10.244.0.1:8080",
                "ipvsadm -A -u [fd00:96::a]:53 -s lc -p 60 -M 64",
                "ipvsadm -a -u [fd00:96::a]:53 -r [fd00:244::2]:53 -m -w 1",
                "ipvsadm -A -f 4096 -s sh",
                "ipvsadm -a -f 4096 -r 10.244.0.1:8080 -m -w 1", "ipvsadm -D -f 4096",
                "ipvsadm -D -f 7 -6", "# virtual server FWM 4096 is no longer ours", "",
            ]
        )
    }

    @Test func writesAddressesAsIpTakesThem() throws {
        let service = try Self.address("10.96.0.1")
        let service6 = try Self.address("fd00:96::1")
        let source = Announcement.route(source: try Self.address("192.0.2.10"))
        #expect(
            Self.text([
                .prepareDevice, .claim(.address(service), ""), .announce(service, source),
                .announce(service6, .route(source: nil)), .announce(service6, .bound),
                .replaceAnnouncement(service, from: .route(source: nil), to: source),
                .replaceAnnouncement(service, from: source, to: .bound),
                .replaceAnnouncement(service, from: .bound, to: source),
                .withdraw(service, source), .withdraw(service6, .bound),
                .release(.address(service)),
            ]) == [
                "ip link add fairlead0 type dummy", "ip link set fairlead0 addrgenmode none up",
                "# from now on address 10.96.0.1 is ours",
                "ip route add local 10.96.0.1 dev fairlead0 table local proto 70 src 192.0.2.10",
                "ip -6 route add local fd00:96::1 dev fairlead0 table local proto 70",
                "ip -6 addr add fd00:96::1/128 dev fairlead0",
                "ip route replace local 10.96.0.1 dev fairlead0 table local proto 70 src 192.0.2.10",
                "ip route del local 10.96.0.1 dev fairlead0 table local proto 70",
                "ip addr replace 10.96.0.1/32 dev fairlead0",
                "ip addr del 10.96.0.1/32 dev fairlead0",
                "ip route replace local 10.96.0.1 dev fairlead0 table local proto 70 src 192.0.2.10",
                "ip route del local 10.96.0.1 dev fairlead0 table local proto 70",
                "ip -6 addr del fd00:96::1/128 dev fairlead0",
                "# address 10.96.0.1 is no longer ours", "",
            ]
        )
    }

    @Test func writesSetsAndTheirMembersAsIpsetTakesThem() throws {
        let web = try Sample.endpoint("203.0.113.9:80")
        let pod = try Sample.endpoint("10.244.0.1:8080")
        let dns = try Sample.endpoint("[fd00:96::a]:53")
        #expect(
            Self.text([
                .createSet(AddressSet(.cluster, .ipv4), capacity: 10),
                .createSet(AddressSet(.inside, .ipv6), capacity: 10),
                .createSet(AddressSet(.allowed, .ipv4), capacity: 10),
                .createSet(AddressSet(.hairpin, .ipv6), capacity: 10),
                .createSet(AddressSet(.addresses, .ipv4), capacity: 10),
                .createSet(AddressSet(.health, .ipv6), capacity: 10),
                .putMember(.frontend(web, .tcp), mark: 0, of: AddressSet(.cluster, .ipv4)),
                .putMember(.frontend(dns, .udp), mark: 4097, of: AddressSet(.inside, .ipv6)),
                .putMember(
                    .permission(web, .sctp, try IPPrefix("198.51.100.0/24")),
                    mark: 0,
                    of: AddressSet(.allowed, .ipv4)
                ),
                .putMember(
                    .permission(web, .tcp, try IPPrefix("198.51.100.7/32")),
                    mark: 0,
                    of: AddressSet(.allowed, .ipv4)
                ),
                .putMember(.hairpin(pod, .tcp), mark: 0, of: AddressSet(.hairpin, .ipv4)),
                .removeMember(.address(dns.address), of: AddressSet(.addresses, .ipv6)),
                .removeMember(.port(31000), of: AddressSet(.health, .ipv4)),
            ]) == [
                "ipset create -exist FAIRLEAD-CLUSTER hash:ip,port family inet",
                "ipset create -exist FAIRLEAD-6-INSIDE hash:ip,port family inet6 skbinfo",
                "ipset create -exist FAIRLEAD-ALLOWED hash:ip,port,net family inet",
                "ipset create -exist FAIRLEAD-6-HAIRPIN hash:ip,port,ip family inet6",
                "ipset create -exist FAIRLEAD-ADDRESSES hash:ip family inet",
                "ipset create -exist FAIRLEAD-6-HEALTH bitmap:port range 0-65535",
                "ipset add -exist FAIRLEAD-CLUSTER 203.0.113.9,tcp:80",
                "ipset add -exist FAIRLEAD-6-INSIDE fd00:96::a,udp:53 skbmark 0x1001/0xffffffff",
                "ipset add -exist FAIRLEAD-ALLOWED 203.0.113.9,sctp:80,198.51.100.0/24",
                "ipset add -exist FAIRLEAD-ALLOWED 203.0.113.9,tcp:80,198.51.100.7",
                "ipset add -exist FAIRLEAD-HAIRPIN 10.244.0.1,tcp:8080,10.244.0.1",
                "ipset del -exist FAIRLEAD-6-ADDRESSES fd00:96::a",
                "ipset del -exist FAIRLEAD-HEALTH 31000", "",
            ]
        )
    }

    @Test func writesParametersAndRulesAsTheirProgramsTakeThem() {
        typealias Filter = PacketFilter
        let filter = Filter(
            family: .ipv6,
            chains: [
                Filter.Chain(
                    .nat,
                    "FAIRLEAD-SERVICES",
                    [
                        Filter.Rule(
                            [
                                .member(of: AddressSet(.cluster, .ipv6)),
                                .not(.inputInterface("cni+")),
                            ],
                            .setMark(0x4000, mask: 0x4000)
                        )
                    ]
                ),
                Filter.Chain(.filter, "FAIRLEAD-REJECT", [Filter.Rule([.isNew], .reject)]),
            ],
            jumps: [
                Filter.Jump(.nat, .prerouting, to: "FAIRLEAD-SERVICES"),
                Filter.Jump(.filter, .output, to: "FAIRLEAD-REJECT", isFirst: false),
            ]
        )
        let comment = "-m comment --comment \"fairlead: Services\""
        #expect(
            Self.text([
                .setParameter(KernelRequirements.conntrack, "1"),
                .setTimeouts(ConnectionTimeouts(tcp: 900, tcpFin: 0, udp: 30)),
                .installFilter(filter),
            ]) == [
                "sysctl -w net.ipv4.vs.conntrack=1", "ipvsadm --set 900 0 30",
                "ip6tables -t nat -N FAIRLEAD-SERVICES", "ip6tables -t filter -N FAIRLEAD-REJECT",
                "ip6tables -t nat -A FAIRLEAD-SERVICES -m set --match-set FAIRLEAD-6-CLUSTER "
                    + "dst,dst ! -i cni+ -j MARK --set-xmark 0x4000/0x4000",
                "ip6tables -t filter -A FAIRLEAD-REJECT -m conntrack --ctstate NEW -j REJECT",
                "ip6tables -t nat -I PREROUTING \(comment) -j FAIRLEAD-SERVICES",
                "ip6tables -t filter -A OUTPUT \(comment) -j FAIRLEAD-REJECT", "",
            ]
        )
    }
}
