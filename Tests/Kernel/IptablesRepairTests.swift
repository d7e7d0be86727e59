import Addressing
import DataplaneModel
import LinuxDataplane
import NetworkLab
import Reconciliation
import ServiceModel
import Testing

/// What others do to chains that stand in for virtual servers, and what becomes of it.
@Suite(
    .enabled(if: TestKernel.ipvs.isProvided || TestKernel.host.isProvided, TestKernel.reason),
    .serialized
)
struct IptablesRepairTests {
    /// Something that is done to our chains by somebody who is not us.
    struct Damage: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// The arguments of `iptables`, run by run, on a node that serves Service 1.
        let commands: @Sendable (ChainedNode) throws -> [[String]]
        /// Clients do not get through before it is repaired.
        var isFatal = true

        init(
            _ name: String,
            isFatal: Bool = true,
            _ commands: @escaping @Sendable (ChainedNode) throws -> [[String]]
        ) {
            testDescription = name
            self.isFatal = isFatal
            self.commands = commands
        }
    }

    /// The chains that a packet to Service 1 goes through, from the root on.
    private static func path(_ node: ChainedNode) throws -> [String] {
        var path = ["FAIRLEAD-BALANCE"]
        let chains = try node.chains()
        let address = "-d 10.96.0.1/32 -p tcp "
        let target = try node.serviceChain(ChainedNode.owner(1))
        let leaf = chains.first { name, rules in
            name.hasPrefix("FAIRLEAD-BALANCE-")
                && rules.contains { $0.contains(address) && $0.hasSuffix(" -j \(target)") }
        }
        let branch = chains.first { name, rules in
            name.hasPrefix("FAIRLEAD-BALANCE-")
                && rules.contains { $0.hasSuffix(" -j \(leaf?.key ?? "?")") }
        }
        path += [try #require(branch).key, try #require(leaf).key, target]
        return path
    }

    static let damages = [
        Damage("the tables nat and filter are flushed") { _ in
            [["-F"], ["-t", "nat", "-F"]]
        },
        Damage("all rules and chains of ours are gone from nat") { node in
            let ours = try node.saved().filter { $0.hasPrefix(":FAIRLEAD-") }.map {
                String($0.dropFirst().prefix { $0 != " " })
            }
            let calls = ["PREROUTING", "OUTPUT", "POSTROUTING"].map {
                ["-t", "nat", "-D", $0, "1"]
            }
            return calls + ours.map { ["-t", "nat", "-F", $0] }
                + ours.map { ["-t", "nat", "-X", $0] }
        },
        Damage("the root is emptied") { _ in [["-t", "nat", "-F", "FAIRLEAD-BALANCE"]] },
        Damage("a branch is emptied") { [["-t", "nat", "-F", try path($0)[1]]] },
        Damage("the chain of a Service is emptied") { [["-t", "nat", "-F", try path($0)[3]]] },
        Damage("the rule of a Service is deleted") { [["-t", "nat", "-D", try path($0)[2], "1"]] },
        Damage("one of two endpoints is deleted", isFatal: false) {
            [["-t", "nat", "-D", try path($0)[3], "1"]]
        },
        Damage("a chain is deleted") { node in
            let path = try path(node)
            return [["-F", path[2]], ["-F", path[3]], ["-X", path[3]]].map { ["-t", "nat"] + $0 }
        },
        Damage("somebody turns back in the root") { _ in
            [["-t", "nat", "-I", "FAIRLEAD-BALANCE", "-p", "tcp", "-j", "RETURN"]]
        },
        Damage("somebody leads a Service elsewhere") { node in
            let target = "10.244.9.9:9"
            return [
                ["-t", "nat", "-I", try path(node)[3]] + ["-p", "tcp", "-j", "DNAT"]
                    + ["--to-destination", target]
            ]
        },
        Damage("an endpoint is another", isFatal: false) { node in
            [
                ["-t", "nat", "-R", try path(node)[3], "1", "-p", "tcp"]
                    + ["-j", "DNAT", "--to-destination", "10.244.1.2:8080"]
            ]
        },
        Damage("the balanced packets are not led here") { _ in
            [["-t", "nat", "-F", "FAIRLEAD-FRONTENDS"]]
        },
    ]

    @Test(arguments: FilterPrograms.Variant.working, damages)
    func anAuditNoticesAndRepairs(
        _ variant: FilterPrograms.Variant,
        _ damage: Damage
    ) throws {
        let node = try ChainedNode(variant, name: "repair")
        try node.apply(node.service(1, pods: [1, 2]) + node.service(2, pods: [3]))
        for line in [
            "-t nat -N KUBE-FOREIGN", "-t nat -A KUBE-FOREIGN -p tcp --dport 9 -j ACCEPT",
            "-t nat -A OUTPUT -j KUBE-FOREIGN", "-t filter -N KUBE-OTHER",
            "-t mangle -A FORWARD -p udp --dport 9 -j DROP",
        ] {
            try node.run(line.split(separator: " ").map(String.init))
        }
        #expect(try node.audit().drift == 0)
        let before = try node.chains()
        #expect(try node.requests(to: 1).count == 1)
        for command in try damage.commands(node) { try node.run(command) }
        let foreign = try node.foreignLines()
        if damage.isFatal {
            #expect(throws: (any Error).self) {
                try node.laboratory.client.perform {
                    let connection = try ClientConnection(
                        to: ServiceUnderTest.endpoint(1, .ipv4),
                        .tcp,
                        timeout: .milliseconds(300)
                    )
                    _ = try connection.request()
                }
            }
        }
        let report = try node.audit()
        #expect(report.failures.map(\.error.description) == [])
        #expect(report.drift > 0)
        #expect(try node.chains() == before)
        #expect(try node.foreignLines() == foreign)
        #expect(try Set(node.requests(30, to: 1)) == ["pod1", "pod2"])
        #expect(try node.requests(to: 2) == ["pod3"])
        #expect(try node.audit().drift == 0)
    }

    /// Chains that nothing leads to, and that nobody wants.
    @Test(arguments: FilterPrograms.Variant.working)
    func aChainThatIsOneTooManyGoesWithTheNextChange(_ variant: FilterPrograms.Variant) throws {
        let node = try ChainedNode(variant, name: "stray")
        try node.apply(try node.service(1, pods: [1]))
        let before = try node.chains()
        try node.run(["-t", "nat", "-N", "FAIRLEAD-SVC-STRAY"])
        try node.run(["-t", "nat", "-A", "FAIRLEAD-SVC-STRAY", "-j", "ACCEPT"])
        _ = try node.audit()
        try node.apply(try node.service(2, pods: [2]))
        try node.apply([.serviceRemoved(ObjectName(namespace: "test", name: "plain-2"))])
        #expect(try node.chains() == before)
    }
}
