import Addressing
import DataplaneModel
import NetworkLab
import PacketMatrix
import Planning
import Reconciliation
import Routing
import ServiceModel
import Testing

/// What users of kube-proxy's ipvs mode complain of, each by its symptom, with real packets.
///
/// `docs/0007-field-issues.md` lists all of them; those that a promise about single packets answers are
/// in the packet matrix.
@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct FieldIssueTests {
    private static let transports: [TransportProtocol] = [.tcp, .udp]

    /// kubernetes#81775, #71514, #76664: connections and datagrams to dead pods, because a client's
    /// port is used again.
    @Test func aPortThatIsUsedAgainDoesNotLeadToAPodThatIsGone() throws {
        let laboratory = try Laboratory()
        let node = try NodeUnderTest(laboratory, name: "reused-ports")
        let servers = try laboratory.pods.map {
            try NamedServer(in: $0, port: ServiceUnderTest.podPort)
        }
        for transport in Self.transports {
            let endpoint = try ServiceUnderTest.endpoint(1, .ipv4)
            let source = SocketEndpoint(try laboratory.clientAddress(0, .ipv4), 40_000)
            var remaining = Set(1...3)
            func request() throws -> String {
                try laboratory.client.perform {
                    let connection = try ClientConnection(to: endpoint, transport, from: source)
                    let name = try connection.request()
                    connection.abort()
                    return name
                }
            }
            func serve() throws {
                try node.apply(
                    ServiceUnderTest("reused", number: 1, pods: remaining.sorted(), in: laboratory)
                        .changes
                )
            }
            try serve()
            while remaining.count > 1 {
                let name = try request()
                let number = try #require(name.last.flatMap { Int(String($0)) })
                remaining.remove(number)
                try serve()
                let next = try request()
                #expect(next != name, "\(transport)")
            }
        }
        withExtendedLifetime(servers) {}
    }

    /// kubernetes#71809: session affinity keeps going to a removed pod.
    @Test func aStickyClientOfAPodThatIsGoneGetsAnother() throws {
        let laboratory = try Laboratory()
        let node = try NodeUnderTest(laboratory, name: "sticky-gone")
        let servers = try laboratory.pods.map {
            try NamedServer(in: $0, port: ServiceUnderTest.podPort)
        }
        func serve(_ pods: [Int]) throws {
            try node.apply(
                ServiceUnderTest(
                    "sticky",
                    number: 1,
                    affinity: .clientIP(timeout: 300),
                    pods: pods,
                    in: laboratory
                ).changes
            )
        }
        try serve([1, 2, 3])
        for transport in Self.transports {
            func request() throws -> [String] {
                try Client.requests(
                    3,
                    from: laboratory.client,
                    to: ServiceUnderTest.endpoint(1, .ipv4),
                    transport,
                    source: laboratory.clientAddress(0, .ipv4)
                )
            }
            let before = try request()
            #expect(Set(before).count == 1)
            let gone = try #require(before[0].last.flatMap { Int(String($0)) })
            try serve([1, 2, 3].filter { $0 != gone })
            let after = try request()
            #expect(Set(after).count == 1)
            #expect(after[0] != before[0], "\(transport)")
            try serve([1, 2, 3])
        }
        withExtendedLifetime(servers) {}
    }

    /// Pull request 138688 of kubernetes.
    @Test func maglevSendsNothingToARealServerOfWeightZero() throws {
        let laboratory = try Laboratory()
        let node = try NodeUnderTest(laboratory, name: "maglev-zero")
        let servers = try laboratory.pods.map {
            try NamedServer(in: $0, port: ServiceUnderTest.podPort)
        }
        try node.apply(
            ServiceUnderTest("maglev", number: 1, scheduler: "mh", pods: 1...3, in: laboratory)
                .changes
        )
        let endpoint = try ServiceUnderTest.endpoint(1, .ipv4)
        func spread() throws -> [String: Int] {
            Client.spread(
                try Client.requests(40, from: laboratory.client, to: endpoint, .tcp)
            )
        }
        #expect(try spread().keys.contains("pod2"))
        try laboratory.node.perform {
            try Command.run(
                "ipvsadm",
                ["-e", "-t", "\(endpoint)", "-r", "10.244.2.2:8080", "-m", "-w", "0"]
            )
        }
        let after = try spread()
        #expect(after["pod2"] == nil && after.count == 2, "\(after)")
        withExtendedLifetime(servers) {}
    }

    /// kubernetes#59976, metallb#153: every node answers ARP for service addresses.
    @Test(arguments: [false, true])
    func withStrictARPNobodyAsksThisNodeForServiceAddresses(_ strictARP: Bool) throws {
        let laboratory = try TwoNodeLaboratory()
        var options = MatrixNode.options
        options.strictARP = strictARP
        let node = MatrixNode(laboratory.node, name: "strict-arp-\(strictARP)", options: options)
        try node.serve(changes: PacketMatrix.changes)
        let plain = try #require(PacketMatrix.scenarios.first { $0.name == "plain" })
        let destination = plain.destination(.loadBalancerIP, .ipv4)
        let answer = try laboratory.namespace(of: .outside).perform {
            // As if the address were on the link itself, so that the client asks for it there.
            try Command.run("ip", ["route", "add", "\(destination.address)/32", "dev", "eth0"])
            return Attempt.request(to: destination, .tcp, timeout: .seconds(5))
        }
        if case .answered = answer {
            #expect(!strictARP)
        } else {
            #expect(strictARP, "\(answer)")
        }
    }

    /// kubernetes#100925: the kernel's log fills with "no destination available".
    @Test func aServiceWithoutEndpointsFillsNoLog() throws {
        let laboratory = try TwoNodeLaboratory()
        let node = MatrixNode(laboratory.node, name: "quiet")
        try node.serve(changes: PacketMatrix.changes)
        let empty = try #require(PacketMatrix.scenarios.first { $0.name == "empty" })
        try Command.run("dmesg", ["-C"])
        for client in [Vantage.node, .pod, .outside] {
            for family in AddressFamily.allCases {
                let observation = try laboratory.namespace(of: client).perform {
                    Attempt.request(
                        to: empty.destination(.clusterIP, family),
                        .tcp,
                        timeout: .seconds(2)
                    )
                }
                #expect(observation == .refused)
            }
        }
        #expect(try !Command.run("dmesg").contains("no destination available"))
    }

    /// kubespray#6950, SSSD#6395 and the cost of rules: thousands of addresses on an interface, and
    /// rules for each Service.
    @Test func fiveThousandServicesHaveAsManyRulesAsTenAndNoAddressOnAnyInterface() throws {
        let laboratory = try TwoNodeLaboratory()
        let node = MatrixNode(laboratory.node, name: "many")
        try node.serve(changes: Self.services(1...10))
        let rules = try Self.rules(laboratory)
        let addresses = try Self.addresses(laboratory)
        #expect(rules > 20)
        try node.serve(changes: Self.services(11...5000))
        #expect(try Self.rules(laboratory) == rules)
        #expect(try Self.addresses(laboratory) == addresses)
        let members = try laboratory.node.perform {
            try Command.run("ipset", ["list", "-t", "FAIRLEAD-CLUSTER"])
        }
        #expect(members.contains("Number of entries: 5000"))
    }

    private static func rules(_ laboratory: TwoNodeLaboratory) throws -> Int {
        try laboratory.node.perform {
            let text =
                try Command.run("iptables-save") + Command.run("ip6tables-save")
            return text.split(separator: "\n").count { $0.hasPrefix("-A") }
        }
    }

    private static func addresses(_ laboratory: TwoNodeLaboratory) throws -> String {
        let text = try laboratory.node.perform {
            try Command.run("ip", ["-brief", "address", "show", "scope", "global"])
        }
        #expect(!text.contains("10.97."))
        return text
    }

    /// Services of every kind: one in five has a load balancer and the policy Local.
    private static func services(_ numbers: ClosedRange<Int>) throws -> [ClusterChange] {
        try numbers.flatMap { number -> [ClusterChange] in
            let name = ObjectName(namespace: "many", name: "service-\(number)")
            var external = ExternalAccess()
            if number.isMultiple(of: 5) {
                external.policy = .local
                external.loadBalancerAddresses = [.ipv4(0xc612_0000 + UInt32(number))]
                external.sourceRanges = [try IPPrefix("192.168.0.0/16")]
            }
            return [
                .service(
                    Service(
                        name: name,
                        reachability: .clusterIPs([
                            .ipv4(0x0a61_0000 + UInt32(number)),
                            .ipv6(high: 0xfd00_0010_0097_0000, low: UInt64(number)),
                        ]),
                        ports: [ServicePort(name: "http", port: 80)],
                        external: external
                    )
                ),
                .endpointSlice(
                    EndpointSlice(
                        name: name,
                        service: name,
                        family: .ipv4,
                        ports: [EndpointPort(name: "http", port: 8080)],
                        endpoints: [EndpointName.near1, .far1].map {
                            Endpoint(address: $0.address(.ipv4), nodeName: $0.nodeName)
                        }
                    )
                ),
            ]
        }
    }
}
