import Addressing
import DataplaneModel
import FoundationEssentials
import Listing
import NodeChecks
import Testing

@Suite struct CheckListingTests {
    /// A node with something of everything.
    private static func report() -> NodeReport {
        let node = NodeObservation.healthy { node in
            node.modules.release = "6.1.0-18-amd64"
            node.set([
                "kernel.osrelease": "6.1.0-18-amd64", "net.ipv4.ip_forward": "0",
                "net.ipv4.conf.all.rp_filter": "1", "net.ipv4.vs.conn_reuse_mode": "0",
                "net.netfilter.nf_conntrack_count": "250000",
            ])
            node.remove(.scheduler(.maglevHashing))
            node.unload(.scheduler(.twoRandomChoices))
            node.capabilities = [.networkAdministration]
            node.stateDirectory = DirectoryObservation(
                path: "/run/fairlead",
                kind: .missing(nearest: "/run", isWritable: false)
            )
            node.ipvs = .present(
                IPVSObservation(
                    virtualServers: 2_500,
                    realServers: 10_000,
                    connections: 70_000,
                    foreign: 12
                )
            )
            node.filters = AddressFamily.allCases.flatMap { family in
                [
                    FilterObservation(
                        family,
                        .nft,
                        .present(.init(chains: ["FAIRLEAD-MARK"], count: 25, hasHint: true))
                    ),
                    FilterObservation(
                        family,
                        .legacy,
                        .present(.init(chains: ["KUBE-SERVICES", "FAIRLEAD-MARK"], count: 3))
                    ),
                ]
            }
            node.modules.evident.formUnion([.legacyIPv4, .legacyIPv6])
            node.network.bridges = [.init(name: "cni0", ports: 12, callsFilter: false)]
            node.network.reversePathDrops = 17
            node.network.interfaces.insert("cilium_host")
            node.processes = ["kube-proxy"]
            node.daemon = .ended
        }
        let intent = ServingIntent.asking {
            $0.mode = .ipvs
            $0.scheduler = .maglevHashing
            $0.namespaceSchedulers = ["batch": .leastConnection]
        }
        return NodeReport(of: node, for: intent)
    }

    @Test func printsOneLineForEachFindingAndOneForWhatWouldHelp() throws {
        let expected = try golden("table.txt")
        #expect(lines(CheckListing.text(of: Self.report())) == expected)
    }

    @Test func keepsTheNamesOfItsFields() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(MachineChecks(Self.report()))
        let expected = try golden("checks.json")
        #expect(lines(String(decoding: data, as: UTF8.self) + "\n") == expected)
    }

    @Test func endsWithWhetherTheNodeCanServe() {
        func conclusion(_ change: (inout NodeObservation) -> Void) -> String? {
            let report = NodeReport(of: .healthy(change), for: ServingIntent())
            return lines(CheckListing.text(of: report)).dropLast().last
        }
        #expect(
            conclusion { _ in }
                == "All is well: nothing keeps Fairlead from serving on this node."
        )
        #expect(
            conclusion { $0.processes = ["kube-proxy"] }
                == "1 warning: nothing keeps Fairlead from serving on this node."
        )
        #expect(
            conclusion {
                $0.capabilities = []
                $0.daemon = .running(process: 1, hasControlSocket: false)
                $0.network.foreignBoundAddresses = 1
            }
                == "1 failure, 2 warnings: Fairlead cannot serve on this node as it is configured."
        )
    }
}
