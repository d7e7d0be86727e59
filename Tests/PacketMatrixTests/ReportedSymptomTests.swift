import Addressing
import DataplaneModel
import PacketMatrix
import PacketTracer
import Planning
import Reconciliation
import Routing
import ServiceModel
import SimulatedDataplane
import Testing

/// What users of kube-proxy's ipvs mode complain of, each by its symptom, on a simulated kernel.
///
/// `docs/0007-field-issues.md` lists all of them.
struct ReportedSymptomTests {
    /// Every cell of the matrix that is about a symptom comes out as promised.
    private func expectPromises(where isAbout: (Cell) -> Bool) throws {
        let tracer = PacketTracer(try ProgrammedNode().state)
        let cells = PacketMatrix.cells.filter(isAbout)
        #expect(cells.count >= 4)
        for cell in cells {
            let outcome = tracer.trace(cell.packet)
            #expect(cell.isPromised(outcome), "\(cell): \(outcome)")
        }
    }

    /// kubernetes#72236, kube-router#282, #331.
    @Test func portsOfTheNodeAreNotReachedThroughServiceAddresses() throws {
        try expectPromises { $0.knock == .atHostPort }
    }

    /// The fix of #72236 in kube-proxy took ping with it.
    @Test func serviceAddressesAnswerAPing() throws {
        try expectPromises { $0.knock == .ping }
    }

    /// kubernetes#75262, #71596, #93456, #91812, #125167.
    @Test func podsAndTheNodeReachALoadBalancerWithPolicyLocalAndNoEndpointHere() throws {
        try expectPromises {
            $0.scenario.externalPolicy == .local && !$0.client.isOutside
                && $0.scenario.endpoints.allSatisfy { !$0.name.isNear }
        }
    }

    /// The other side of PR #97081: traffic from outside leaks to other nodes.
    @Test func clientsOutsideDoNotReachOtherNodesUnderPolicyLocal() throws {
        try expectPromises {
            $0.scenario.externalPolicy == .local && $0.client.isOutside && $0.door != .clusterIP
        }
    }

    /// kubernetes#53775, #65158, #85877, #134884.
    @Test func aPodReachesItselfThroughItsOwnService() throws {
        try expectPromises { $0.client == .near1 }
    }

    /// kubernetes#119656.
    @Test func theNodeItselfIsKeptOutByLoadBalancerSourceRanges() throws {
        try expectPromises { $0.scenario.allowed != nil && $0.client == .node }
    }

    /// kubernetes#59156.
    @Test func aNodePortNeedsNoVirtualServerForEachAddressOfTheNode() throws {
        var options = ProgrammedNode.options
        options.nodePorts = .primary
        let state = try ProgrammedNode(options: options).state
        let plain = try #require(PacketMatrix.scenarios.first { $0.name == "plain" })
        for family in AddressFamily.allCases {
            let servers = state.virtualServers.keys.filter { key in
                guard case .address(let endpoint, .tcp) = key else { return false }
                return endpoint.port == World.nodePort(plain.number)
                    && endpoint.address.family == family
            }
            #expect(servers.count == 1, "\(servers)")
        }
    }

