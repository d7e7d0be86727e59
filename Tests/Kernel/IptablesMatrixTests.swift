import Addressing
import DataplaneModel
import LinuxDataplane
import NetworkLab
import PacketMatrix
import Testing

/// Every promise of the packet matrix, with real packets, on a node without IPVS.
@Suite(
    .enabled(if: TestKernel.ipvs.isProvided || TestKernel.host.isProvided, TestKernel.reason),
    .serialized
)
struct IptablesMatrixTests {
    @Test func thereIsAVariantToTry() { #expect(!FilterPrograms.Variant.working.isEmpty) }

    @Test(arguments: FilterPrograms.Variant.working)
    func everyPacketGoesWhereKubernetesPromises(_ variant: FilterPrograms.Variant) throws {
        let laboratory = try TwoNodeLaboratory()
        try laboratory.node.perform { try variant.hint() }
        let node = MatrixNode(
            laboratory.node,
            name: "matrix-\(variant.rawValue)",
            options: MatrixNode.options(.iptables)
        )
        try node.serve(changes: PacketMatrix.changes)
        let cells = PacketMatrix.cells.filter {
            TwoNodeLaboratory.transports.contains($0.transport)
        }
        #expect(cells.count >= 600)
        try PacketMatrixTests.walk(cells, in: laboratory)
        withExtendedLifetime(node) {}
    }
}
