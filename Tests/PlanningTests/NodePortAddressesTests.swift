import Addressing
import Planning
import Testing

@Suite struct NodePortAddressesTests {
    struct Example: CustomTestStringConvertible {
        let name: String
        var choice = NodePortAddresses.all
        var candidates = [
            "192.0.2.10", "10.0.0.5", "127.0.0.1", "169.254.20.10", "2001:db8::10", "fd00::5",
            "::1", "fe80::1", "ff02::1", "224.0.0.1", "0.0.0.0",
        ]
        var node: [String] = []
        var sources: (ipv4: String?, ipv6: String?) = (nil, nil)
        let chosen: [String]

        var testDescription: String { name }
    }

    static let examples: [Example] = {
        func within(_ prefixes: String...) -> NodePortAddresses {
            .within(prefixes.compactMap { try? IPPrefix($0) })
        }
        return [
            Example(
                name: "all that others can reach",
                chosen: ["10.0.0.5", "192.0.2.10", "2001:db8::10", "fd00::5"]
            ),
            Example(name: "a node without addresses", candidates: [], chosen: []),
            Example(name: "loopback alone", candidates: ["127.0.0.1", "::1"], chosen: []),
            Example(
                name: "within one range",
                choice: within("192.0.2.0/24"),
                chosen: ["192.0.2.10"]
            ),
            Example(
                name: "within ranges of both families",
                choice: within("fd00::/8", "10.0.0.0/8", "192.0.2.0/25"),
                chosen: ["10.0.0.5", "192.0.2.10", "fd00::5"]
            ),
            Example(
                name: "within everything of one family, loopback and link-local apart",
                choice: within("0.0.0.0/0"),
                chosen: ["10.0.0.5", "192.0.2.10"]
            ),
            Example(name: "within loopback", choice: within("127.0.0.0/8"), chosen: []),
            Example(name: "within nothing", choice: .within([]), chosen: []),
            Example(
                name: "primary: the Node's first of each family",
                choice: .primary,
                node: ["192.0.2.10", "10.0.0.5", "fd00::5", "2001:db8::10"],
                sources: ("10.0.0.5", "2001:db8::10"),
                chosen: ["192.0.2.10", "fd00::5"]
            ),
            Example(
                name: "primary: an address of the Node that it does not have is passed over",
                choice: .primary,
                node: ["198.51.100.1", "10.0.0.5"],
                chosen: ["10.0.0.5"]
            ),
            Example(
                name: "primary: without a Node, what its own packets have",
                choice: .primary,
                sources: ("10.0.0.5", "2001:db8::10"),
                chosen: ["10.0.0.5", "2001:db8::10"]
            ),
            Example(
                name: "primary: each family falls back on its own",
                choice: .primary,
                node: ["192.0.2.10"],
                sources: ("10.0.0.5", "2001:db8::10"),
                chosen: ["192.0.2.10", "2001:db8::10"]
            ),
            Example(
                name: "primary: a source that the node does not have serves nothing",
                choice: .primary,
                sources: ("198.51.100.1", nil),
                chosen: []
            ),
        ]
    }()

    @Test(arguments: examples)
    func chooses(_ example: Example) throws {
        let chosen = example.choice.choose(
            among: Set(try example.candidates.map { try IPAddress($0) }),
            node: try example.node.map { try IPAddress($0) },
            sources: PreferredSources(
                ipv4: try example.sources.ipv4.map { try IPAddress($0) },
                ipv6: try example.sources.ipv6.map { try IPAddress($0) }
            )
        )
        #expect(chosen.map(\.description) == example.chosen)
    }
}
