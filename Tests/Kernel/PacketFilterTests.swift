import Addressing
import DataplaneConformance
import DataplaneModel
import LinuxDataplane
import NetworkLab
import Testing

/// What becomes of rules that are not ours, and of ours in the hands of others.
@Suite(.enabled(if: TestKernel.ipvs.isProvided, TestKernel.reason), .serialized)
struct PacketFilterTests {
    /// A node with all address sets, and its dataplane.
    private struct Node {
        let family: AddressFamily
        let directory: String

        func open() throws -> OpenedDataplane { try OpenedDataplane(directory) }

        /// Runs one of the programs of the variant that was chosen at the first installation.
        @discardableResult
        func run(_ program: String, _ arguments: [String] = [], input: String = "") throws -> String
        {
            let path = directory + (family == .ipv4 ? "/filter-ipv4" : "/filter-ipv6")
            let record = try #require(try HostFile.read(path))
            let variant = try #require(record.split { $0.isWhitespace }.last)
            let name = (family == .ipv4 ? "iptables-" : "ip6tables-") + variant
            return try Command.run(name + program, arguments, input: input)
        }

        /// All chains and rules, with their tables, without what counts packets.
        func rules() throws -> [String] {
            var table = ""
            return try run("-save").split(separator: "\n").compactMap { line in
                switch line.first {
                case "*":
                    table = String(line)
                    return nil
                case ":": return "\(table) \(line.prefix { $0 != "[" })"
                case "-": return "\(table) \(line)"
                default: return nil
                }
            }
        }
    }

    private static func onNode(
        _ name: String,
        _ family: AddressFamily,
        _ body: (Node, OpenedDataplane) throws -> Void
    ) throws {
        let node = Node(
            family: family,
            directory: TestKernel.stateDirectory("filter-\(name)-\(family)")
        )
        try bareNode("\(name)-\(family)").perform {
            let device = try node.open()
            let sets = AddressSet.all.map { Operation.createSet($0, capacity: 0) }
            #expect(device.apply(sets).isEmpty)
            try body(node, device)
        }
    }

    private static func install(
        _ filter: PacketFilter,
        on device: OpenedDataplane
    ) throws {
        for failure in device.apply([.installFilter(filter)]) { throw failure.error }
        #expect(try device.observe().filters[filter.family] == filter)
    }

    @Test(arguments: AddressFamily.allCases)
    func rulesOfOthersAreLeftAlone(_ family: AddressFamily) throws {
        try Self.onNode("others", family) { node, device in
            // The first installation finds out which programs work here, so that the others' rules
            // can be put into the same part of the kernel.
            try Self.install(.changed(family), on: device)
            let rules = ["mangle", "nat", "filter"].map { table in
                """
                *\(table)
                :KUBE-FAIRLEAD - [0:0]
                -A KUBE-FAIRLEAD -m comment --comment "not -j FAIRLEAD-MARK \\" -g" -j RETURN
                -A OUTPUT -m comment --comment "kube \(table)" -j KUBE-FAIRLEAD
                -A OUTPUT -p tcp -m tcp --dport 9 -j ACCEPT
                COMMIT

                """
            }
            try node.run("-restore", ["--noflush"], input: rules.joined())
            func foreign() throws -> [String] {
                try node.rules().filter { !$0.contains(" FAIRLEAD-") && !$0.contains(":FAIRLEAD") }
            }
            let before = try foreign()
            #expect(before.filter { $0.contains("KUBE-FAIRLEAD") }.count == 6)
            for filter in [PacketFilter.example(family), .changed(family), .example(family)] {
                try Self.install(filter, on: device)
                #expect(try foreign() == before)
            }
            #expect(try node.rules().contains { $0.contains("not -j FAIRLEAD-MARK") })
        }
    }

