import Addressing
import NetworkLab
import PacketMatrix
import ServiceModel
import Testing

/// Something that makes a node serve Services.
protocol NodeProgramming {
    /// Serves what the changes add up to, from the first packet after it returns.
    ///
    /// Called on a node that nobody has programmed.
    func serve(changes: [ClusterChange]) throws
}

/// Every promise of the packet matrix, with real packets.
@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct PacketMatrixTests {
    /// Where so much is wrong, the rest of the table would only cost time.
    private static let mostComplaints = 150

    @Test func everyPacketGoesWhereKubernetesPromises() throws {
        let laboratory = try TwoNodeLaboratory()
        let node = MatrixNode(laboratory.node, name: "matrix")
        try node.serve(changes: PacketMatrix.changes)
        try Self.walk(PacketMatrix.cells, in: laboratory)
        withExtendedLifetime(node) {}
    }

    /// Sends the packets of cells, and complains of each that does not go where it should.
    static func walk(_ cells: [Cell], in laboratory: TwoNodeLaboratory) throws {
        var complaints = 0
        for (index, cell) in cells.enumerated() {
            guard let complaint = cell.complaint(about: try laboratory.observe(cell)) else {
                continue
            }
            Issue.record(Comment(rawValue: complaint))
            complaints += 1
            guard complaints < mostComplaints else {
                let left = cells.count - index - 1
                Issue.record("\(complaints) complaints; the last \(left) cells were not tried")
                break
            }
        }
    }

    /// A laboratory in which everything passes would prove nothing.
    @Test func nothingIsServedOnANodeThatNobodyProgrammed() throws {
        let laboratory = try TwoNodeLaboratory()
        let cells = PacketMatrix.cells.filter {
            $0.scenario.name == "plain" && $0.client == .pod && $0.transport == .tcp
                && $0.knock != .ping && $0.knock != .atHostPort
        }
        #expect(!cells.isEmpty)
        for cell in cells { #expect(cell.complaint(about: try laboratory.observe(cell)) != nil) }
    }

    @Test func everybodySeesTheAddressesOfTheOthersWithoutAnyService() throws {
        let laboratory = try TwoNodeLaboratory()
        for family in AddressFamily.allCases {
            for client in [Vantage.node, .pod, .near1] {
                for name in EndpointName.allCases {
                    let observation = try laboratory.reach(name, from: client, family)
                    let expected = Promise.answered(
                        by: [name],
                        source: client == .node ? .node : .client
                    )
                    #expect(
                        expected.allows(observation, from: client, family),
                        "\(client) → \(name): \(observation)"
                    )
                }
            }
        }
    }

    /// Nobody answers a client that a node has not masqueraded, but by way of that node.
    @Test func theOtherNodeHasNoWayBackToClientsOutside() throws {
        let laboratory = try TwoNodeLaboratory()
        for family in AddressFamily.allCases {
            for name in EndpointName.allCases where !name.isNear {
                let observation = try laboratory.reach(
                    name,
                    from: .outside,
                    family,
                    timeout: .milliseconds(300)
                )
                #expect(observation == .timedOut, "\(name)")
            }
        }
    }
}
