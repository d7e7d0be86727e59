package import Addressing
package import DataplaneModel

extension PacketFilter {
    /// A filter that has every match, negated where it can be, every action and every hook.
    package static func example(_ family: AddressFamily) -> PacketFilter {
        func set(_ role: AddressSet.Role) -> AddressSet { AddressSet(role, family) }
        let pods = IPPrefix(
            holding: family == .ipv4
                ? .ipv4(0x0af4_0000) : .ipv6(high: 0xfd00_0244_0000_0000, low: 0),
            length: family == .ipv4 ? 16 : 64
        )
        let isNew = Match.isNew
        let mark = Chain(
            .mangle,
            "FAIRLEAD-MARK",
            [
                Rule(
                    [
                        .member(of: set(.limited)), isNew,
                        .not(.member(of: set(.allowed))),
                    ],
                    .drop
                ),
                Rule([.source(pods)], .takeMark(from: set(.inside))),
                Rule([.sourceIsLocal], .takeMark(from: set(.inside))),
                Rule([.inputInterface("cni+")], .call("FAIRLEAD-INSIDE")),
                Rule([.not(.inputInterface("lo")), .not(.source(pods))], .leave),
            ]
        )
        let inside = Chain(
            .mangle,
            "FAIRLEAD-INSIDE",
            [
                Rule([], .setMark(0x4000, mask: 0x4000)),
                Rule([.not(.mark(0, mask: .max))], .setMark(0, mask: .max)),
            ]
        )
        let masquerade = Chain(
            .nat,
            "FAIRLEAD-MASQUERADE",
            [
                Rule([.mark(0x1000, mask: 0xffff_f000), .sourceIsLocal], .masquerade),
                Rule([.member(of: set(.hairpin))], .masquerade),
                Rule([.not(.sourceIsLocal), .destinationIsLocal, .isNew], .masquerade),
                Rule([.not(.destinationIsLocal)], .accept),
            ]
        )
        let filter = Chain(
            .filter,
            "FAIRLEAD-FILTER",
            [
                Rule([.isEstablished], .accept),
                Rule([.not(.isEstablished), .not(.isNew)], .drop),
                Rule([.transport(.tcp), .member(of: set(.health))], .accept),
                Rule([.transport(.sctp), .member(of: set(.reject))], .reject),
                Rule([.not(.transport(.udp)), .sourceIsLocal], .accept),
                Rule([.isICMP], .accept),
                Rule([.not(.isICMP), isNew, .member(of: set(.addresses))], .reject),
            ]
        )
        return PacketFilter(
            family: family,
            chains: [inside, mark, masquerade, filter],
            jumps: [
                Jump(.mangle, .prerouting, to: "FAIRLEAD-MARK"),
                Jump(.mangle, .output, to: "FAIRLEAD-MARK"),
                Jump(.nat, .postrouting, to: "FAIRLEAD-MASQUERADE"),
                Jump(.filter, .input, to: "FAIRLEAD-FILTER"),
                Jump(.filter, .forward, to: "FAIRLEAD-FILTER", isFirst: false),
            ]
        )
    }

    /// A filter that keeps a chain of the example with other rules, and has one of its own; it looks
    /// into one set only.
    package static func changed(_ family: AddressFamily) -> PacketFilter {
        let cluster = AddressSet(.cluster, family)
        return PacketFilter(
            family: family,
            chains: [
                Chain(
                    .mangle,
                    "FAIRLEAD-MARK",
                    [Rule([.member(of: cluster)], .setMark(1, mask: 1))]
                ),
                Chain(.nat, "FAIRLEAD-OTHER", [Rule([.mark(1, mask: 1)], .masquerade)]),
            ],
            jumps: [
                Jump(.mangle, .prerouting, to: "FAIRLEAD-MARK"),
                Jump(.nat, .postrouting, to: "FAIRLEAD-OTHER", isFirst: false),
            ]
        )
    }
}
