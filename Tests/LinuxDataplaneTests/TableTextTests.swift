import Addressing
import DataplaneModel
import LinuxDataplane
import TestSupport
import Testing

/// The text of `/proc/net/ip_vs`, as Linux 6.1 writes it.
@Suite struct TableTextTests {
    private static let text = """
        IP Virtual Server version 1.2.1 (size=4096)
        Prot LocalAddress:Port Scheduler Flags
          -> RemoteAddress:Port Forward Weight ActiveConn InActConn
        TCP  0A600001:0050 rr\u{20}
          -> 0AF40102:1F90      Masq    1      0          0\u{20}\u{20}\u{20}\u{20}\u{20}\u{20}\u{20}\u{20}\u{20}
          -> 0AF40101:1F90      Masq    0      3          12\u{20}\u{20}\u{20}\u{20}\u{20}\u{20}\u{20}\u{20}
        UDP  0A600002:0035 sh ops\u{20}
        TCP  [fd00:0010:0096:0000:0000:0000:0000:0001]:0050 sh persistent 10800 80000000
          -> [fd00:0010:0244:0000:0000:0000:0000:0002]:1F90      Route   7      0          0\u{20}
        FWM  00001001 lc\u{20}
          -> 0AF40101:1F90      Masq    1      0          0\u{20}
        FWM  00001002 rr persistent 60 FFFFFFFF

        """

    private static func entry(
        _ key: String,
        _ scheduler: Scheduler,
        persistence: Persistence? = nil,
        onePacket: Bool = false,
        _ servers: (String, ForwardingMethod, Int32)...
    ) throws -> IPVSState.Entry {
        IPVSState.Entry(
            server: VirtualServer(
                key: try #require(VirtualServerKey(key)),
                scheduler: scheduler,
                persistence: persistence,
                onePacket: onePacket
            ),
            realServers: try servers.map {
                RealServer(
                    address: try #require(SocketEndpoint($0.0)),
                    forwarding: $0.1,
                    weight: $0.2
                )
            }
        )
    }

    private static func entries() throws -> [IPVSState.Entry] {
        [
            try entry(
                "TCP 10.96.0.1:80",
                .roundRobin,
                ("10.244.1.1:8080", .masquerade, 0),
                ("10.244.1.2:8080", .masquerade, 1)
            ),
            try entry("UDP 10.96.0.2:53", .sourceHashing, onePacket: true),
            try entry(
                "TCP [fd00:10:96::1]:80",
                .sourceHashing,
                persistence: Persistence(timeout: 10_800, prefixLength: 128),
                ("[fd00:10:244::2]:8080", .directRouting, 7)
            ),
            try entry("FWM 4097", .leastConnection, ("10.244.1.1:8080", .masquerade, 1)),
        ]
    }

    @Test func everyRowAgreesWithWhatItSays() throws {
        let rows = TableText(Self.text).rows
        let entries = try Self.entries()
        #expect(rows.count == 5)
        for (row, entry) in zip(rows, entries) {
            #expect(row.agrees(with: entry), "\(row)")
            for other in entries where other != entry { #expect(!row.agrees(with: other)) }
        }
        #expect(rows[4].key == nil, "nothing tells the family of a mark without real servers")
    }

    @Test(arguments: 0..<9)
    func whatIsOtherwiseDoesNotAgree(_ number: Int) throws {
        var entry = try Self.entries()[0]
        let first = entry.realServers[0]
        switch number {
        case 0: entry.server.scheduler = .leastConnection
        case 1: entry.server.onePacket = true
        case 2: entry.server.persistence = Persistence(timeout: 5, family: .ipv4)
        case 3: entry.remove(first.address)
        case 4: entry.put(RealServer(address: try #require(SocketEndpoint("10.244.1.3:8080"))))
        case 5: entry.put(RealServer(address: first.address, weight: 2))
        case 6: entry.put(RealServer(address: first.address, forwarding: .tunnel, weight: 0))
        case 7:
            entry.remove(first.address)
            entry.put(RealServer(address: try #require(SocketEndpoint("10.244.1.1:8081"))))
        default: entry = IPVSState.Entry(server: entry.server, realServers: [])
        }
        #expect(!TableText(Self.text).rows[0].agrees(with: entry))
    }

    /// Wherever it is damaged, no row agrees with what the kernel did not say.
    @Test(arguments: 0..<300 as Range<UInt64>)
    func damagedTextIsReadWithoutHarm(seed: UInt64) throws {
        var numbers = SeededGenerator(seed: seed)
        var bytes = Array(Self.text.utf8)
        for _ in 0..<Int.random(in: 1...4, using: &numbers) {
            let index = Int.random(in: 0..<bytes.count, using: &numbers)
            if numbers.chance(30) {
                bytes.removeSubrange(index...)
                if bytes.isEmpty { break }
            } else {
                bytes[index] = UInt8.random(in: 0...255, using: &numbers)
            }
        }
        for row in TableText(String(decoding: bytes, as: UTF8.self)).rows {
            #expect(row.realServers.map(\.address) == row.realServers.map(\.address).sorted())
        }
    }
}