    @Test(arguments: AddressFamily.allCases)
    func callsGoFirstOrLastAndAreThereOnce(_ family: AddressFamily) throws {
        try Self.onNode("order", family) { node, device in
            try Self.install(.changed(family), on: device)
            try node.run(
                "-restore",
                ["--noflush"],
                input: "*filter\n-A INPUT -j ACCEPT\n-A FORWARD -j ACCEPT\nCOMMIT\n"
            )
            try Self.install(.example(family), on: device)
            try Self.expectOrder(node)
            try Self.install(.example(family), on: device)
            try Self.expectOrder(node)
        }
    }

    /// The calls of the example are before the other rule of INPUT, and behind that of FORWARD.
    private static func expectOrder(_ node: Node) throws {
        let rules = try node.rules()
        let input = rules.filter { $0.hasPrefix("*filter -A INPUT ") }
        let forward = rules.filter { $0.hasPrefix("*filter -A FORWARD ") }
        #expect(input.map { $0.hasSuffix("-j ACCEPT") } == [false, true])
        #expect(forward.map { $0.hasSuffix("-j ACCEPT") } == [true, false])
    }

    @Test(arguments: AddressFamily.allCases)
    func chainsThatAreNoLongerWantedAreGone(_ family: AddressFamily) throws {
        try Self.onNode("gone", family) { node, device in
            try Self.install(.example(family), on: device)
            try Self.install(.changed(family), on: device)
            let chains = try node.rules().filter { $0.contains(":FAIRLEAD-") }
            #expect(chains.count == 2, "\(chains)")
            try Self.install(PacketFilter(family: family, chains: [], jumps: []), on: device)
            #expect(try node.rules().allSatisfy { !$0.contains("FAIRLEAD-") })
        }
    }

    @Test(arguments: AddressFamily.allCases)
    func aRuleOfOursThatSomebodyDeletedIsMissed(_ family: AddressFamily) throws {
        try Self.onNode("deleted", family) { node, device in
            let filter = PacketFilter.example(family)
            for deletion in [
                ["-t", "mangle", "-D", "FAIRLEAD-INSIDE", "1"],
                ["-t", "nat", "-F", "FAIRLEAD-MASQUERADE"],
                ["-t", "filter", "-D", "INPUT", "1"],
                ["-t", "filter", "-I", "FAIRLEAD-FILTER", "-j", "ACCEPT"],
            ] {
                try Self.install(filter, on: device)
                // Another process, as after a restart.
                let restarted = try node.open()
                #expect(try restarted.observe().filters[family] == filter)
                try node.run("", deletion)
                #expect(try device.observe().filters[family] == nil)
                #expect(try restarted.observe().filters[family] == nil)
            }
            try Self.install(filter, on: device)
        }
    }

    @Test(arguments: AddressFamily.allCases)
    func aFilterThatIsRefusedInItsLastTableLeavesAllAsItWas(_ family: AddressFamily) throws {
        try Self.onNode("refused", family) { node, device in
            let old = PacketFilter.example(family)
            try Self.install(old, on: device)
            let before = try node.rules()
            let new = PacketFilter.changed(family)
            let broken = PacketFilter.Chain(
                .filter,
                "FAIRLEAD-BROKEN",
                [PacketFilter.Rule([], .call("FAIRLEAD-NOWHERE"))]
            )
            let refused = PacketFilter(
                family: family,
                chains: new.chains + [broken],
                jumps: new.jumps
            )
            let failures = device.apply([.installFilter(refused)])
            let error = try #require(failures.first).error
            #expect(error.kernelMessage?.contains("FAIRLEAD-NOWHERE") == true, "\(error)")
            #expect(try device.observe().filters[family] == old)
            #expect(try node.rules() == before)
        }
    }

    @Test(arguments: AddressFamily.allCases)
    func programsFollowTheRulesThatOthersHave(_ family: AddressFamily) throws {
        try bareNode("variant-\(family)").perform {
            let name = family == .ipv4 ? "iptables-legacy-restore" : "ip6tables-legacy-restore"
            try Command.run(
                name,
                input: "*mangle\n:KUBE-KUBELET-CANARY - [0:0]\n-A OUTPUT -j ACCEPT\nCOMMIT\n"
            )
            #expect(FilterPrograms.candidates(family).map(\.variant) == [.legacy, .nft])
        }
    }
}
