import Addressing
import DataplaneModel
import FoundationEssentials
import Listing
import Testing
import TestSupport

@Suite struct MachineListingTests {
    private func text(
        of servers: [VirtualServerReading],
        serviceNames: [VirtualServerKey: String] = [:]
    ) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let listing = MachineListing(
            of: servers,
            information: Sample.information,
            serviceNames: serviceNames
        )
        return String(decoding: try encoder.encode(listing), as: UTF8.self) + "\n"
    }

    @Test func keepsTheNamesOfItsFields() throws {
        var web = try Sample.virtual(
            "10.96.0.1:443",
            .tcp,
            "mh",
            flags: [.first, .second],
            persistent: 10_800,
            netmask: 0xffff_ff00,
            traffic: 12_345_678_901
        ) {
            let tunnel = Tunnel(kind: .gue, port: 6080, checksum: .computed)
            return [
                try Sample.real("10.244.0.10:6443", .tunnel, tunnel: tunnel, traffic: 3),
                try Sample.real("10.244.0.9:6443", weight: 0, active: 1, inactive: 2),
            ]
        }
        web.realServers[1].persistentConnections = 3
        web.realServers[1].server.upperThreshold = 100
        web.realServers[1].server.lowerThreshold = 75
        var sip = try Sample.virtual("[fd00:10:96::a]:5060", .udp, "rr", persistent: 60)
        sip.server.persistenceEngine = "sip"
        sip.server.onePacket = true
        let mark = Sample.virtual(.firewallMark(0x8000_0001, .ipv6), "wlc")
        let text = try text(
            of: [mark, sip, web],
            serviceNames: [web.server.key: "default/kubernetes:https"]
        )
        let expected = try golden("machine.json")
        #expect(lines(text) == expected)
    }

    @Test func isWholeWithoutVirtualServers() throws {
        #expect(
            lines(try text(of: [])) == [
                "{", "  \"connectionTableSize\" : 4096,", "  \"dataplane\" : \"ipvs\",",
                "  \"version\" : \"1.2.1\",",
                "  \"virtualServers\" : [", "", "  ]", "}", "",
            ]
        )
    }

    @Test func doesNotDependOnTheOrderOfTheKernel() throws {
        let servers = try Sample.servers()
        let reference = lines(try text(of: servers))
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<20 {
            var shuffled = servers.shuffled(using: &generator)
            for index in shuffled.indices {
                shuffled[index].realServers.shuffle(using: &generator)
            }
            #expect(lines(try text(of: shuffled)) == reference)
        }
    }
}
