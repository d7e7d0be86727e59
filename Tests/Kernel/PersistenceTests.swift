import Addressing
import DataplaneModel
import NetworkLab
import ServiceModel
import Testing

@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct PersistenceTests {
    @Test func aClientKeepsItsPodUntilItsTimeoutAndAnotherClientMayHaveAnother() throws {
        let laboratory = try Laboratory()
        let node = try NodeUnderTest(laboratory, name: "persistence")
        let servers = try laboratory.pods.map {
            try NamedServer(in: $0, port: ServiceUnderTest.podPort)
        }
        try node.apply(
            ServiceUnderTest(
                "sticky",
                number: 1,
                affinity: .clientIP(timeout: 2),
                pods: 1...3,
                in: laboratory
            ).changes
        )
        for family in AddressFamily.allCases {
            let endpoint = try ServiceUnderTest.endpoint(1, family)
            for transport in TransportProtocol.allCases {
                let first = try Client.requests(
                    8,
                    from: laboratory.client,
                    to: endpoint,
                    transport,
                    source: laboratory.clientAddress(0, family)
                )
                #expect(Set(first).count == 1, "\(transport) \(family): \(first)")
                var others: Set<String> = []
                for index in 1..<7 {
                    others.formUnion(
                        try Client.requests(
                            3,
                            from: laboratory.client,
                            to: endpoint,
                            transport,
                            source: laboratory.clientAddress(index, family)
                        )
                    )
                }
                #expect(others.count == 3, "\(transport) \(family): \(others)")
            }
            try theTimeoutEnds(endpoint, laboratory)
        }
        withExtendedLifetime(servers) {}
    }

    /// Round robin takes the next pod once the kernel has forgotten the client; UDP forgets a silent
    /// connection after a second here.
    private func theTimeoutEnds(_ endpoint: SocketEndpoint, _ laboratory: Laboratory) throws {
        let source = try laboratory.clientAddress(10, endpoint.address.family)
        func ask() throws -> String {
            try #require(
                try Client.requests(
                    1,
                    from: laboratory.client,
                    to: endpoint,
                    .udp,
                    source: source
                ).first
            )
        }
        let before = try ask()
        let deadline = ContinuousClock.now.advanced(by: .seconds(30))
        while try isKnown(source, to: laboratory.node), ContinuousClock.now < deadline {
            try Command.run("sleep", ["0.2"])
        }
        #expect(try ask() != before)
    }

    private func isKnown(_ source: IPAddress, to node: NetworkNamespace) throws -> Bool {
        try node.perform {
            try Command.run("ipvsadm", ["-Lnc"]).contains("\(source)")
        }
    }
}
