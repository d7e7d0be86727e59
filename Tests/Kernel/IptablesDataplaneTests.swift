import Addressing
import DataplaneModel
import LinuxDataplane
import NetworkLab
import PacketMatrix
import Planning
import Reconciliation
import ServiceModel
import Testing

/// Real packets through chains that stand in for virtual servers, and what is left alone while they
/// change.
@Suite(
    .enabled(if: TestKernel.ipvs.isProvided || TestKernel.host.isProvided, TestKernel.reason),
    .serialized
)
struct IptablesDataplaneTests {
    @Test(arguments: FilterPrograms.Variant.working)
    func aChangedEndpointRewritesOneChainAndOpenConnectionsGoOn(
        _ variant: FilterPrograms.Variant
    ) throws {
        let node = try ChainedNode(variant, name: "one-chain")
        for number in 1...6 { try node.apply(node.service(number, pods: [1, 2])) }
        for number in 1...6 { _ = try node.requests(to: number) }
        let chain = try node.serviceChain(ChainedNode.owner(3))
        func others() throws -> [String] {
            try node.saved().filter { !$0.contains(" \(chain) ") || $0.contains("-j \(chain)") }
                // What comes to the end of a chain of the kernel, legacy counts anew.
                .map { $0.hasPrefix(":") ? String($0.prefix { $0 != "[" }) : $0 }
        }
        var answers: [String] = []
        var states: [[String]] = []
        try node.laboratory.client.perform {
            let open = try ClientConnection(to: ServiceUnderTest.endpoint(3, .ipv4), .tcp)
            func look() throws {
                answers.append(try open.request())
                states.append(try others())
            }
            try look()
            try node.apply(node.service(3, pods: [1, 2, 3]))
            try look()
            // The endpoint that goes is not the one that is at work.
            let staying = try #require(answers.first?.last.flatMap { Int(String($0)) })
            try node.apply(node.service(3, pods: [staying]))
            try look()
        }
        #expect(answers.count == 3 && Set(answers).count == 1)
        #expect(states[0].contains { !$0.hasPrefix("[0:0]") && $0.contains("FAIRLEAD-SVC-") })
        for state in states.dropFirst() {
            #expect(state.difference(from: states[0]).map { "\($0)" } == [])
        }
        #expect(try Set(node.requests(20, to: 3)).count == 1)
    }

    @Test(arguments: FilterPrograms.Variant.working)
    func aServiceThatGoesLeavesNothing(_ variant: FilterPrograms.Variant) throws {
        let node = try ChainedNode(variant, name: "departure")
        try node.apply(node.service(1, pods: [1, 2]))
        let before = try AddressFamily.allCases.map { try node.chains($0) }
        let all = try ServiceUnderTest(
            "gone",
            number: 2,
            affinity: .clientIP(timeout: 300),
            pods: 1...3,
            in: node.laboratory
        )
        try node.apply(all.changes)
        #expect(try node.chains().count > before[0].count)
        try node.apply([.serviceRemoved(all.service.name)])
        #expect(try node.chains() == before[0])
        // The root of its family stays, and the rules that lead there.
        let sixth = try node.chains(.ipv6).filter {
            $0.key.hasPrefix("FAIRLEAD-BALANCE") || $0.key.hasPrefix("FAIRLEAD-SVC-")
        }
        #expect(sixth == ["FAIRLEAD-BALANCE": []])
    }

    @Test(arguments: FilterPrograms.Variant.working)
    func aClientStaysWithItsEndpointUntilThatGoes(_ variant: FilterPrograms.Variant) throws {
        let node = try ChainedNode(variant, name: "affinity")
        func serve(_ pods: [Int]) throws {
            try node.apply(
                ServiceUnderTest(
                    "sticky",
                    number: 1,
                    affinity: .clientIP(timeout: 300),
                    pods: pods,
                    in: node.laboratory
                ).changes
            )
        }
        try serve([1, 2, 3])
        for family in AddressFamily.allCases {
            for transport in [TransportProtocol.tcp, .udp] {
                func request(_ client: Int) throws -> Set<String> {
                    Set(try node.requests(6, to: 1, family, transport, client: client))
                }
                let first = try request(0)
                #expect(first.count == 1, "\(transport) \(family): \(first)")
                // That all of them have the same one happens once in four million times.
                let others = try (1...14).map { try request($0) }
                #expect(others.allSatisfy { $0.count == 1 })
                #expect(Set(others).count > 1)
                let gone = try #require(first.first?.last.flatMap { Int(String($0)) })
                try serve([1, 2, 3].filter { $0 != gone })
                let second = try request(0)
                #expect(second.count == 1 && second != first, "\(transport) \(family)")
                try serve([1, 2, 3])
                #expect(try request(0) == second, "it is not led back")
            }
        }
    }

