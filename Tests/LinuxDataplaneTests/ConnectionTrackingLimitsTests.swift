import DataplaneModel
import FoundationEssentials
import LinuxDataplane
import Testing

/// A directory with the parameters of connection tracking as a kernel has them.
private struct Parameters: ~Copyable {
    let root: String

    private static let parameters = "/proc/sys/net/netfilter/nf_conntrack_"
    private static let buckets = "/sys/module/nf_conntrack/parameters/hashsize"

    init(_ values: [String: Int]) throws {
        root = "\(FileManager.default.temporaryDirectory.path)/\(UUID().uuidString)"
        for (name, value) in values {
            let path = root + Self.path(name)
            let directory = path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex)
            try FileManager.default.createDirectory(
                atPath: String(directory),
                withIntermediateDirectories: true
            )
            try Data("\(value)\n".utf8).write(to: URL(filePath: path))
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    private static func path(_ name: String) -> String {
        name == "hashsize" ? buckets : parameters + name
    }

    func value(_ name: String) throws -> String {
        let text = try HostFile.read(root + Self.path(name)) ?? ""
        return String(text.prefix { $0 != "\n" })
    }
}

@Suite struct ConnectionTrackingLimitsTests {
    private static let present = [
        "max": 65536, "hashsize": 16384, "tcp_timeout_established": 432_000,
        "tcp_timeout_close_wait": 60, "udp_timeout": 30, "udp_timeout_stream": 120,
        "tcp_be_liberal": 0,
    ]

    @Test(arguments: [
        (0, 131_072, 4, 0), (32768, 131_072, 2, 131_072), (32768, 131_072, 8, 262_144),
        (1, 0, 3, 3), (Int(Int32.max), 0, 64, Int(Int32.max)), (Int.max, 5, 2, Int(Int32.max)),
    ])
    func theLimitGrowsWithTheProcessors(_ perCore: Int, _ minimum: Int, _ cores: Int, _ limit: Int)
    {
        let found = ConnectionTrackingLimits.maximum(
            perCore: perCore,
            minimum: minimum,
            cores: cores
        )
        #expect(found == limit)
    }

    @Test func nothingIsWrittenThatWasNotAskedFor() throws {
        let parameters = try Parameters(Self.present)
        let outcome = ConnectionTrackingLimits().write(root: parameters.root)
        #expect(outcome.written.isEmpty && outcome.failures.isEmpty)
        for (name, value) in Self.present {
            #expect(try parameters.value(name).hasPrefix("\(value)"))
        }
    }

    @Test func everyValueGoesToItsParameter() throws {
        let parameters = try Parameters(Self.present)
        var limits = ConnectionTrackingLimits()
        limits.maximum = 131_072
        limits.tcpEstablished = 186_400
        limits.tcpCloseWait = 3600
        limits.udp = 31
        limits.udpStream = 180
        limits.tcpBeLiberal = true
        #expect(
            limits.write(root: parameters.root).written == [
                "net.netfilter.nf_conntrack_max = 131072",
                "/sys/module/nf_conntrack/parameters/hashsize = 32768",
                "net.netfilter.nf_conntrack_tcp_timeout_established = 186400",
                "net.netfilter.nf_conntrack_tcp_timeout_close_wait = 3600",
                "net.netfilter.nf_conntrack_udp_timeout = 31",
                "net.netfilter.nf_conntrack_udp_timeout_stream = 180",
                "net.netfilter.nf_conntrack_tcp_be_liberal = 1",
            ]
        )
        #expect(try parameters.value("max") == "131072")
        #expect(try parameters.value("hashsize") == "32768")
        #expect(try parameters.value("tcp_timeout_established") == "186400")
        #expect(limits.write(root: parameters.root).written.isEmpty)
    }

    @Test func theLimitIsNeverLowered() throws {
        let parameters = try Parameters(Self.present)
        var limits = ConnectionTrackingLimits()
        limits.maximum = 1000
        #expect(limits.write(root: parameters.root).written.isEmpty)
        #expect(try parameters.value("max") == "65536")
    }

    @Test func whatCannotBeWrittenIsNamedAndTheRestIsWritten() throws {
        let parameters = try Parameters(["udp_timeout": 30])
        var limits = ConnectionTrackingLimits()
        limits.tcpCloseWait = 3600
        limits.udp = 31
        let outcome = limits.write(root: parameters.root)
        #expect(outcome.written == ["net.netfilter.nf_conntrack_udp_timeout = 31"])
        #expect(outcome.failures.count == 1)
        #expect(
            outcome.failures.first?.description.contains("nf_conntrack_tcp_timeout_close_wait")
                == true
        )
    }
}
