import Addressing
import DataplaneModel
import FoundationEssentials
import Planning
import Testing

@Suite struct ServiceFilterTests {
    struct Example: CustomTestStringConvertible {
        let name: String
        let detection: PodDetection

        var testDescription: String { name }
    }

    static let examples: [Example] = {
        let prefixes = ["10.244.0.0/24", "10.245.0.0/16", "fd00:244::/64"]
        return [
            Example(name: "none", detection: .none),
            Example(
                name: "sources",
                detection: .sources(prefixes.compactMap { try? IPPrefix($0) })
            ),
            Example(name: "interface", detection: .interface("cali+")),
        ]
    }()

    /// A table after the other, as `iptables-save` has them, with the calls of ours before the rules.
    private static func text(of filter: PacketFilter) -> String {
        var lines: [String] = []
        for table in PacketFilter.Table.allCases {
            lines.append("*\(table)")
            for jump in filter.jumps where jump.table == table {
                lines.append("\(jump.isFirst ? "-I" : "-A") \(jump.text)")
            }
            for chain in filter.chains where chain.table == table {
                lines += chain.rules.map { $0.text(in: chain.name, filter.family) }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A file below `Fixtures/filter`.
    private static func golden(_ name: String, testFile: String = #filePath) throws -> String {
        let tests = testFile.split(separator: "/").dropLast(2).joined(separator: "/")
        let data = try #require(
            FileManager.default.contents(atPath: "/\(tests)/Fixtures/filter/\(name)"),
            "no \(name)"
        )
        return String(decoding: data, as: UTF8.self)
    }

    private static func lines(_ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private static func filter(
        _ example: Example,
        _ family: AddressFamily,
        _ mode: DataplaneMode
    ) -> PacketFilter {
        .services(family, FilterPolicy(detection: example.detection, mode: mode))
    }

    @Test(arguments: examples, AddressFamily.allCases)
    func writesTheseRules(_ example: Example, _ family: AddressFamily) throws {
        for (mode, prefix) in [(DataplaneMode.ipvs, ""), (.iptables, "iptables-")] {
            let filter = Self.filter(example, family, mode)
            let name = "\(prefix)\(example.name)-\(family == .ipv4 ? "ipv4" : "ipv6").rules"
            #expect(Self.lines(Self.text(of: filter)) == Self.lines(try Self.golden(name)))
        }
    }

    @Test(arguments: DataplaneMode.allCases)
    func usesTheBitAndTheMarksThatItIsGiven(_ mode: DataplaneMode) {
        let policy = FilterPolicy(
            detection: .none,
            masqueradeMark: 0x8000,
            marks: MarkRange(base: 0x2_0000, bits: 8),
            mode: mode
        )
        let text = Self.text(of: .services(.ipv4, policy))
        #expect(text.contains("-j MARK --set-xmark 0x8000/0x8000"))
        #expect(text.contains("-j MARK --set-xmark 0x0/0x8000"))
        #expect(text.contains("--mark 0x8000/0x8000"))
        #expect(text.contains("--mark 0x20000/0xffffff00"))
        #expect(!text.contains("0x4000") && !text.contains("0x1000/"))
    }

    @Test(arguments: examples, AddressFamily.allCases)
    func callsOnlyChainsThatItHas(_ example: Example, _ family: AddressFamily) {
        for mode in DataplaneMode.allCases {
            Self.expectItHasWhatItCalls(Self.filter(example, family, mode))
        }
    }

    private static func expectItHasWhatItCalls(_ filter: PacketFilter) {
        let names = filter.chains.map { "\($0.table) \($0.name)" }
        #expect(Set(names).count == names.count, "a chain is there once")
        for jump in filter.jumps { #expect(names.contains("\(jump.table) \(jump.chain)")) }
        for chain in filter.chains {
            // The kernel's limit is 28 characters.
            #expect(chain.name.hasPrefix("FAIRLEAD-") && chain.name.count <= 28)
            for case .call(let other) in chain.rules.map(\.action) {
                #expect(names.contains("\(chain.table) \(other)"))
            }
        }
    }

    @Test(arguments: AddressFamily.allCases, DataplaneMode.allCases)
    func looksIntoEverySetOfItsFamilyAndNoOther(
        _ family: AddressFamily,
        _ mode: DataplaneMode
    ) {
        let sets = PacketFilter.services(family, FilterPolicy(mode: mode)).sets
        #expect(sets == Set(AddressSet.Role.allCases.map { AddressSet($0, family) }))
        for set in AddressSet.all { #expect(set.name.count <= 31) }
        #expect(Set(AddressSet.all.map(\.name)).count == AddressSet.all.count)
        for set in AddressSet.all { #expect(AddressSet(name: set.name) == set) }
    }

    /// Another filter by a single rule must not pass for the same.
    @Test func isTheSameOnlyWithTheSamePolicy() {
        var seen: Set<String> = []
        for family in AddressFamily.allCases {
            for detection in Self.examples.map(\.detection) + [.interface("cali0")] {
                for mark in [0x4000, 0x8000] as [UInt32] {
                    for mode in DataplaneMode.allCases {
                        let policy = FilterPolicy(
                            detection: detection,
                            masqueradeMark: mark,
                            mode: mode
                        )
                        let filter = PacketFilter.services(family, policy)
                        #expect(seen.insert(filter.fingerprint).inserted)
                        let found = PacketFilter(
                            family: family,
                            fingerprint: filter.fingerprint
                        )
                        #expect(found == filter)
                    }
                }
            }
        }
        #expect(seen.allSatisfy { $0.count == 16 })
    }
}
