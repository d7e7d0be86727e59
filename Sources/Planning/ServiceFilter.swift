package import Addressing
package import DataplaneModel

/// What the packet filter's rules for Services depend on.
package struct FilterPolicy: Hashable, Sendable {
    package var detection: PodDetection
    /// A single bit: packets with it are masqueraded.
    package var masqueradeMark: UInt32
    package var marks: MarkRange
    /// What balances the connections that the rules let through.
    package var mode: DataplaneMode

    package init(
        detection: PodDetection = .none,
        masqueradeMark: UInt32 = 0x4000,
        marks: MarkRange = MarkRange(base: 0x1000, bits: 12),
        mode: DataplaneMode = .ipvs
    ) {
        self.detection = detection
        self.masqueradeMark = masqueradeMark
        self.marks = marks
        self.mode = mode
    }
}

extension PacketFilter {
    private typealias Role = AddressSet.Role

    private static let mark = "FAIRLEAD-MARK"
    private static let inside = "FAIRLEAD-INSIDE"
    private static let guarding = "FAIRLEAD-GUARD"
    private static let outside = "FAIRLEAD-OUTSIDE"
    private static let services = "FAIRLEAD-SERVICES"
    private static let outsiders = "FAIRLEAD-OUTSIDERS"
    private static let postrouting = "FAIRLEAD-POSTROUTING"
    private static let masquerade = "FAIRLEAD-MASQUERADE"
    private static let frontends = "FAIRLEAD-FRONTENDS"
    private static let input = "FAIRLEAD-INPUT"
    private static let refusal = "FAIRLEAD-REJECT"
    private static let forward = "FAIRLEAD-FORWARD"

    /// The rules that Services need beside IPVS, for one family.
    ///
    /// IPVS takes a packet in after the filter of INPUT, and a packet of the node itself before that
    /// of OUTPUT. So what must not reach it is dropped in mangle, and what is to be refused is not
    /// there as a virtual server. Without IPVS the destination is rewritten in nat instead, by chains
    /// that others fill. The tables change one after the other: but for the rules that call those
    /// chains, nothing on the way of a new connection differs, so that none fails meanwhile.
    package static func services(_ family: AddressFamily, _ policy: FilterPolicy) -> PacketFilter {
        PacketFilter(
            family: family,
            chains: mangleChains(family, policy) + natChains(family, policy)
                + filterChains(family, policy),
            jumps: [
                // First, so that nobody's acceptance leads past it.
                Jump(.mangle, .prerouting, to: guarding),
                Jump(.mangle, .output, to: guarding),
                // Last, so that the mark is as we leave it when IPVS compares it as a whole.
                Jump(.mangle, .prerouting, to: mark, isFirst: false),
                Jump(.mangle, .output, to: mark, isFirst: false),
                Jump(.nat, .prerouting, to: services),
                Jump(.nat, .output, to: services),
                Jump(.nat, .postrouting, to: postrouting),
                Jump(.filter, .input, to: input),
                Jump(.filter, .output, to: refusal),
                Jump(.filter, .forward, to: forward),
            ]
        )
    }

    private static func member(_ role: Role, _ family: AddressFamily) -> Match {
        .member(of: AddressSet(role, family))
    }

    private static func mangleChains(_ family: AddressFamily, _ policy: FilterPolicy) -> [Chain] {
        let isInside = policy.detection.matches(family) + [.sourceIsLocal]
        let take = Action.takeMark(from: AddressSet(.inside, family))
        return [
            Chain(.mangle, inside, isInside.map { Rule([$0], take) }),
            Chain(.mangle, mark, [Rule([member(.inside, family)], .call(inside))]),
            Chain(
                .mangle,
                outside,
                [Rule([.not(member(.inside, family))], .drop)] + isInside.map { Rule([$0], .leave) }
                    + [Rule([], .drop)]
            ),
            Chain(
                .mangle,
                guarding,
                [
                    Rule(
                        [member(.limited, family), .isNew, .not(member(.allowed, family))],
                        .drop
                    ),
                    Rule([member(.drop, family), .isNew], .call(outside)),
                ]
            ),
        ]
    }

    /// Frontends that lead to somebody, at least for some.
    private static let balanced: [Role] = [.cluster, .external, .local, .inside]

    private static func natChains(_ family: AddressFamily, _ policy: FilterPolicy) -> [Chain] {
        let bit = policy.masqueradeMark
        let mark = Action.setMark(bit, mask: bit)
        let pods = policy.detection.matches(family)
        let balancing =
            policy.mode == .ipvs
            ? [] : [Chain(.nat, frontends, [Rule([], .balance), Rule([], .accept)])]
        return balancing + [
            Chain(
                .nat,
                outsiders,
                // Where no pod is known, everybody but the node might be one.
                pods.isEmpty
                    ? [Rule([.sourceIsLocal], mark)]
                    : pods.map { Rule([$0], .leave) } + [Rule([], mark)]
            ),
            Chain(
                .nat,
                services,
                [
                    Rule([member(.external, family)], mark),
                    Rule([member(.cluster, family)], .call(outsiders)),
                ]
                    // Nobody else is to rewrite the destination of these, such as rules for ports of
                    // the host that hold for any local address.
                    + balanced.map {
                        Rule(
                            [member($0, family)],
                            policy.mode == .ipvs ? .accept : .call(frontends)
                        )
                    }
            ),
            Chain(.nat, masquerade, [Rule([], .setMark(0, mask: bit)), Rule([], .masquerade)]),
            Chain(
                .nat,
                postrouting,
                [
                    Rule([.mark(bit, mask: bit)], .call(masquerade)),
                    Rule(
                        [.mark(policy.marks.base, mask: policy.marks.mask), .sourceIsLocal],
                        .masquerade
                    ),
                    Rule([member(.hairpin, family)], .masquerade),
                ]
            ),
        ]
    }

    private static func filterChains(
        _ family: AddressFamily,
        _ policy: FilterPolicy
    ) -> [Chain] {
        [
            Chain(
                .filter,
                input,
                [
                    Rule(
                        [.transport(.tcp), member(.health, family), .destinationIsLocal],
                        .accept
                    )
                ]
                    + balanced.map { Rule([member($0, family)], .leave) }
                    + [Rule([], .call(refusal))]
            ),
            Chain(
                .filter,
                refusal,
                [
                    Rule([member(.reject, family), .isNew], .reject),
                    // The address answers a ping, but a port of the node is not reached through it.
                    Rule([member(.addresses, family), .isNew, .not(.isICMP)], .reject),
                ]
            ),
            // Answers pass through FORWARD, which other programs close by default.
            Chain(.filter, forward, forwardRules(policy)),
        ]
    }

    private static func forwardRules(_ policy: FilterPolicy) -> [Rule] {
        let bit = policy.masqueradeMark
        // What connection tracking takes for none of its own is not translated back: it would reach
        // the client from an endpoint's address, and the client would reset the connection.
        let strays = policy.mode == .iptables ? [Rule([.isInvalid], .drop)] : []
        return strays + [
            Rule([.mark(bit, mask: bit)], .accept),
            Rule([.isEstablished], .accept),
        ]
    }
}
