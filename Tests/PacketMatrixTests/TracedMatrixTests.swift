import Addressing
import DataplaneModel
import PacketMatrix
import PacketTracer
import Planning
import Reconciliation
import ServiceModel
import Testing

/// Every promise of the packet matrix, held against the rules, sets and virtual servers that a node is
/// programmed with.
struct TracedMatrixTests {
    @Test(arguments: DataplaneMode.allCases)
    func everyPacketGoesWhereKubernetesPromises(_ mode: DataplaneMode) throws {
        let options = ProgrammedNode.options(mode)
        let tracer = PacketTracer(try ProgrammedNode(options: options).state)
        for cell in PacketMatrix.cells {
            let outcome = tracer.trace(cell.packet)
            if !cell.isPromised(outcome) {
                Issue.record("\(cell)\n  expected: \(cell.promise)\n  got: \(outcome)")
            }
        }
    }

    /// Pods may be known by their interface instead of by their addresses.
    @Test(arguments: ["pod1", "pod+"], DataplaneMode.allCases)
    func theSameHoldsWherePodsAreKnownByTheirInterface(
        _ interface: String,
        _ mode: DataplaneMode
    ) throws {
        var options = ProgrammedNode.options(mode)
        options.filter?.detection = .interface(interface)
        let tracer = PacketTracer(try ProgrammedNode(options: options).state)
        for cell in PacketMatrix.cells {
            let outcome = tracer.trace(cell.packet)
            #expect(cell.isPromised(outcome), "\(cell): \(outcome)")
        }
    }

    @Test(arguments: DataplaneMode.allCases)
    func nothingIsServedOnANodeThatNobodyProgrammed(_ mode: DataplaneMode) throws {
        var state = try ProgrammedNode(options: ProgrammedNode.options(mode)).state
        state.virtualServers = [:]
        let tracer = PacketTracer(state)
        for cell in PacketMatrix.cells {
            guard case .answered = cell.promise else { continue }
            #expect(!cell.isPromised(tracer.trace(cell.packet)), "\(cell)")
        }
    }
}

extension Cell {
    /// The packet that its client sends first.
    var packet: TracedPacket {
        TracedPacket(
            from: client.address(family),
            to: destination,
            knock == .ping ? nil : transport,
            interface: client.interface
        )
    }

    /// Whether what became of it is what is promised.
    func isPromised(_ outcome: TracedOutcome) -> Bool {
        switch (promise, outcome) {
        case (.refused, .refused), (.timedOut, .dropped), (.passedOn, .forwarded): true
        case (.refused, .delivered):
            // Nobody listens on the node, but at one port.
            destination.port != World.hostPort
        case (.echoed, .delivered): knock == .ping
        case (.answered(let names, let source), .balanced(let servers)):
            Set(servers.keys) == Set(names.map { SocketEndpoint($0.address(family), $0.port) })
                && servers.values.allSatisfy { isRewritten in
                    switch source {
                    // The node's own address is one of the node's either way.
                    case .node: isRewritten || client == .node
                    case .client: !isRewritten || client == .node
                    case .any: true
                    }
                }
        default: false
        }
    }
}