    /// Each bound is more than five standard deviations away.
    @Test(arguments: FilterPrograms.Variant.working)
    func connectionsAreSharedByWeight(_ variant: FilterPrograms.Variant) throws {
        let node = try ChainedNode(variant, name: "weights")
        try node.apply(node.service(1, pods: [1, 2, 3]))
        let key = try ChainedNode.key(1)
        func weigh(_ weights: [Int32]) throws {
            let edits = try weights.enumerated().map { index, weight in
                let address = try node.laboratory.podAddress(index + 1, .ipv4)
                return Operation.editRealServer(
                    RealServer(
                        address: SocketEndpoint(address, ServiceUnderTest.podPort),
                        weight: weight
                    ),
                    of: key
                )
            }
            #expect(try node.applyDirectly(edits).isEmpty)
        }
        let even = Client.spread(try node.requests(300, to: 1))
        #expect(even.count == 3 && even.values.allSatisfy { (55...145).contains($0) }, "\(even)")
        try weigh([3, 1, 0])
        let uneven = Client.spread(try node.requests(400, to: 1))
        #expect((254...346).contains(uneven["pod1", default: 0]), "\(uneven)")
        #expect(uneven["pod3"] == nil && uneven.values.reduce(0, +) == 400)
        try weigh([0, 0, 5])
        #expect(try Set(node.requests(20, to: 1)) == ["pod3"])
        try weigh([0, 65_535, 0])
        #expect(try Set(node.requests(20, to: 1)) == ["pod2"])
    }

    /// So many that they are told apart by ranges of ports.
    @Test(arguments: FilterPrograms.Variant.working)
    func eachOfFortyNodePortsReachesItsService(_ variant: FilterPrograms.Variant) throws {
        let node = try ChainedNode(variant, name: "node-ports")
        func port(_ number: Int) -> UInt16 { UInt16(30_000 + 7 * number) }
        func pod(_ number: Int) -> Int { number * number / 3 % 3 + 1 }
        var changes: [ClusterChange] = []
        for number in 1...40 {
            changes += try node.service(number, pods: [pod(number)], nodePort: port(number))
        }
        try node.apply(changes)
        #expect(try node.chains().keys.contains { $0.hasPrefix("FAIRLEAD-PORTS-") })
        let address = try IPAddress("192.168.50.1")
        for number in 1...40 {
            let endpoint = SocketEndpoint(address, port(number))
            let names = try Client.requests(2, from: node.laboratory.client, to: endpoint, .tcp)
            #expect(Set(names) == ["pod\(pod(number))"], "\(endpoint)")
        }
        // Among them there is nobody.
        #expect(throws: LabError.self) {
            try Client.requests(
                1,
                from: node.laboratory.client,
                to: SocketEndpoint(address, 30_008),
                .tcp
            )
        }
        #expect(try node.audit().drift == 0)
    }

    @Test(arguments: FilterPrograms.Variant.working)
    func aRestartWritesNothingAndOneWithoutItsRecordServesOn(
        _ variant: FilterPrograms.Variant
    ) throws {
        let node = try ChainedNode(variant, name: "restart")
        try node.apply(
            node.service(1, pods: [1, 2], nodePort: 30_001) + node.service(2, pods: [3])
        )
        let both = try ServiceUnderTest(
            "both",
            number: 3,
            affinity: .clientIP(timeout: 300),
            pods: [1],
            in: node.laboratory
        )
        try node.apply(both.changes)
        let before = try node.chains()
        _ = try node.requests(10, to: 1)
        let counted = try node.saved()
        let restarted = try node.restart()
        #expect(restarted.applied == 0, "nothing is to be written")
        #expect(try node.saved() == counted)

        try node.laboratory.client.perform {
            let open = try ClientConnection(to: ServiceUnderTest.endpoint(1, .ipv4), .tcp)
            let name = try open.request()
            try Command.run("rm", ["-rf", node.stateDirectory])
            let adopted = try node.restart()
            #expect(adopted.failures.map(\.error.description) == [])
            #expect(try open.request() == name)
        }
        #expect(try node.chains() == before)
        #expect(try node.requests(to: 2) == ["pod3"])
        // It is ours again, to be taken away.
        try node.apply([.serviceRemoved(ObjectName(namespace: "test", name: "plain-2"))])
        #expect(throws: (any Error).self) { try node.serviceChain(ChainedNode.owner(2)) }
        let routes = try node.laboratory.node.perform {
            try Command.run("ip", ["route", "show", "table", "local"])
        }
        #expect(routes.contains("10.96.0.1") && !routes.contains("10.96.0.2"))
        #expect(try node.restart().applied == 0)
    }

    /// Nobody else on this node uses the variant any more that the rules are in.
    @Test(.enabled(if: FilterPrograms.Variant.working.count == 2, "needs both variants"))
    func rulesThatMoveToTheOtherVariantTakeTheChainsAlong() throws {
        let node = try ChainedNode(.legacy, name: "move")
        try node.apply(node.service(1, pods: [1, 2]))
        try node.laboratory.node.perform {
            try FilterPrograms.Variant.legacy.withdrawHint()
            try FilterPrograms.Variant.nft.hint()
        }
        #expect(try node.restart().applied == 0, "as long as nothing is to be changed")
        // Other rules, as after a change of the configuration.
        let report = try node.restart(FilterPolicy(masqueradeMark: 0x8000))
        #expect(report.failures.map(\.error.description) == [])
        #expect(try Set(node.requests(30, to: 1)) == ["pod1", "pod2"])
        #expect(try node.chains() == [:], "nothing is left of legacy")
        let saved = try node.laboratory.node.perform { try Command.run("iptables-nft-save") }
        #expect(saved.contains(":FAIRLEAD-SVC-"))
        #expect(try node.audit().drift == 0)
    }
}
