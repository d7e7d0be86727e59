import Addressing
import DataplaneModel
import LinuxDataplane
import NetworkLab
import ServiceModel
import Testing

/// The parts of the protocol that are no operations on virtual and real servers.
@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct ProtocolTests {
    private static func inNode<Value>(
        _ body: (inout IPVSSocket) throws -> Value
    ) throws -> Value {
        try bareNode("protocol").perform {
            guard var socket = try IPVSSocket.open() else { throw LabError("no IPVS") }
            return try body(&socket)
        }
    }

    private static func key(_ text: String) throws -> VirtualServerKey {
        try #require(VirtualServerKey(text))
    }

    @Test func bothSynchronisationDaemonsStartReadBackAndStop() throws {
        try Self.inNode { socket in
            #expect(try socket.daemons().isEmpty)
            let group = try IPAddress("224.0.1.7")
            let group6 = try IPAddress("ff05::7")
            let master = SyncDaemon(
                role: .master,
                interface: "node0",
                syncID: 7,
                maximumLength: 1400,
                group: group,
                port: 8850,
                timeToLive: 3
            )
            let backup = SyncDaemon(
                role: .backup,
                interface: "node0",
                syncID: 8,
                maximumLength: 1400,
                group: group6,
                port: 8851,
                timeToLive: 2
            )
            try socket.start(master)
            try socket.start(backup)
            #expect(try socket.daemons() == [master, backup])
            #expect(throws: DataplaneError.self) { try socket.start(master) }
            // Whoever stops a daemon whose thread has not run yet gets no answer at all: the kernel
            // takes the EINTR of kthread_stop for its own (`netlink_rcv_skb`). So let it run.
            try Command.run("sleep", ["0.1"])
            try socket.stopDaemon(.master)
            #expect(try socket.daemons() == [backup])
            try socket.stopDaemon(.backup)
            #expect(throws: DataplaneError.self) { try socket.stopDaemon(.backup) }
        }
    }

    @Test func informationAndTimeoutsAreRead() throws {
        try Self.inNode { socket in
            let information = try socket.information()
            #expect(information.version == 0x01_02_01)
            #expect(information.connectionTableSize == 4096)
            #expect(
                try socket.timeouts() == ConnectionTimeouts(tcp: 900, tcpFin: 120, udp: 300)
            )
        }
    }

    @Test func aPersistenceEngineReadsBack() throws {
        try Self.inNode { socket in
            let key = try Self.key("UDP 10.96.0.1:5060")
            let server = VirtualServer(
                key: key,
                scheduler: .roundRobin,
                persistence: Persistence(timeout: 60, family: .ipv4),
                persistenceEngine: "sip",
                onePacket: false
            )
            #expect(socket.apply([.addVirtualServer(server)]).isEmpty)
            #expect(try socket.virtualServer(key)?.server == server)
        }
    }

    @Test func realServersOfAVirtualServerThatIsNotThereAreNoneAndNoError() throws {
        try Self.inNode { socket in
            let key = try Self.key("TCP 10.96.0.1:80")
            #expect(try socket.realServers(of: key).isEmpty)
            #expect(try socket.virtualServer(key) == nil)
        }
    }

    @Test func aThousandServersAreListedOnceEach() throws {
        try Self.inNode { socket in
            var operations: [Operation] = []
            for number in 1...1000 {
                let key = VirtualServerKey.address(
                    SocketEndpoint(.ipv4(0x0a60_0000 + UInt32(number)), 80),
                    .tcp
                )
                operations.append(
                    .addVirtualServer(VirtualServer(key: key, scheduler: .roundRobin))
                )
            }
            let crowded = try Self.key("TCP 10.96.0.1:80")
            for number in 1...1000 {
                let address = SocketEndpoint(.ipv4(0x0af4_0000 + UInt32(number)), 8080)
                operations.append(.addRealServer(RealServer(address: address), of: crowded))
            }
            #expect(socket.apply(operations[...]).isEmpty)
            let readings = try socket.virtualServers()
            #expect(Set(readings.map(\.server.key)).count == 1000)
            #expect(readings.count == 1000)
            let servers = try #require(try socket.virtualServer(crowded)).realServers
            #expect(Set(servers.map(\.server.address)).count == 1000)
            #expect(servers.count == 1000)
        }
    }

    /// Traffic through one virtual server: counted, set to zero, and remembered by a real server that
    /// is deleted and comes back while its connections live.
    @Test func countersCountAreZeroedAndComeBackWithARealServer() throws {
        let laboratory = try Laboratory(pods: 1)
        let node = try NodeUnderTest(laboratory, name: "counters")
        let servers = try laboratory.pods.map {
            try NamedServer(in: $0, port: ServiceUnderTest.podPort)
        }
        try node.apply(
            ServiceUnderTest("web", number: 1, pods: 1...1, in: laboratory).changes
        )
        let endpoint = try ServiceUnderTest.endpoint(1, .ipv4)
        let key = VirtualServerKey.address(endpoint, .tcp)
        try laboratory.client.perform {
            let connection = try ClientConnection(to: endpoint, .tcp)
            _ = try connection.request()
            try laboratory.node.perform {
                guard var socket = try IPVSSocket.open() else { throw LabError("no IPVS") }
                // The kernel adds up its counters every two seconds.
                var before = try #require(try socket.virtualServer(key)?.realServers.first)
                let deadline = ContinuousClock.now.advanced(by: .seconds(20))
                while before.statistics.connections == 0, ContinuousClock.now < deadline {
                    try Command.run("sleep", ["0.2"])
                    before = try #require(try socket.virtualServer(key)?.realServers.first)
                }
                #expect(before.activeConnections == 1)
                #expect(before.statistics.connections == 1)
                #expect(before.statistics.inBytes > 0 && before.statistics.outBytes > 0)

                let address = before.server.address
                #expect(
                    socket.apply([
                        .deleteRealServer(address, of: key),
                        .addRealServer(RealServer(address: address), of: key),
                    ]).isEmpty
                )
                let after = try #require(try socket.virtualServer(key)?.realServers.first)
                #expect(after.activeConnections == 1)

                try socket.zero(key)
                #expect(try socket.virtualServer(key)?.statistics.connections == 0)
                try socket.zero(nil)
                #expect(throws: DataplaneError.self) {
                    try socket.zero(VirtualServerKey.firewallMark(99, .ipv4))
                }
            }
            #expect(try connection.request() == "pod1", "the connection lives on")
        }
        withExtendedLifetime(servers) {}
    }
}
