import Addressing
import DataplaneModel
import Listing
import Testing

@Suite struct TableListingTests {
    struct Table: CustomTestStringConvertible {
        let golden: String
        var columns = ListingColumns.plain
        var exact = false
        var isSorted = true

        var testDescription: String { golden }
    }

    @Test(arguments: [
        Table(golden: "plain.txt"),
        Table(golden: "plain-unsorted.txt", isSorted: false),
        Table(golden: "statistics.txt", columns: .statistics),
        Table(golden: "statistics-exact.txt", columns: .statistics, exact: true),
        Table(golden: "rate.txt", columns: .rate),
        Table(golden: "rate-exact.txt", columns: .rate, exact: true),
        Table(golden: "thresholds.txt", columns: .thresholds),
        Table(golden: "persistent-connections.txt", columns: .persistentConnections),
        Table(golden: "tunnels.txt", columns: .tunnels),
    ])
    func printsWhatIpvsadmPrints(_ table: Table) throws {
        let listing = TableListing(
            columns: table.columns,
            exact: table.exact,
            isSorted: table.isSorted,
            names: NumericNames()
        )
        let text = listing.text(of: try Sample.servers(), information: Sample.information)
        let expected = try golden(table.golden)
        #expect(lines(text) == expected)
    }

    @Test(arguments: [
        Table(golden: "plain-names.txt"),
        Table(golden: "statistics-names.txt", columns: .statistics),
    ])
    func printsNamesAndCutsThemAsIpvsadmDoes(_ table: Table) throws {
        let listing = TableListing(columns: table.columns, names: SampleNames())
        let text = listing.text(of: try Sample.servers(), information: Sample.information)
        let expected = try golden(table.golden)
        #expect(lines(text) == expected)
    }

    /// `ipvsadm` knows no protocol for a mark, and so no names for the ports behind it.
    @Test func leavesPortsBehindAMarkAsNumbers() throws {
        let server = Sample.virtual(
            .firewallMark(1, .ipv4),
            "rr",
            realServers: [try Sample.real("10.244.9.9:8080")]
        )
        let listed = lines(TableListing(names: SampleNames()).text(of: server))
        #expect(listed.dropFirst(3).first?.hasPrefix("  -> 10.244.9.9:8080 ") == true)
        let saved = lines(SavedRules(names: SampleNames()).text(of: [server]))
        #expect(saved == ["-A -f 1 -s rr", "-a -f 1 -r 10.244.9.9:8080 -m -w 1", ""])
    }

    @Test func printsOneServerWithoutTheFirstLine() throws {
        let server = try #require(try Sample.tunnels().first)
        let text = TableListing(columns: .tunnels, names: NumericNames()).text(of: server)
        let expected = try golden("one-server.txt")
        #expect(lines(text) == expected)
    }

    @Test func printsNothingButTitlesOfAnEmptyTable() {
        let text = TableListing(names: NumericNames()).text(
            of: [],
            information: IPVSInformation(version: 0x0f_10_ff, connectionTableSize: 0)
        )
        #expect(
            lines(text) == [
                "IP Virtual Server version 15.16.255 (size=0)",
                "Prot LocalAddress:Port Scheduler Flags",
                "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn",
                "",
            ]
        )
    }

    @Test(arguments: ListingColumns.allCases)
    func addsTheServiceOfAVirtualServerToItsOwnLineOnly(_ columns: ListingColumns) throws {
        let server = try Sample.virtual("10.96.0.1:443", .tcp, "rr", persistent: 60) {
            [try Sample.real("10.244.0.1:443")]
        }
        let other = try Sample.virtual("10.96.0.2:443", .tcp, "rr")
        var listing = TableListing(columns: columns, names: NumericNames())
        let plain = lines(listing.text(of: [server, other], information: Sample.information))
        listing.serviceNames = [server.server.key: "default/kubernetes:https"]
        let named = lines(listing.text(of: [server, other], information: Sample.information))
        var expected = plain
        expected[3] += "  default/kubernetes:https"
        #expect(named == expected)
    }
}
