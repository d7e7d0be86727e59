import Addressing
import DataplaneModel
import PacketTracer
import Planning
import Reconciliation
import Routing
import ServiceModel
import SimulatedDataplane
import TestSupport
import Testing

/// What is said of a packet is what rules, sets and virtual servers make of it.
@Suite struct ExplanationLawTests {
    struct Setting: CustomTestStringConvertible {
        let name: String
        let filter: FilterPolicy?
        var addressMode = IPVSLowering.AddressMode.routes
        var hasMarks = true
        var mode = DataplaneMode.ipvs

        var testDescription: String { name }
    }

    private static let pods = PodDetection.sources([
        IPPrefix(holding: .ipv4(0x0af4_0000), length: 16)
    ])

    static let settings = [
        Setting(name: "ranges of pods", filter: FilterPolicy(detection: pods)),
        Setting(name: "pods not told apart", filter: FilterPolicy(detection: .none)),
        Setting(name: "ranges not known yet", filter: FilterPolicy(detection: .sources([]))),
        Setting(name: "an interface of pods", filter: FilterPolicy(detection: .interface("cni+"))),
        Setting(name: "bound", filter: FilterPolicy(detection: pods), addressMode: .bind),
        Setting(name: "no filter", filter: nil),
        Setting(name: "no mark left", filter: FilterPolicy(detection: pods), hasMarks: false),
        Setting(name: "no IPVS", filter: FilterPolicy(detection: pods), mode: .iptables),
    ]

    private struct Client {
        let address: IPAddress
        let origin: PacketExplanation.Origin

        var interface: String? {
            switch origin {
            case .pod: "cni0"
            case .node: nil
            case .outside: "eth0"
            }
        }
    }

    /// A pod that is an endpoint here, one that is not, the node, and two from outside, of which
    /// ranges let in one.
    private static let clients = [
        Client(address: .ipv4(0x0af4_0002), origin: .pod),
        Client(address: .ipv4(0x0af4_0063), origin: .pod),
        Client(address: .ipv4(0xc000_020a), origin: .node),
        Client(address: .ipv4(0xc633_6405), origin: .outside),
        Client(address: .ipv4(0xcb00_71fe), origin: .outside),
    ]

    private static func line(_ outcome: TracedOutcome, ofTheNode isNode: Bool) -> String {
        switch outcome {
        case .balanced(let servers):
            servers.map { "\($0)" + ($1 && !isNode ? " masqueraded" : "") }.sorted()
                .joined(separator: ", ")
        case .refused: "refused"
        case .dropped: "dropped"
        case .delivered: "delivered"
        case .forwarded: "forwarded"
        }
    }

    /// Of a packet of the node any source is one of the node's.
    private static func line(_ explanation: PacketExplanation) -> String {
        guard explanation.verdict == .balanced else { return explanation.verdict.rawValue }
        return explanation.endpoints.filter(\.isUsed).map { entry in
            let isRewritten =
                explanation.origin != .node && (explanation.rewritesSource || entry.isClient)
            return "\(entry.endpoint.address)" + (isRewritten ? " masqueraded" : "")
        }.sorted().joined(separator: ", ")
    }

    @Test(arguments: settings, 0..<15 as Range<UInt64>)
    func saysWhatHappens(_ setting: Setting, seed: UInt64) throws {
        var world = GeneratedServices(numbers: SeededGenerator(seed: 40 + seed))
        var kernel = SimulatedDataplane(mode: setting.mode)
        kernel.state.foreignAddresses = Set(GeneratedServices.nodeAddresses)
        if !setting.hasMarks, let filter = setting.filter {
            for number in 0..<filter.marks.count {
                let key = VirtualServerKey.firewallMark(filter.marks.base + UInt32(number), .ipv4)
                kernel.state.virtualServers[key] = IPVSState.Entry(
                    server: VirtualServer(key: key, scheduler: .roundRobin),
                    realServers: []
                )
            }
        }
        var reconciler = Reconciler(
            device: kernel,
            options: GeneratedServices.options(
                setting.filter,
                mode: setting.mode,
                addressMode: setting.addressMode
            )
        )
        try reconciler.start(now: .zero)
        reconciler.take(.changes((0..<25).map { _ in world.change() }))
        reconciler.take(.initialSetComplete(isWhole: true))
        #expect(reconciler.reconcile(now: .zero).failures.isEmpty)
        let current = reconciler.explainer
        let explainer = try #require(current)
        let tracer = PacketTracer(reconciler.device.state)
        let places = reconciler.cluster.frontendKeys.sorted().flatMap { key in
            reconciler.lowering.places(of: key).flatMap {
                [$0, SocketEndpoint($0.address, 9999)]
            }
        }
        for place in places + [SocketEndpoint(.ipv4(0x0808_0808), 53)] {
            for client in Self.clients {
                let question = PacketQuestion(
                    source: client.address,
                    destination: place,
                    transport: .tcp,
                    origin: setting.filter?.detection == .interface("cni+") ? client.origin : nil
                )
                let packet = TracedPacket(
                    from: client.address,
                    to: place,
                    .tcp,
                    interface: client.interface
                )
                let isNode = client.origin == .node
                #expect(
                    Self.line(explainer.explain(question))
                        == Self.line(tracer.trace(packet), ofTheNode: isNode),
                    "\(client.address) to \(place)"
                )
            }
        }
    }
}
