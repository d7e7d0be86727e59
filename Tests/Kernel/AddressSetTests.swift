import Addressing
import DataplaneModel
import LinuxDataplane
import NetworkLab
import Testing

/// Sets that somebody else made, changed or filled.
@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct AddressSetTests {
    private static let cluster = AddressSet(.cluster, .ipv4)

    private static func onNode(
        _ name: String,
        _ body: (OpenedDataplane) throws -> Void
    ) throws {
        try bareNode(name).perform {
            try body(try OpenedDataplane(TestKernel.stateDirectory("sets-\(name)")))
        }
    }

    private static func frontend(_ number: UInt32) -> SetMember {
        .frontend(SocketEndpoint(.ipv4(0x0a60_0000 + number), 80), .tcp)
    }

    private static func put(_ number: UInt32) -> Operation {
        .putMember(frontend(number), mark: 0, of: cluster)
    }

    private static func codes(_ failures: [OperationFailure]) -> [ErrorNumber] {
        failures.map(\.error.code)
    }

    @Test func setsOfOthersAreNeitherSeenNorTouched() throws {
        try Self.onNode("others") { device in
            try Command.run(
                "ipset",
                ["restore"],
                input: """
                    create OTHER hash:ip,port
                    add OTHER 10.96.0.1,tcp:80
                    create FAIRLEAD-SOMETHING hash:ip
                    add FAIRLEAD-SOMETHING 10.96.0.1

                    """
            )
            let names = ["OTHER", "FAIRLEAD-SOMETHING"]
            let before = try names.map { try Command.run("ipset", ["save", $0]) }
            let operations = AddressSet.all.map { Operation.createSet($0, capacity: 0) }
            #expect(device.apply(operations + [Self.put(1), Self.put(2)]).isEmpty)
            #expect(Set(try device.observe().sets.keys) == Set(AddressSet.all))
            #expect(try names.map { try Command.run("ipset", ["save", $0]) } == before)
        }
    }

    @Test func whatDoesNotFitIntoAFullSetFailsAloneAmongMany() throws {
        try Self.onNode("full") { device in
            try Command.run(
                "ipset",
                ["create", "FAIRLEAD-CLUSTER", "hash:ip,port", "maxelem", "700"]
            )
            #expect(device.apply([.createSet(Self.cluster, capacity: 10)]).isEmpty)
            let other = AddressSet(.cluster, .ipv6)
            let web6 = SetMember.frontend(
                SocketEndpoint(.ipv6(high: 0xfd00_0096 << 32, low: 1), 80),
                .tcp
            )
            let failures = device.apply(
                (1...702).map { Self.put($0) }
                    + [
                        .createSet(other, capacity: 1),
                        .putMember(web6, mark: 0, of: Self.cluster),
                        .putMember(web6, mark: 0, of: other),
                        .removeMember(Self.frontend(1), of: Self.cluster),
                        Self.put(703),
                    ]
            )
            #expect(failures.map(\.index) == [700, 701, 703])
            #expect(
                Self.codes(failures) == [
                    ErrorNumber(rawValue: 28), ErrorNumber(rawValue: 28), .invalid,
                ]
            )
            let members = try #require(try device.observe(Self.cluster))
            #expect(Set(members.keys) == Set(((2...700) + [703]).map { Self.frontend($0) }))
            #expect(try device.observe(other)?.keys.first == web6)
        }
    }

    @Test func aSetOfOurNameAndAnotherKindIsRefusedWithAWayOut() throws {
        try Self.onNode("kind") { device in
            try Command.run("ipset", ["create", "FAIRLEAD-CLUSTER", "hash:net"])
            try Command.run("ipset", ["create", "FAIRLEAD-INSIDE", "hash:ip,port"])
            for set in [Self.cluster, AddressSet(.inside, .ipv4)] {
                let error = try #require(
                    device.apply([.createSet(set, capacity: 1)]).first
                ).error
                #expect(error.code == .exists)
                #expect(error.hint.contains("ipset destroy \(set)"), "\(error)")
                #expect(try device.observe(set) == nil)
            }
            #expect(Self.codes(device.apply([Self.put(1)])) == [.invalid])
            #expect(try device.observe().sets.isEmpty)
            try Command.run("ipset", ["destroy", "FAIRLEAD-CLUSTER"])
            let plan: [Operation] = [.createSet(Self.cluster, capacity: 1), Self.put(1)]
            #expect(device.apply(plan).isEmpty)
            #expect(try device.observe(Self.cluster)?.count == 1)
        }
    }

    @Test func aSetThatSomebodyMadeAnewIsNotTakenForTheOldOne() throws {
        try Self.onNode("anew") { device in
            let plan: [Operation] = [.createSet(Self.cluster, capacity: 1), Self.put(1)]
            #expect(device.apply(plan).isEmpty)
            try Command.run("ipset", ["destroy", "FAIRLEAD-CLUSTER"])
            #expect(Self.codes(device.apply([Self.put(1)])) == [.noEntry])
            try Command.run("ipset", ["create", "FAIRLEAD-CLUSTER", "hash:ip"])
            #expect(Self.codes(device.apply([Self.put(1)])) == [.invalid])
            #expect(
                try Command.run("ipset", ["save", "FAIRLEAD-CLUSTER"]).contains("add") == false
            )
        }
    }

    @Test func programsOfTheSystemSeeWhatWasPut() throws {
        try Self.onNode("seen") { device in
            let inside = AddressSet(.inside, .ipv6)
            let endpoint = SocketEndpoint(.ipv6(high: 0xfd00_0096 << 32, low: 1), 53)
            let allowed = AddressSet(.allowed, .ipv6)
            let clients = IPPrefix(holding: endpoint.address, length: 64)
            let plan: [Operation] = [
                .createSet(inside, capacity: 5000),
                .putMember(.frontend(endpoint, .udp), mark: 0x1001, of: inside),
                .createSet(allowed, capacity: 0),
                .putMember(.permission(endpoint, .sctp, clients), mark: 0, of: allowed),
            ]
            #expect(device.apply(plan).isEmpty)
            let saved = try Command.run("ipset", ["save"])
            #expect(
                saved.contains("create FAIRLEAD-6-INSIDE hash:ip,port family inet6 hashsize 8192")
            )
            #expect(saved.contains("add FAIRLEAD-6-INSIDE fd00:96::1,udp:53 skbmark 0x1001"))
            #expect(saved.contains("add FAIRLEAD-6-ALLOWED fd00:96::1,sctp:53,fd00:96::/64"))
        }
    }
}