    /// kubernetes#133773: service addresses that are live before masquerade and filter are.
    @Test func anAddressIsAnnouncedOnlyWhenAllThatItsPacketsMeetIsThere() throws {
        var kernel = SimulatedDataplane()
        kernel.state.foreignAddresses = [World.nodeAddress(1, .ipv4)]
        var node = Reconciler(device: kernel, options: ProgrammedNode.options)
        try node.start(now: .zero)
        node.take(.changes(PacketMatrix.changes))
        node.take(.initialSetComplete(isWhole: true))
        _ = node.reconcile(now: .seconds(1))
        let log = node.device.log
        let firstAnnouncement = try #require(
            log.firstIndex { if case .announce = $0 { true } else { false } }
        )
        let lastPreparation = try #require(
            log.lastIndex {
                switch $0 {
                case .createSet, .putMember, .installFilter, .setParameter: true
                default: false
                }
            }
        )
        #expect(lastPreparation < firstAnnouncement)
    }

    /// kubernetes#121591, #126378: after a restart all nodes send to the first endpoint first.
    @Test func nodesDoNotAllBeginWithTheSameEndpoint() throws {
        let key = VirtualServerKey.address(try #require(SocketEndpoint("10.96.0.1:443")), .tcp)
        var wanted = IPVSState()
        wanted.virtualServers[key] = IPVSState.Entry(
            server: VirtualServer(key: key, scheduler: .roundRobin),
            realServers: (1...3).map {
                RealServer(address: SocketEndpoint(.ipv4(0x0af4_0000 | $0), 6443))
            }
        )
        var parts = TouchedParts()
        parts.virtualServers = [key]
        var last: [String: Int] = [:]
        for number in 1...60 {
            let plan = IPVSState().plan(to: wanted, touching: parts, onNode: "worker-\(number)")
            guard case .addRealServer(let server, _)? = plan.operations.last else { continue }
            last["\(server.address)", default: 0] += 1
        }
        #expect(last.count == 3)
        #expect(last.values.allSatisfy { $0 > 8 }, "\(last)")
    }

    /// kubernetes#92019, #108319: a weight that stays 0 after a restart.
    @Test func aRestartGivesBackTheWeightThatADeadProcessTook() throws {
        var state = try ProgrammedNode().state
        let key = try #require(
            state.virtualServers.first { $0.value.realServers.count > 1 }?.key
        )
        var quiet = try #require(state.virtualServers[key]?.realServers.first)
        quiet.weight = 0
        state.virtualServers[key]?.put(quiet)
        var node = Reconciler(
            device: SimulatedDataplane(state: state),
            options: ProgrammedNode.options
        )
        try node.start(now: .zero)
        node.take(.changes(PacketMatrix.changes))
        node.take(.initialSetComplete(isWhole: true))
        let report = node.reconcile(now: .seconds(1))
        #expect(report.applied == 1)
        let weights = node.device.state.virtualServers[key]?.realServers.map(\.weight)
        #expect(weights?.allSatisfy { $0 == 1 } == true)
    }

    /// kubernetes#59507, #76267, #85799, #134147, kube-router#829.
    @Test func whatOthersMadeIsNeverTouched() throws {
        let foreign = VirtualServerKey.firewallMark(0x1001, .ipv4)
        var kernel = SimulatedDataplane()
        kernel.state.foreignAddresses = [World.nodeAddress(1, .ipv4)]
        let entry = IPVSState.Entry(
            server: VirtualServer(key: foreign, scheduler: .leastConnection),
            realServers: []
        )
        kernel.state.virtualServers[foreign] = entry
        var node = Reconciler(device: kernel, options: ProgrammedNode.options)
        try node.start(now: .zero)
        node.take(.changes(PacketMatrix.changes))
        node.take(.initialSetComplete(isWhole: true))
        _ = node.reconcile(now: .seconds(1))
        #expect(node.device.state.virtualServers[foreign] == entry)
        #expect(
            node.device.state.virtualServers.keys.contains {
                if case .firewallMark = $0 { $0 != foreign } else { false }
            }
        )
    }

    /// kubernetes#87318, #87604, #89294, #101506: one family removes what belongs to the other.
    @Test func aServiceOfOneFamilyLeavesThoseOfTheOtherAlone() throws {
        var node = Reconciler(
            device: SimulatedDataplane(),
            options: ProgrammedNode.options
        )
        try node.start(now: .zero)
        let plain = try #require(PacketMatrix.scenarios.first { $0.name == "plain" })
        node.take(.changes(plain.changes))
        node.take(.initialSetComplete(isWhole: true))
        _ = node.reconcile(now: .seconds(1))
        node.device.clearLog()
        for change in plain.changes {
            guard case .endpointSlice(let slice) = change, slice.family == .ipv6 else { continue }
            node.take(.changes([.endpointSliceRemoved(slice.name)]))
        }
        _ = node.reconcile(now: .seconds(2))
        #expect(!node.device.log.isEmpty)
        for operation in node.device.log {
            if let key = operation.virtualServer { #expect(key.family == .ipv6) }
            if let set = operation.addressSet { #expect(set.family == .ipv6) }
        }
    }

    /// kubernetes#73382, #84906, #88212: seconds of work for each change.
    @Test func oneEndpointCostsItsOwnOperationsWhateverElseThereIs() throws {
        var node = Reconciler(device: SimulatedDataplane(), options: ProgrammedNode.options)
        try node.start(now: .zero)
        node.take(.changes(PacketMatrix.changes))
        node.take(.initialSetComplete(isWhole: true))
        _ = node.reconcile(now: .seconds(1))
        node.device.clearLog()
        let changed = try #require(PacketMatrix.scenarios.first { $0.name == "only-far" })
        for change in changed.changes {
            guard case .endpointSlice(let slice) = change, slice.family == .ipv4 else { continue }
            let another = Endpoint(
                address: World.podAddress(9, ofNode: 2, .ipv4),
                nodeName: World.otherNodeName
            )
            node.take(
                .changes([
                    .endpointSlice(
                        EndpointSlice(
                            name: slice.name,
                            service: slice.service,
                            family: .ipv4,
                            ports: slice.ports,
                            endpoints: slice.endpoints + [another]
                        )
                    )
                ])
            )
        }
        _ = node.reconcile(now: .seconds(2))
        let servers = node.device.state.virtualServers.keys.count { key in
            guard case .address(let endpoint, _) = key else { return false }
            let own = Door.allCases.map { changed.destination($0, .ipv4) }
            return own.contains(endpoint)
        }
        #expect(servers > 0)
        #expect(node.device.log.count <= servers)
        #expect(node.device.observations == 0)
    }
}
