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
    /// The variants that this kernel can hold rules for.
    static let variants = [FilterPrograms.Variant.nft, .legacy].filter { variant in
        guard let programs = FilterPrograms(variant, .ipv4) else { return false }
        do {
            try NetworkNamespace("probe").perform {
                try programs.restore("*nat\n:PROBE - [0:0]\nCOMMIT\n")
            }
            return true
        } catch {
            return false
        }
    }

    @Test func thereIsAVariantToTry() { #expect(!Self.variants.isEmpty) }

    @Test(arguments: variants)
    func everyPacketGoesWhereKubernetesPromises(_ variant: FilterPrograms.Variant) throws {
        let laboratory = try TwoNodeLaboratory()
        try laboratory.node.perform {
            // By this chain the node's agent says which variant the node uses.
            for family in ["iptables", "ip6tables"] {
                let program = "\(family)-\(variant.rawValue)"
                try Command.run(program, ["-t", "mangle", "-N", "KUBE-IPTABLES-HINT"])
            }
        }
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
