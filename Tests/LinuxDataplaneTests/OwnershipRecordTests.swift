import Addressing
import DataplaneModel
import LinuxDataplane
import Testing

@Suite struct OwnershipRecordTests {
    private static func key(_ text: String) throws -> VirtualServerKey {
        try #require(VirtualServerKey(text))
    }

    @Test func aTextReadsBackAsItWasWritten() throws {
        let owned: [OwnedObject: String] = [
            .virtualServer(try Self.key("TCP 10.96.0.1:80")): "default/web:http",
            .virtualServer(try Self.key("SCTP [fd00::1]:9")): "default/web",
            .virtualServer(try Self.key("FWM 3001 IPv6")): "default/marked:a",
            .address(try IPAddress("10.96.0.1")): "",
            .address(try IPAddress("fd00::1")): "",
        ]
        #expect(OwnershipRecord.parse(OwnershipRecord.text(of: owned)).owned == owned)
    }

    @Test func laterLinesWinAndALastLineThatWasCutOffIsPassedOver() throws {
        let text = """
            fairlead-ownership 1
            +\tTCP 10.96.0.1:80\tdefault/web:http
            +\tUDP 10.96.0.1:53\tdefault/dns:dns
            +\tTCP 10.96.0.1:80\tdefault/other:http
            -\tUDP 10.96.0.1:53\t
            nonsense
            +\tTCP 10.96.0.300:80\tdefault/bad
            +\tTCP 10.96.0.
            """
        let (owned, lines) = OwnershipRecord.parse(text)
        #expect(owned == [.virtualServer(try Self.key("TCP 10.96.0.1:80")): "default/other:http"])
        #expect(lines == 8)
    }

    @Test func aLineThatWasCutOffDoesNotSpoilTheNext() throws {
        let directory = "/tmp/fairlead-record-\(UInt64.random(in: 0 ... .max))"
        defer { try? HostFile.remove(OwnershipRecord.path(in: directory)) }
        let (first, second) = (try Self.key("TCP 10.96.0.1:80"), try Self.key("TCP 10.96.0.2:80"))
        var record = OwnershipRecord(directory: directory)
        try record.record([.claim(.virtualServer(first), "default/web")])
        try HostFile.replace(
            OwnershipRecord.path(in: directory),
            with: "fairlead-ownership 1\n+\tTCP 10.96.0.1:80\tdefault/web\n+\tTCP 10.96."
        )
        var reread = OwnershipRecord(directory: directory)
        #expect(try reread.load().count == 1)
        try reread.record([.claim(.virtualServer(second), "default/api")])
        var third = OwnershipRecord(directory: directory)
        #expect(
            try third.load() == [
                .virtualServer(first): "default/web", .virtualServer(second): "default/api",
            ]
        )
    }

    @Test func aNameMakesNoLineOfItsOwn() throws {
        let key = try Self.key("TCP 10.96.0.1:80")
        let text = OwnershipRecord.text(of: [
            .virtualServer(key): "default/a\n-\tTCP 10.96.0.1:80\t"
        ])
        #expect(OwnershipRecord.parse(text).owned.count == 1)
    }

    @Test func theJournalDoesNotGrowForEver() throws {
        let directory = "/tmp/fairlead-record-\(UInt64.random(in: 0 ... .max))"
        defer { try? HostFile.remove(OwnershipRecord.path(in: directory)) }
        var record = OwnershipRecord(directory: directory)
        let key = try Self.key("TCP 10.96.0.1:80")
        let kept = OwnedObject.address(try IPAddress("10.96.0.1"))
        try record.record([.claim(kept, "")])
        for _ in 0..<3000 {
            try record.record([.claim(.virtualServer(key), "default/web:http")])
            try record.record([.release(.virtualServer(key))])
        }
        var reread = OwnershipRecord(directory: directory)
        #expect(try reread.load() == [kept: ""])
        let text = try #require(try HostFile.read(OwnershipRecord.path(in: directory)))
        #expect(text.utf8.count < 100_000)
    }

    @Test func aRecordThatCannotBeWrittenIsAnErrorWithThePath() throws {
        var record = OwnershipRecord(directory: "/proc/fairlead")
        let address = OwnedObject.address(try IPAddress("10.96.0.1"))
        var message = ""
        do throws(DataplaneError) {
            try record.record([.claim(address, "")])
        } catch {
            message = error.description
        }
        #expect(message.contains("/proc/fairlead"))
    }
}
