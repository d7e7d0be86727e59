import Addressing
import Listing
import Testing

@Suite struct ConnectionListingTests {
    private func entries() throws -> [ConnectionEntry] {
        try golden("connections.proc").compactMap { ConnectionEntry(row: $0) }
    }

    @Test func readsEveryRowButTheTitle() throws {
        #expect(try entries().count == golden("connections.proc").count - 2)
    }

    @Test func printsWhatIpvsadmPrints() throws {
        let text = ConnectionListing(names: NumericNames()).text(of: try entries())
        let expected = try golden("connections.txt")
        #expect(lines(text) == expected)
    }

    @Test func printsThePersistenceEngineWhereThereIsOne() throws {
        let text = ConnectionListing(names: NumericNames(), showsEngine: true).text(
            of: try entries()
        )
        let expected = try golden("connections-engine.txt")
        #expect(lines(text) == expected)
    }

    @Test func printsNamesWithoutCuttingThemToAColumn() throws {
        let text = ConnectionListing(names: SampleNames()).text(of: try entries())
        let expected = try golden("connections-names.txt")
        #expect(lines(text) == expected)
    }

    @Test func readsTheColumnsOfARow() throws {
        let entry = try #require(
            ConnectionEntry(
                row:
                    "UDP 0AF40006 13C4 0A600014 13C5 0AF40109 13C6 UDP             271 sip id@10.0.0.1"
            )
        )
        #expect(entry.transport == "UDP")
        #expect(try entry.client == Sample.endpoint("10.244.0.6:5060"))
        #expect(try entry.virtual == Sample.endpoint("10.96.0.20:5061"))
        #expect(try entry.destination == Sample.endpoint("10.244.1.9:5062"))
        #expect(entry.state == "UDP")
        #expect(entry.expires == 271)
        #expect(entry.engine?.name == "sip")
        #expect(entry.engine?.data == "id@10.0.0.1")
    }

    @Test func readsAddressesInFull() throws {
        let entry = try #require(
            ConnectionEntry(
                row: "TCP fd00:0010:0244:0000:0000:0000:0000:0007 FFFF 0000:0000:0000:0000:0000:"
                    + "0000:0000:0001 0001 FFFFFFFF 0000 NONE 0"
            )
        )
        #expect(try entry.client == Sample.endpoint("[fd00:10:244::7]:65535"))
        #expect(try entry.virtual == Sample.endpoint("[::1]:1"))
        #expect(try entry.destination == Sample.endpoint("255.255.255.255:0"))
        #expect(entry.engine?.name == nil)
    }

    @Test(arguments: [
        "",
        " ",
        "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData",
        "TCP 0AF40005 C822 0A600001 01BB C0A80A15 192B ESTABLISHED",
        "TCP 0AF40005 C822 0A600001 01BB C0A80A15 192B ESTABLISHED soon",
        "TCP 0AF40005 1C822 0A600001 01BB C0A80A15 192B ESTABLISHED 899",
        "TCP 1230AF40005 C822 0A600001 01BB C0A80A15 192B ESTABLISHED 899",
        "TCP 0AF40005 C822 nowhere 01BB C0A80A15 192B ESTABLISHED 899",
        "TCP 0AF40005 C822 0A600001 01BB fd00:::1 192B ESTABLISHED 899",
        "TCP 0AF40005 C822 0A600001 01BB C0A80A15 port ESTABLISHED 899",
    ])
    func passesOverWhatIsNotARow(_ row: String) {
        #expect(ConnectionEntry(row: row) == nil)
    }

    @Test func entriesAreEqualWhenAllColumnsAre() throws {
        let rows = [
            "TCP 0AF40005 C822 0A600001 01BB C0A80A15 192B ESTABLISHED 899",
            "UDP 0AF40005 C822 0A600001 01BB C0A80A15 192B ESTABLISHED 899",
            "TCP 0AF40006 C822 0A600001 01BB C0A80A15 192B ESTABLISHED 899",
            "TCP 0AF40005 C822 0A600002 01BB C0A80A15 192B ESTABLISHED 899",
            "TCP 0AF40005 C822 0A600001 01BB C0A80A15 192C ESTABLISHED 899",
            "TCP 0AF40005 C822 0A600001 01BB C0A80A15 192B NONE 899",
            "TCP 0AF40005 C822 0A600001 01BB C0A80A15 192B ESTABLISHED 898",
            "TCP 0AF40005 C822 0A600001 01BB C0A80A15 192B ESTABLISHED 899 sip a",
            "TCP 0AF40005 C822 0A600001 01BB C0A80A15 192B ESTABLISHED 899 sip b",
        ]
        let entries = rows.compactMap { ConnectionEntry(row: $0) }
        #expect(Set(entries).count == rows.count)
        #expect(entries == rows.compactMap { ConnectionEntry(row: $0) })
    }

    @Test func printsTitlesOfAnEmptyTable() {
        #expect(
            ConnectionListing(names: NumericNames()).text(of: [])
                == "IPVS connection entries\n"
                + "pro expire state       source             virtual            destination\n"
        )
    }
}
