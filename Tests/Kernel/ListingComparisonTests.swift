import Addressing
import DataplaneModel
import LinuxDataplane
import NetworkLab
import Testing

/// The program's listings beside those of the installed `ipvsadm`, in one kernel at one moment.
@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct ListingComparisonTests {
    /// A table with every kind of row that `ipvsadm` can make.
    private static let richTable = """
        -A -t 10.96.0.1:443 -s rr -p 10800
        -a -t 10.96.0.1:443 -r 10.244.1.2:8080 -m -w 1
        -a -t 10.96.0.1:443 -r 192.168.50.2:6443 -m -w 3
        -a -t 10.96.0.1:443 -r 10.244.2.2:8080 -m -w 0
        -A -t 10.96.0.2:80 -s wrr -p 300 -M 255.255.255.0
        -a -t 10.96.0.2:80 -r 10.244.1.2:8080 -m -w 5 -x 100 -y 10
        -a -t 10.96.0.2:80 -r 10.244.3.2:8080 -m -w 7 -x 7
        -A -t 10.96.0.3:80 -s mh -b mh-fallback,mh-port
        -a -t 10.96.0.3:80 -r 10.244.1.2:8080 -m -w 1
        -a -t 10.96.0.3:80 -r 10.244.2.2:8080 -m -w 1
        -A -t 10.96.0.4:80 -s sh -b sh-port
        -a -t 10.96.0.4:80 -r 10.244.1.2:8080 -m -w 1
        -A -t 10.96.0.5:80 -s wlc -b flag-1,flag-2,flag-3
        -A -t 10.96.0.6:80 -s lc
        -a -t 10.96.0.6:80 -r 10.244.1.2:80 -g -w 1
        -a -t 10.96.0.6:80 -r 10.244.2.2:80 -i -w 2
        -a -t 10.96.0.6:80 -r 10.244.3.2:80 -i -w 2 --tun-type gue --tun-port 6080 --tun-nocsum
        -a -t 10.96.0.6:80 -r 10.244.3.3:80 -i -w 2 --tun-type gre --tun-csum
        -A -t 10.96.0.7:0 -s dh -p 60
        -A -u 10.96.0.10:53 -s rr -o
        -a -u 10.96.0.10:53 -r 10.244.1.2:8080 -m -w 1
        -a -u 10.96.0.10:53 -r 10.244.2.2:8080 -m -w 1
        -A -u 10.96.0.11:5060 -s rr -p 60 --pe sip
        -a -u 10.96.0.11:5060 -r 10.244.1.2:8080 -m -w 1
        -A --sctp-service 10.96.0.1:9 -s sed
        -a --sctp-service 10.96.0.1:9 -r 10.244.1.2:8080 -m -w 1
        -A -t 192.168.50.200:80 -s nq
        -A -t 172.16.0.1:80 -s rr
        -A -t 1.2.3.4:65535 -s lblc
        -A -t 223.255.255.254:1 -s lblcr
        -A -t [fd00:10:96::1]:80 -s rr
        -a -t [fd00:10:96::1]:80 -r [fd00:10:244:1::2]:8080 -m -w 1
        -a -t [fd00:10:96::1]:80 -r [fd00:10:244:3::2]:8080 -m -w 1
        -a -t [fd00:10:96::1]:80 -r [fd00:10:244:2::2]:8080 -m -w 1
        -A -t [fd00:10:96::1:2:3:4]:443 -s wlc -p 600 -M 64
        -A -u [::1]:53 -s rr -o
        -A -f 3001 -s rr
        -a -f 3001 -r 10.244.1.2:8080 -i -w 1
        -A -f 3001 -6 -s rr
        -a -f 3001 -6 -r [fd00:10:244:1::2]:8080 -m -w 1
        -A -f 7 -s fo -p 120

        """

    /// Each row is a command line for both programs, in the words of each.
    private static let listings: [(ipvsadm: [String], fairlead: [String])] = {
        let options: [[String]] = [
            ["-n"], [], ["-n", "--stats"], ["-n", "--rate"], ["-n", "--stats", "--exact"],
            ["-n", "--rate", "--exact"], ["-n", "--exact"], ["-n", "--thresholds"],
            ["-n", "--persistent-conn"], ["-n", "--nosort"], ["-n", "--sort"],
            ["-n", "--stats", "--nosort"], ["-n", "--tun-info"],
            ["-n", "--stats", "--rate", "--thresholds"],
            ["-n", "-c"], ["-c"], ["-n", "-c", "--persistent-conn"], ["--timeout"], ["--daemon"],
            ["-n", "-t", "10.96.0.1:443"], ["-n", "-u", "10.96.0.10:53"],
            ["-n", "--sctp-service", "10.96.0.1:9"], ["-n", "-f", "3001"],
            ["-n", "-f", "3001", "-6"], ["-n", "-t", "[fd00:10:96::1]:80", "--stats"],
            ["-t", "10.96.0.1:443"], ["-n", "-t", "10.96.0.2:80", "--thresholds"],
            ["-n", "-t", "10.96.0.7:0"],
        ]
        return options.map { (["-L"] + $0, ["list"] + $0) } + [
            (["-l", "-n"], ["list", "-ln"]), (["-L", "-n"], ["list", "-Ln"]),
            (["-S", "-n"], ["list", "-S", "-n"]), (["-S", "-n"], ["save", "-n"]),
            (["-S"], ["save"]),
        ]
    }()

    @Test func everyListingEqualsThatOfIpvsadmByteForByte() throws {
        let laboratory = try Laboratory()
        let servers = try laboratory.pods.map { try NamedServer(in: $0, port: 8080) }
        try laboratory.node.perform {
            try Command.run("ipvsadm", ["-R"], input: Self.richTable)
            try Command.run("ipvsadm", ["--set", "800", "100", "250"])
            for daemon in ["master", "backup"] {
                try Command.run(
                    "ipvsadm",
                    ["--start-daemon", daemon, "--mcast-interface", "node0"]
                )
            }
            try Command.run(
                "ip",
                ["-batch", "-"],
                input: """
                    link add kube-ipvs0 type dummy
                    link set kube-ipvs0 up
                    route add local 10.96.0.0/24 dev kube-ipvs0 table local src 192.0.2.10
                    route add local fd00:10:96::/112 dev kube-ipvs0 table local src 2001:db8::10

                    """
            )
        }
        var differences: [String] = []
        try withConnections(laboratory) {
            try laboratory.node.perform {
                for listing in Self.listings {
                    if let difference = try compare(listing) { differences.append(difference) }
                }
            }
        }
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
        withExtendedLifetime(servers) {}
    }

    /// Connections of several protocols, families and states: established, closing, gone, one-packet
    /// and persistent.
    private func withConnections(_ laboratory: Laboratory, _ body: () throws -> Void) throws {
        let web = SocketEndpoint(try IPAddress("10.96.0.3"), 80)
        let web6 = SocketEndpoint(try IPAddress("fd00:10:96::1"), 80)
        let sticky = SocketEndpoint(try IPAddress("10.96.0.2"), 80)
        let signal = SocketEndpoint(try IPAddress("10.96.0.1"), 9)
        let client = laboratory.client
        for (endpoint, transport) in [
            (web, TransportProtocol.tcp), (web6, .tcp), (sticky, .tcp), (signal, .sctp),
        ] {
            _ = try Client.requests(2, from: client, to: endpoint, transport)
        }
        try laboratory.client.perform {
            let open = try ClientConnection(to: web, .tcp)
            _ = try open.request()
            let open6 = try ClientConnection(to: web6, .tcp)
            _ = try open6.request()
            // Bound to one address: SCTP tells the other side of all it has, and would use those too.
            let source = SocketEndpoint(try laboratory.clientAddress(0, .ipv4), 0)
            let openSignal = try ClientConnection(to: signal, .sctp, from: source)
            _ = try openSignal.request()
            try body()
            _ = try open.request()
            _ = try open6.request()
            _ = try openSignal.request()
        }
    }

    /// Counters and expiry times move while the programs run one after the other; so `ipvsadm` is
    /// asked before and after, and what it prints counts only when it is the same both times.
    private func compare(_ listing: (ipvsadm: [String], fairlead: [String])) throws -> String? {
        let name = listing.fairlead.joined(separator: " ")
        var before = try Command.run("ipvsadm", listing.ipvsadm)
        for _ in 0..<60 {
            let found = try Command.run(Programs.fairlead, listing.fairlead)
            if found == before { return nil }
            let after = try Command.run("ipvsadm", listing.ipvsadm)
            if found == after { return nil }
            if before == after {
                return "\(name) differs from ipvsadm: \(Self.firstDifference(before, found))"
            }
            before = after
        }
        return "\(name): what ipvsadm prints never stood still"
    }

    private static func firstDifference(_ wanted: String, _ found: String) -> String {
        let left = wanted.split(separator: "\n", omittingEmptySubsequences: false)
        let right = found.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in left.enumerated() where index >= right.count || right[index] != line {
            let other = index < right.count ? String(right[index]) : "(no line)"
            return "line \(index + 1):\n  ipvsadm:  \(line)|\n  fairlead: \(other)|"
        }
        return "fairlead has \(right.count - left.count) lines more"
    }
}
