import Addressing
import DataplaneModel
import Listing
import Testing

@Suite struct NodeListingTests {
    @Test func printsTimeoutsAsIpvsadmDoes() {
        #expect(
            NodeListing.text(of: ConnectionTimeouts(tcp: 900, tcpFin: 120, udp: 300))
                == "Timeout (tcp tcpfin udp): 900 120 300\n"
        )
    }

    @Test func printsDaemonsAsIpvsadmDoes() throws {
        let daemons = [
            SyncDaemon(
                role: .master,
                interface: "eth0",
                syncID: 1,
                maximumLength: 1472,
                group: try IPAddress("224.0.0.81"),
                port: 8848,
                timeToLive: 1
            ),
            SyncDaemon(role: .backup, interface: "eth1", syncID: 255),
        ]
        #expect(
            lines(NodeListing.text(of: daemons)) == [
                "master sync daemon (mcast=eth0, syncid=1, maxlen=1472, group=224.0.0.81, "
                    + "port=8848, ttl=1)",
                "backup sync daemon (mcast=eth1, syncid=255)",
                "",
            ]
        )
    }

    @Test func printsAnIPv6GroupWithoutBrackets() throws {
        let daemon = SyncDaemon(
            role: .backup,
            interface: "eth0",
            syncID: 0,
            group: try IPAddress("ff05::51")
        )
        #expect(
            NodeListing.text(of: [daemon])
                == "backup sync daemon (mcast=eth0, syncid=0, group=ff05::51)\n"
        )
    }

    @Test func printsNothingWithoutDaemons() {
        #expect(NodeListing.text(of: [] as [SyncDaemon]) == "")
    }
}
